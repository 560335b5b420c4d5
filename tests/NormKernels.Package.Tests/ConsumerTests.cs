using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Package.Tests;

/// <summary>The packages in programs of users, each published in another way and run.</summary>
[TestClass]
public sealed class ConsumerTests
{
    // What the examples of the READMEs print.
    private const string Examples = "0.3651 4.2667 -1.3416\n0.64 of model.norm.weight\n0.7071 0.7071\n-1.3416\n";

    private static readonly string Library = OperatingSystem.IsWindows() ? "libnormkernels.dll"
        : OperatingSystem.IsMacOS() ? "libnormkernels.dylib"
        : "libnormkernels.so";

    private static readonly EnumerationOptions AnyCase = new() { MatchCasing = MatchCasing.CaseInsensitive };

    [TestMethod]
    public void A_framework_dependent_program_runs_and_says_what_is_wrong_with_its_library()
    {
        using Consumer consumer = new();
        Assert.IsTrue(consumer.Publish(out string reason), reason);
        string library = Path.Combine(consumer.Output, "runtimes", Settings.Platform, "native", Library);
        AssertRuns(consumer, library);
        AssertRestoredFromTheFeed();

        byte[] bytes = File.ReadAllBytes(library);
        File.Delete(library);
        AssertRefused(consumer, $"{library}: not there");
        File.WriteAllText(library, "not a library");
        AssertRefused(consumer, $"{library}: is no shared library");
        if (bytes.AsSpan().StartsWith("\x7f"u8))
        {
            bool arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
            bytes[18] = (byte)(arm ? 62 : 183);
            File.WriteAllBytes(library, bytes);
            AssertRefused(consumer, $"{library}: is ELF for {(arm ? Architecture.X64 : Architecture.Arm64)}");
        }
    }

    [TestMethod]
    public void A_single_file_that_holds_the_library_runs()
    {
        using Consumer consumer = new();
        Assert.IsTrue(
            consumer.Publish(
                out string reason, "-r", Settings.Platform, "--self-contained", "-p:PublishSingleFile=true",
                "-p:IncludeNativeLibrariesForSelfExtract=true"),
            reason);
        Assert.IsEmpty(Directory.EnumerateFiles(consumer.Output, $"{Library}*"));
        AssertRuns(consumer, library: null);
    }

    [TestMethod]
    public void A_trimmed_single_file_runs_with_the_library_beside_it()
    {
        using Consumer consumer = new();
        Assert.IsTrue(
            consumer.Publish(
                out string reason, "-r", Settings.Platform, "--self-contained", "-p:PublishTrimmed=true",
                "-p:PublishSingleFile=true"),
            reason);
        AssertRuns(consumer, Path.Combine(consumer.Output, Library));
    }

    [TestMethod]
    public void A_program_compiled_ahead_of_time_runs()
    {
        using Consumer consumer = new();
        if (!consumer.Publish(out string reason, "-r", Settings.Platform, "-p:PublishAot=true"))
        {
            Assert.Inconclusive(
                $"NativeAOT is not to be had here: {reason} The analyzers have found nothing in the other programs.");
        }

        AssertRuns(consumer, Path.Combine(consumer.Output, Library));
    }

    private static void AssertRuns(Consumer consumer, string? library)
    {
        (int code, string text) = consumer.Run();
        Assert.AreEqual(0, code, text);
        Assert.StartsWith($"{Examples}library: {library}", text);
        Assert.EndsWith("\ncuda: LibraryMissing\n", text);
        if (consumer.AddEmulation())
        {
            // The calls of NormKernels.Cuda, which need no GPU for it.
            (code, text) = consumer.Run("emu");
            Assert.AreEqual(0, code, text);
            Assert.EndsWith("\ncuda: Available\n0.3651\n", text);
        }
    }

    private static void AssertRefused(Consumer consumer, string expected)
    {
        (int code, string text) = consumer.Run();
        Assert.AreEqual(3, code, text);
        Assert.StartsWith($"{typeof(DllNotFoundException).FullName}, within it nothing: ", text);
        Assert.Contains(expected, text);
        Assert.Contains($"{Path.Combine(consumer.Output, Library)}: not there", text);
        Assert.Contains($" for {RuntimeInformation.RuntimeIdentifier} (", text);
        Assert.Contains("The package NormKernels brings it for the platforms", text);
    }

    // A package of the same name and version elsewhere would pass unseen.
    private static void AssertRestoredFromTheFeed()
    {
        string[] feed = [.. Directory.EnumerateFiles(Settings.Feed, "*.nupkg")];
        Assert.HasCount(5, feed);
        foreach (string package in feed)
        {
            string id = Path.GetFileName(package).Replace($".{Settings.Version}.nupkg", "", StringComparison.Ordinal);
            string folder = Directory.EnumerateDirectories(Settings.PackageFolder, id, AnyCase).Single();
            string restored = Directory.EnumerateFiles(
                Path.Combine(folder, Settings.Version), Path.GetFileName(package), AnyCase).Single();
            CollectionAssert.AreEqual(
                SHA256.HashData(File.ReadAllBytes(package)), SHA256.HashData(File.ReadAllBytes(restored)), package);
        }
    }
}
