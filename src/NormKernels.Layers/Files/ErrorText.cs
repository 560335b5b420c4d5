using System;

namespace NormKernels.Layers.Files;

/// <summary>Text found in a file, made fit for an error message of one line.</summary>
internal static class ErrorText
{
    private const int MaxQuotedChars = 60;

    // Names of tensors end in what tells them apart.
    private const int MaxQuotedNameChars = 200;

    /// <summary>
    /// The text in quotes, cut when long. Characters that would break the line or steer the terminal become <c>?</c>,
    /// since a damaged or hostile file decides what they are.
    /// </summary>
    public static string Quote(ReadOnlySpan<char> text) => Quote(text, MaxQuotedChars);

    /// <summary>The name of a tensor in quotes, the same way.</summary>
    public static string QuoteName(ReadOnlySpan<char> name) => Quote(name, MaxQuotedNameChars);

    private static string Quote(ReadOnlySpan<char> text, int most)
    {
        bool cut = text.Length > most;
        char[] shown = text[..(cut ? most : text.Length)].ToArray();
        for (int i = 0; i < shown.Length; i++)
        {
            if (char.IsControl(shown[i]) || shown[i] is '\u2028' or '\u2029')
            {
                shown[i] = '?';
            }
        }

        return $"'{new string(shown)}{(cut ? "..." : "")}'";
    }
}
