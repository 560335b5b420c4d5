using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text.Json;

using NormKernels.Layers.Files;

namespace NormKernels.Cli.CaseSets;

/// <summary>
/// The parameters of the operator of one case. A value that is absent or <c>null</c> is what the fallback says, or null
/// where the method has <c>Optional</c> in its name; a value of another kind is always an error.
/// </summary>
internal sealed class CaseAttributes
{
    private readonly string _caseId;
    private readonly ImmutableDictionary<string, JsonElement> _values;

    /// <summary>Takes the values of an object that outlives its document.</summary>
    public CaseAttributes(string caseId, ImmutableDictionary<string, JsonElement> values)
    {
        _caseId = caseId;
        _values = values;
    }

    /// <summary>True when the attribute is there, be it <c>null</c>.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>True when <see cref="GetDouble"/> reads it: a number, <c>"inf"</c> or <c>"-inf"</c>.</summary>
    public bool IsNumber(string name) => Find(name) is { } value && AsDouble(value) is not null;

    /// <summary>A number; the strings <c>"inf"</c> and <c>"-inf"</c> are numbers.</summary>
    public double GetDouble(string name, double? fallback = null) =>
        GetOptionalDouble(name) ?? fallback ?? throw Missing(name);

    /// <inheritdoc cref="GetDouble"/>
    public double? GetOptionalDouble(string name) =>
        Find(name) is not { } value
            ? null
            : AsDouble(value) ?? throw Unfit(name, value, "a number, \"inf\" or \"-inf\"");

    /// <summary>An integer.</summary>
    public long GetLong(string name, long? fallback = null) =>
        GetOptionalLong(name) ?? fallback ?? throw Missing(name);

    /// <inheritdoc cref="GetLong"/>
    public long? GetOptionalLong(string name) =>
        Find(name) is not { } value ? null : AsLong(value) ?? throw Unfit(name, value, "an integer");

    /// <summary>A list of integers; a single integer is a list of one.</summary>
    public long[] GetLongs(string name, long[]? fallback = null) =>
        GetOptionalLongs(name) ?? fallback ?? throw Missing(name);

    /// <inheritdoc cref="GetLongs"/>
    public long[]? GetOptionalLongs(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        IEnumerable<JsonElement> items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        return [.. items.Select(item => AsLong(item) ?? throw Unfit(name, value, "a list of integers"))];
    }

    /// <summary>True or false.</summary>
    public bool GetBool(string name, bool? fallback = null) => Find(name) switch
    {
        null => fallback ?? throw Missing(name),
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Unfit(name, value, "true or false"),
    };

    /// <summary>A string.</summary>
    public string GetString(string name, string? fallback = null) => Find(name) switch
    {
        null => fallback ?? throw Missing(name),
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } value => throw Unfit(name, value, "a string"),
    };

    private static double? AsDouble(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
        JsonValueKind.String when value.ValueEquals("inf") => double.PositiveInfinity,
        JsonValueKind.String when value.ValueEquals("-inf") => double.NegativeInfinity,
        _ => null,
    };

    private static long? AsLong(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;

    private JsonElement? Find(string name) =>
        _values.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private InvalidDataException Missing(string name) =>
        new($"case {ErrorText.Quote(_caseId)}: lacks the attribute '{name}'");

    private InvalidDataException Unfit(string name, JsonElement value, string wanted) =>
        new($"case {ErrorText.Quote(_caseId)}: the attribute '{name}' is {ErrorText.Quote(value.GetRawText())}, "
            + $"not {wanted}");
}
