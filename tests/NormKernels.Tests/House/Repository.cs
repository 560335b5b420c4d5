using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;

namespace NormKernels.Tests.House;

/// <summary>The sources this assembly was built from.</summary>
internal static partial class Repository
{
    public static string Root { get; } = Path.GetFullPath(
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!);

    /// <summary>The norms, as the native build lists them.</summary>
    public static IReadOnlyList<string> Rooms { get; } =
        [.. RoomName().Matches(ReadAll("cmake/Rooms.cmake")).Select(match => match.Groups[1].Value)];

    /// <summary>A file's text, lines ending in \n whatever the checkout made of them.</summary>
    public static string ReadAll(string relativePath) =>
        File.ReadAllText(Path.Combine(Root, relativePath)).Replace("\r\n", "\n", StringComparison.Ordinal);

    public static bool Exists(string relativePath) => File.Exists(Path.Combine(Root, relativePath));

    /// <summary>The source files below a folder, as paths from the root with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder, params string[] endings) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
            .Where(path => endings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    /// <summary>layer_norm as LayerNorm.</summary>
    public static string Pascal(string room) =>
        string.Concat(room.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    [GeneratedRegex(@"^  (\w+)$", RegexOptions.Multiline)]
    private static partial Regex RoomName();
}
