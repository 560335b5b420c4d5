using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;

using NormKernels.Layers.Files;

namespace NormKernels.Cli.Operations;

/// <summary>What the value of an attribute is.</summary>
internal enum AttributeKind
{
    /// <summary>A number; <c>inf</c> and <c>-inf</c> are numbers.</summary>
    Number,

    /// <summary>An integer.</summary>
    Integer,

    /// <summary>Integers with commas between them.</summary>
    Integers,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>A word.</summary>
    Text,

    /// <summary>A number or a word.</summary>
    NumberOrText,
}

/// <summary>A parameter of an operation that is not a tensor.</summary>
/// <param name="Name">The name in a case.</param>
/// <param name="Kind">What its value is.</param>
/// <param name="Description">What it is, for help.</param>
/// <param name="Required">Whether the operation cannot do without.</param>
/// <param name="MayBeNone">Whether <c>none</c> is a value: the <c>null</c> of a case, which is not no value.</param>
internal sealed record OperationAttribute(
    string Name, AttributeKind Kind, string Description, bool Required = false, bool MayBeNone = false)
{
    /// <summary>The value that a text on the command line stands for, as a case would hold it.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public JsonElement Parse(string text) => Kind switch
    {
        _ when MayBeNone && text == "none" => JsonSerializer.SerializeToElement<object?>(null),
        AttributeKind.Number => ParseNumber(text) ?? throw Unfit(text, "a number"),
        AttributeKind.Integer => long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long one)
            ? JsonSerializer.SerializeToElement(one)
            : throw Unfit(text, "an integer"),
        AttributeKind.Integers => JsonSerializer.SerializeToElement(text.Split(',').Select(part =>
            long.TryParse(part, NumberStyles.Integer, CultureInfo.InvariantCulture, out long item)
                ? item
                : throw Unfit(text, "integers with commas between them"))),
        AttributeKind.Flag => bool.TryParse(text, out bool flag)
            ? JsonSerializer.SerializeToElement(flag)
            : throw Unfit(text, "true or false"),
        AttributeKind.NumberOrText => ParseNumber(text) ?? JsonSerializer.SerializeToElement(text),
        _ => JsonSerializer.SerializeToElement(text),
    };

    private static JsonElement? ParseNumber(string text) => text switch
    {
        // JSON has no infinities; a case writes them as strings.
        "inf" or "-inf" => JsonSerializer.SerializeToElement(text),
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number)
                ? JsonSerializer.SerializeToElement(number)
                : null,
    };

    private InvalidDataException Unfit(string text, string wanted) =>
        new($"--{Name.Replace('_', '-')}: {ErrorText.Quote(text)} is not {wanted}");
}
