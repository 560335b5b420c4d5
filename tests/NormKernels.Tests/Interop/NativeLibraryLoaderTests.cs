using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

/// <summary>
/// Libraries that are not there or do not fit: one exception that lists every place, says why the file there does not do,
/// and what to do. The same for the library of the CPU and for that of CUDA.
/// </summary>
[TestClass]
public sealed class NativeLibraryLoaderTests
{
    private static readonly string Elsewhere = (RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? Architecture.X64
        : Architecture.Arm64).ToString();

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_missing_library_is_reported_with_every_place(bool cuda)
    {
        using StubLibrary stub = new($"nk_missing_{cuda}");
        DllNotFoundException e = Refused(stub, cuda);
        string[] places = [.. NativeLibraryLoader.Candidates(stub.Name)];
        Assert.IsGreaterThan(1, places.Length);
        CollectionAssert.AllItemsAreUnique(places);
        foreach (string place in places)
        {
            Assert.Contains($"{place}: not there", e.Message);
        }

        Assert.Contains("was not found for " + RuntimeInformation.RuntimeIdentifier, e.Message);
        Assert.Contains("./build.sh build", e.Message);
        Assert.Contains(cuda ? "The package NormKernels.Cuda " : "The package NormKernels ", e.Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_file_that_is_no_library_is_reported(bool cuda)
    {
        using StubLibrary stub = new StubLibrary($"nk_text_{cuda}").Write(Encoding.UTF8.GetBytes("not a library"));
        Assert.Contains($"{stub.Path}: is no shared library", Refused(stub, cuda).Message);
        stub.Write([]);
        Assert.Contains($"{stub.Path}: is no shared library: it is empty", Refused(stub, cuda).Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_library_for_another_processor_is_reported(bool cuda)
    {
        byte[] bytes = File.ReadAllBytes(CpuBackend.LibraryPath);
        if (!bytes.AsSpan().StartsWith("\x7f"u8))
        {
            Assert.Inconclusive("The library of this system is no ELF file.");
        }

        bytes[18] = (byte)(Elsewhere == nameof(Architecture.Arm64) ? 183 : 62);
        using StubLibrary stub = new StubLibrary($"nk_elsewhere_{cuda}").Write(bytes);
        DllNotFoundException e = Refused(stub, cuda);
        Assert.Contains(
            $"{stub.Path}: is ELF for {Elsewhere}, this process needs ELF for {RuntimeInformation.ProcessArchitecture}",
            e.Message);
        Assert.Contains("none that can be loaded", e.Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_library_that_ends_too_soon_is_reported(bool cuda)
    {
        // The system's own loader ends the process at some of these.
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("Only ELF files are asked for their end.");
        }

        byte[] bytes = File.ReadAllBytes(CpuBackend.LibraryPath);
        using StubLibrary stub = new($"nk_short_{cuda}");
        foreach (int length in (int[])[64, 5000, bytes.Length / 2, bytes.Length - 1])
        {
            stub.Write(bytes[..length]);
            Assert.Contains($"{stub.Path}: is cut short: {length} bytes of ", Refused(stub, cuda).Message);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Another_abi_version_is_reported(bool cuda)
    {
        string function = cuda ? nameof(NkCuda.nk_cuda_abi_version) : nameof(NkRuntime.nk_abi_version);
        int other = NkRuntime.NK_ABI_VERSION + 41;
        using StubLibrary stub = new StubLibrary($"nk_version_{cuda}").Compile($"int {function}(void) {{ return {other}; }}");
        Assert.Contains(
            $"{stub.Path}: has ABI version {other}, this assembly needs {NkRuntime.NK_ABI_VERSION}",
            Refused(stub, cuda).Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Another_library_is_reported(bool cuda)
    {
        using StubLibrary stub = new StubLibrary($"nk_other_{cuda}").Compile("int f(void) { return 1; }");
        Assert.Contains($"{stub.Path}: is another library: it has no nk_", Refused(stub, cuda).Message);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_library_for_musl_is_reported(bool cuda)
    {
        RequireGlibc();
        using StubLibrary stub = new StubLibrary($"nk_musl_{cuda}").Compile("", "libc.musl-x86_64.so.1");
        string line = Line(stub, cuda);
        Assert.Contains("libc.musl-x86_64.so.1: cannot open shared object file", line);
        Assert.Contains("(it was built for musl, this system has glibc)", line);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_library_for_a_newer_glibc_is_reported(bool cuda)
    {
        RequireGlibc();
        using StubLibrary stub = new StubLibrary($"nk_newer_{cuda}").Compile("", "libc.so.6", "GLIBC_2.99");
        string line = Line(stub, cuda);
        Assert.Contains("GLIBC_2.99", line);
        Assert.Contains("(it was built for a newer glibc than this system has)", line);
    }

    [TestMethod]
    public void A_file_that_does_not_do_is_passed_over_for_one_that_does()
    {
        const string Name = "nk_second";
        using StubLibrary stub = new StubLibrary(Name).Write(Encoding.UTF8.GetBytes("not a library"));
        string second = NativeLibraryLoader.Candidates(Name).ElementAt(1);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(second)!);
        File.Copy(CpuBackend.LibraryPath, second, overwrite: true);
        try
        {
            (nint handle, string path) = NativeLibraryLoader.Load(Name);
            NativeLibrary.Free(handle);
            Assert.AreEqual(second, path);
        }
        finally
        {
            File.Delete(second);
        }
    }

    [TestMethod]
    public void Places_are_named_as_packages_name_them()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string[] Of(string runtime) => [.. NativeLibraryLoader.Platforms(runtime)];
        CollectionAssert.AreEqual(new[] { $"{system}-x64" }, Of($"{system}-x64"));
        // What builds of distributions call themselves, and what a library of ours also fits.
        CollectionAssert.AreEqual(new[] { "ubuntu.24.04-x64", $"{system}-x64" }, Of("ubuntu.24.04-x64"));
        CollectionAssert.AreEqual(new[] { "linux-musl-arm64", $"{system}-arm64" }, Of("linux-musl-arm64"));
    }

    private static DllNotFoundException Refused(StubLibrary stub, bool cuda)
    {
        DllNotFoundException e = Assert.ThrowsExactly<DllNotFoundException>(
            () => cuda ? CudaLibraryLoader.Load(stub.Name) : NativeLibraryLoader.Load(stub.Name));
        Assert.IsNull(e.InnerException);
        return e;
    }

    // What is said of the file of the stub.
    private static string Line(StubLibrary stub, bool cuda) =>
        Refused(stub, cuda).Message.Split(Environment.NewLine).Single(line => line.Contains(stub.Path, StringComparison.Ordinal));

    private static void RequireGlibc()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal))
        {
            Assert.Inconclusive("This system does not have glibc.");
        }
    }
}
