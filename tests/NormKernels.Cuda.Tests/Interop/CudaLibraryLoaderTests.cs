using System;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda.Tests.Interop;

/// <summary>What is looked for and what is said where it is missing. Needs no library.</summary>
[TestClass]
public sealed class CudaLibraryLoaderTests
{
    [TestMethod]
    public void A_missing_library_is_reported_with_every_place()
    {
        const string Name = "normkernels_nowhere";
        DllNotFoundException e = Assert.ThrowsExactly<DllNotFoundException>(() => CudaLibraryLoader.Load(Name));
        string[] places = [.. NativeLibraryLoader.Candidates(Name)];
        Assert.IsGreaterThan(1, places.Length);
        foreach (string place in places)
        {
            StringAssert.Contains(e.Message, $"{place}: not there", StringComparison.Ordinal);
        }

        StringAssert.Contains(e.Message, "The CUDA library of NormKernels was not found", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_file_that_is_no_library_is_reported()
    {
        const string Name = "normkernels_broken";
        string path = NativeLibraryLoader.Candidates(Name).First();
        File.WriteAllText(path, "not a library");
        try
        {
            DllNotFoundException e = Assert.ThrowsExactly<DllNotFoundException>(() => CudaLibraryLoader.Load(Name));
            StringAssert.Contains(e.Message, path, StringComparison.Ordinal);
            Assert.IsFalse(e.Message.Contains($"{path}: not there", StringComparison.Ordinal), e.Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void Another_library_does_not_do()
    {
        // That of the CPU is there, and is none for devices.
        DllNotFoundException e = Assert.ThrowsExactly<DllNotFoundException>(
            () => CudaLibraryLoader.Load(NativeLibraryLoader.Name));
        StringAssert.Contains(e.Message, nameof(NkCuda.nk_cuda_abi_version), StringComparison.Ordinal);
    }

    [TestMethod]
    public void The_environment_chooses_before_the_program()
    {
        Assert.AreEqual(CudaLibraryLoader.Name, CudaLibraryLoader.NameFor(null, null));
        Assert.AreEqual(CudaLibraryLoader.Name, CudaLibraryLoader.NameFor(string.Empty, null));
        Assert.AreEqual(CudaLibraryLoader.EmulationName, CudaLibraryLoader.NameFor("emu", null));
        Assert.AreEqual(CudaLibraryLoader.EmulationName, CudaLibraryLoader.NameFor(null, "emu"));
        Assert.AreEqual(CudaLibraryLoader.Name, CudaLibraryLoader.NameFor("cuda", "emu"));
    }

    [TestMethod]
    public void An_unknown_choice_is_refused()
    {
        InvalidOperationException e = Assert.ThrowsExactly<InvalidOperationException>(
            () => CudaLibraryLoader.NameFor("gpu", null));
        StringAssert.Contains(e.Message, CudaLibraryLoader.Variable, StringComparison.Ordinal);
        StringAssert.Contains(e.Message, "'gpu'", StringComparison.Ordinal);
        Assert.ThrowsExactly<InvalidOperationException>(() => CudaLibraryLoader.NameFor(null, 5));
    }
}
