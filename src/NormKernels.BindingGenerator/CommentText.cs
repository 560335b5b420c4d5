using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace NormKernels.BindingGenerator;

/// <summary>What a C comment says, without its stars.</summary>
internal static partial class CommentText
{
    /// <summary>The paragraphs of a comment, each on one line, empty lines between them.</summary>
    public static string Of(string? raw)
    {
        if (raw is null)
        {
            return string.Empty;
        }

        IEnumerable<string> lines = Mark().Replace(raw, "\n").Split('\n')
            .Select(line => Star().Replace(line, string.Empty).Trim());
        IEnumerable<string> paragraphs = string.Join('\n', lines).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(paragraph => Space().Replace(paragraph, " ").Trim())
            .Where(paragraph => paragraph.Length != 0);
        return string.Join("\n\n", paragraphs);
    }

    [GeneratedRegex(@"/\*+<?|\*+/")]
    private static partial Regex Mark();

    [GeneratedRegex(@"^\s*\*(?=\s|$)")]
    private static partial Regex Star();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
