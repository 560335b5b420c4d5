using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.House;

/// <summary>The rules of the house (CONTRIBUTING.md), read off the sources.</summary>
[TestClass]
public sealed partial class HouseTests
{
    private const int LongestFile = 500;

    private static readonly string[] Folders = ["src", "native", "tests", "bench", "cmake", "kernels"];

    private static IEnumerable<string> CSharp => Repository.Files("src", ".cs");

    private static IEnumerable<string> Native => Repository.Files("native", ".h", ".c", ".cpp");

    [TestMethod]
    public void Every_room_is_on_every_floor()
    {
        Assert.IsGreaterThanOrEqualTo(2, Repository.Rooms.Count);
        foreach (string room in Repository.Rooms)
        {
            string pascal = Repository.Pascal(room);
            string[] floors =
            [
                $"native/include/normkernels/nk_{room}.h",
                $"native/norms/{room}/{room}.cpp",
                $"src/NormKernels/Norms/{pascal}.cs",
                $"src/NormKernels.Reference/{pascal}Reference.cs",
                $"src/NormKernels.Cli/Operations/{pascal}Operation.cs",
            ];
            string[] missing = [.. floors.Where(path => !Repository.Exists(path))];
            Assert.IsEmpty(missing, $"{room} lacks {string.Join(", ", missing)}");
        }

        string[] folders =
            [.. Repository.Files("native/norms", ".cpp").Select(path => path.Split('/')[2]).Distinct()];
        CollectionAssert.AreEquivalent(Repository.Rooms.ToArray(), folders, "a folder is no room of cmake/Rooms.cmake");
        foreach (string kernels in Repository.Files("native/norms", "_kernels.cpp"))
        {
            Assert.IsTrue(Repository.Exists(kernels[..^".cpp".Length] + ".h"), $"{kernels} has no header");
        }
    }

    [TestMethod]
    public void No_room_includes_another()
    {
        foreach (string path in Repository.Files("native/norms", ".h", ".cpp"))
        {
            string room = path.Split('/')[2];
            foreach (string include in Include().Matches(Repository.ReadAll(path)).Select(match => match.Groups[1].Value))
            {
                string[] others = [.. Repository.Rooms.Where(other => other != room && Mentions(include, other))];
                Assert.IsEmpty(others, $"{path} includes {include}");
            }
        }

        // rms_norm.h is not a mention of norm, but nk_layer_norm.h is one of layer_norm.
        static bool Mentions(string include, string room) => Regex.IsMatch(include, $@"(^|[/_]){room}([/_.]|$)");
    }

    [TestMethod]
    public void Core_knows_no_room()
    {
        foreach (string path in Repository.Files("native/core", ".h", ".cpp"))
        {
            foreach (string include in Include().Matches(Repository.ReadAll(path)).Select(match => match.Groups[1].Value))
            {
                Assert.IsFalse(
                    Repository.Rooms.Any(room => include.Contains(room, StringComparison.Ordinal)),
                    $"{path} includes {include}");
            }
        }
    }

    [TestMethod]
    public void Intrinsics_are_only_in_the_trait()
    {
        // cpu.cpp asks the processor what it can do, which takes a header of intrinsics on one compiler.
        AssertOnlyIn(
            Native, Intrinsic(), path => Trait().IsMatch(path) || path is "native/core/cpu.cpp");
        AssertOnlyIn(
            Repository.Files("kernels", ".cu", ".cuh", ".h", ".cpp"), Launch(), path => path is "kernels/common/launch.cuh");
    }

    [TestMethod]
    public void Native_calls_are_only_in_interop() =>
        AssertOnlyIn(CSharp, NativeCall(), path => Interop().IsMatch(path));

    [TestMethod]
    public void Native_calls_are_generated() =>
        AssertOnlyIn(CSharp, Import(), path => path.EndsWith(".g.cs", StringComparison.Ordinal));

    [TestMethod]
    public void The_reference_shares_no_code_with_what_it_checks()
    {
        Assert.IsFalse(
            Repository.ReadAll("src/NormKernels.Reference/NormKernels.Reference.csproj")
                .Contains("Reference Include", StringComparison.Ordinal));
        AssertOnlyIn(Repository.Files("src/NormKernels.Reference", ".cs"), Unsafe(), _ => false);
    }

    [TestMethod]
    public void A_file_can_be_read_in_one_sitting()
    {
        string[] tooLong =
        [
            .. Folders.SelectMany(folder => Repository.Files(folder, ".cs", ".h", ".c", ".cpp", ".cu", ".cuh", ".cmake"))
                .Where(path => !path.EndsWith(".g.cs", StringComparison.Ordinal))
                .Where(path => Repository.ReadAll(path).Count(c => c == '\n') > LongestFile),
        ];
        Assert.IsEmpty(tooLong, string.Join(", ", tooLong));
    }

    private static void AssertOnlyIn(IEnumerable<string> files, Regex what, Func<string, bool> allowed)
    {
        string[] found = [.. files.Where(path => !allowed(path) && what.IsMatch(Repository.ReadAll(path)))];
        Assert.IsEmpty(found, $"/{what}/ in {string.Join(", ", found)}");
    }

    [GeneratedRegex(@"^\s*#include\s+[""<]([^"">]+)", RegexOptions.Multiline)]
    private static partial Regex Include();

    [GeneratedRegex(@"immintrin\.h|\b_mm\d*_|\b__m(128|256|512)|arm_neon\.h|\b(u?int|float)\d+x\d+(x\d)?_t")]
    private static partial Regex Intrinsic();

    [GeneratedRegex(@"/vec_[a-z0-9]+\.h$")]
    private static partial Regex Trait();

    [GeneratedRegex("<<<")]
    private static partial Regex Launch();

    [GeneratedRegex(@"\[(LibraryImport|DllImport)\(|NativeLibrary\.")]
    private static partial Regex NativeCall();

    [GeneratedRegex("LibraryImport|DllImport(?!SearchPath|Resolver)")]
    private static partial Regex Import();

    [GeneratedRegex("^src/[A-Za-z.]+/Interop/")]
    private static partial Regex Interop();

    [GeneratedRegex(@"\b(unsafe|Unsafe|MemoryMarshal)\b")]
    private static partial Regex Unsafe();
}
