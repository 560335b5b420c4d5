using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NormKernels.Cli.Commands;

/// <summary>How results are written as JSON: snake_case names; NaN and infinities as strings.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        // The file is no part of a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>The text.</summary>
    public static string Format<T>(T value) => JsonSerializer.Serialize(value, _options);

    /// <summary>Writes a file.</summary>
    /// <exception cref="InvalidDataException">It cannot be written; one line.</exception>
    public static void Write<T>(string path, T value) =>
        OutputFiles.Write(path, temporary => File.WriteAllText(temporary, Format(value) + "\n"));
}
