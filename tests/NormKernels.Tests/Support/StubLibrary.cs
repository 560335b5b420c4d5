using System;
using System.Diagnostics;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;

namespace NormKernels.Tests.Support;

/// <summary>A file where the first place is that a library of some name is looked for; gone when the test ends.</summary>
internal sealed class StubLibrary : IDisposable
{
    /// <param name="name">The name, without lib and the ending; one for each test.</param>
    public StubLibrary(string name)
    {
        Name = name;
        Path = NativeLibraryLoader.Candidates(name).First();
        File.Delete(Path);
    }

    public string Name { get; }

    public string Path { get; }

    public StubLibrary Write(byte[] bytes)
    {
        File.WriteAllBytes(Path, bytes);
        return this;
    }

    /// <summary>Compiles C into the library.</summary>
    /// <param name="source">The source.</param>
    /// <param name="neededName">The name of another library that it cannot be loaded without, or null.</param>
    /// <param name="neededVersion">A version of that library's symbols, such as GLIBC_2.99, or null.</param>
    public StubLibrary Compile(string source, string? neededName = null, string? neededVersion = null)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("Libraries are compiled for this test on Linux only.");
        }

        string folder = Directory.CreateTempSubdirectory("normkernels-").FullName;
        try
        {
            if (neededName is null)
            {
                Run(folder, source, "-o", Path);
                return this;
            }

            string[] version = [];
            if (neededVersion is not null)
            {
                File.WriteAllText(System.IO.Path.Combine(folder, "version.map"), $"{neededVersion} {{ global: *; }};\n");
                version = ["-Wl,--version-script=version.map"];
            }

            Run(folder, "int needed(void) { return 1; }", ["-o", "needed.so", $"-Wl,-soname,{neededName}", .. version]);
            Run(folder, $"int needed(void);\nint use(void) {{ return needed(); }}\n{source}", "needed.so", "-o", Path);
            return this;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public void Dispose() => File.Delete(Path);

    private static void Run(string folder, string source, params string[] arguments)
    {
        File.WriteAllText(System.IO.Path.Combine(folder, "stub.c"), source);
        string compiler = Environment.GetEnvironmentVariable("CC") is { Length: > 0 } cc ? cc : "cc";
        ProcessStartInfo start = new(compiler, ["-shared", "-fPIC", "-nostdlib", "stub.c", .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
        };
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.Inconclusive($"This test needs a C compiler: {e.Message}");
        }

        using (process)
        {
            string errors = process!.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, errors);
        }
    }
}
