using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;

using CppSharp.AST;
using CppSharp.Parser;

using ClangParser = CppSharp.ClangParser;

namespace NormKernels.BindingGenerator;

/// <summary>
/// Parses the headers with clang, through CppSharp: as C, without any header of this system, for every system that the
/// libraries are built for. All have to agree.
/// </summary>
internal static partial class HeaderReader
{
    private static readonly string[] _targets =
        ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "arm64-apple-macos"];

    /// <summary>The headers of a folder, by name.</summary>
    /// <exception cref="InvalidDataException">A header does not compile, has something that has no binding, or means
    /// different things to different systems.</exception>
    public static IReadOnlyList<Header> Read(string folder)
    {
        string[] paths = [.. Directory.GetFiles(folder, "*.h").Order(StringComparer.Ordinal)];
        IReadOnlyList<Header>[] all = [.. _targets.Select(target => Read(paths, target))];
        for (int i = 1; i < all.Length; i++)
        {
            foreach ((Header first, Header other) in all[0].Zip(all[i]))
            {
                if (JsonSerializer.Serialize(first) != JsonSerializer.Serialize(other))
                {
                    throw new InvalidDataException($"{first.Name} is not the same for {_targets[0]} and {_targets[i]}");
                }
            }
        }

        return all[0];
    }

    private static Header[] Read(string[] paths, string target)
    {
        TranslationUnit[] units = [.. paths.Select(path => Parse(path, target))];
        DeclarationReader declarations = new(units);
        return [.. paths.Zip(units, (path, unit) => Describe(path, unit, declarations))];
    }

    // One at a time: of several files CppSharp makes one tree, in which it tells declarations apart by addresses that
    // clang uses again from file to file.
    private static TranslationUnit Parse(string path, string target)
    {
        using ParserOptions options = new()
        {
            LanguageVersion = LanguageVersion.C99,
            TargetTriple = target,
            MicrosoftMode = target.EndsWith("msvc", StringComparison.Ordinal),
            SkipFunctionBodies = true,
            NoBuiltinIncludes = true,
            NoStandardIncludes = true,
        };
        // stdint.h is clang's own. Ordinary comments count, or most fields would have none.
        options.AddSystemIncludeDirs(options.BuiltinsDir);
        options.AddArguments("-ffreestanding");
        options.AddArguments("-fparse-all-comments");
        if (options.MicrosoftMode)
        {
            options.AddArguments("-fms-extensions");
        }

        options.Setup(CppSharp.Platform.Host);
        using ParserResult result = ClangParser.ParseSourceFile(path, options);
        // A warning too: a semicolon that is missing in a struct is no more to clang.
        return result.Kind == ParserResultKind.Success && result.DiagnosticsCount == 0
            ? ClangParser.ConvertASTContext(options.ASTContext).TranslationUnits
                .Single(unit => unit.IsValid && Path.GetFullPath(unit.FilePath) == path)
            : throw new InvalidDataException($"clang ({target}), {path}: {Diagnostics(result)}");
    }

    private static Header Describe(string path, TranslationUnit unit, DeclarationReader declarations)
    {
        string text = File.ReadAllText(path);
        return new(
            Path.GetFileName(path),
            CommentText.Of(FirstComment().Match(text).Value),
            [.. Include().Matches(text).Select(match => match.Groups[1].Value)],
            DeclarationReader.Constants(unit),
            [.. unit.Enums.Select(declarations.Enum)],
            [.. unit.Classes.Select(declarations.Struct)],
            [.. unit.Functions.Select(DeclarationReader.Function)]);
    }

    private static string Diagnostics(ParserResult result)
    {
        List<string> lines = [];
        for (uint i = 0; i < result.DiagnosticsCount; i++)
        {
            using ParserDiagnostic diagnostic = result.GetDiagnostics(i);
            lines.Add($"{diagnostic.FileName}:{diagnostic.LineNumber}: {diagnostic.Message}");
        }

        return lines.Count == 0 ? result.Kind.ToString() : string.Join(Environment.NewLine, lines);
    }

    [GeneratedRegex(@"\A\s*/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex FirstComment();

    [GeneratedRegex(@"^#include\s+""([^""]+)""", RegexOptions.Multiline)]
    private static partial Regex Include();
}
