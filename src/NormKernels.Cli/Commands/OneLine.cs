using System;
using System.Linq;
using System.Text;

namespace NormKernels.Cli.Commands;

/// <summary>Messages on stderr are of one line, so that scripts can show them.</summary>
internal static class OneLine
{
    /// <summary>The text with its lines put into one, and without control characters.</summary>
    public static string Of(string text)
    {
        StringBuilder line = new();
        foreach (string part in text.Split('\n', '\r', '\u2028', '\u2029').Select(part => part.Trim()))
        {
            if (part.Length != 0)
            {
                string separator = line.Length == 0 ? "" : line[^1] is ':' or '.' ? " " : "; ";
                _ = line.Append(separator).Append(part);
            }
        }

        return string.Concat(line.ToString().Select(c => char.IsControl(c) ? '?' : c));
    }

    /// <summary>The message of an error.</summary>
    public static string Of(Exception error) => Of(error.Message);
}
