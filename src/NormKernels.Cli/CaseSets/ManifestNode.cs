using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;

using NormKernels.Layers.Files;

namespace NormKernels.Cli.CaseSets;

/// <summary>A value of the manifest together with the way to it, which every error message begins with.</summary>
/// <param name="Where">The file and the path within it.</param>
/// <param name="Element">The value.</param>
internal readonly record struct ManifestNode(string Where, JsonElement Element)
{
    /// <summary>The members of an object.</summary>
    public IEnumerable<(string Name, ManifestNode Value)> Members(string kind)
    {
        string where = Where;
        return Require(JsonValueKind.Object, "an object").EnumerateObject()
            .Select(member =>
                (member.Name, new ManifestNode($"{where}: {kind} {ErrorText.Quote(member.Name)}", member.Value)));
    }

    /// <summary>The items of a list.</summary>
    public IEnumerable<ManifestNode> Items(string kind)
    {
        string where = Where;
        return Require(JsonValueKind.Array, "a list").EnumerateArray().Select((item, index) =>
            new ManifestNode(string.Create(CultureInfo.InvariantCulture, $"{where}: {kind} {index}"), item));
    }

    /// <summary>A member of an object that may be absent or null.</summary>
    public ManifestNode? Find(string name) =>
        Require(JsonValueKind.Object, "an object").TryGetProperty(name, out JsonElement value)
        && value.ValueKind != JsonValueKind.Null
            ? new ManifestNode($"{Where}: '{name}'", value)
            : null;

    /// <summary>A member that has to be there.</summary>
    public ManifestNode Get(string name) => Find(name) ?? throw Error($"lacks '{name}'");

    /// <summary>The value as a string.</summary>
    public string AsString() => Require(JsonValueKind.String, "a string").GetString()!;

    /// <summary>The value as a finite number that is not negative.</summary>
    public double AsMagnitude() =>
        Element.ValueKind == JsonValueKind.Number
        && Element.TryGetDouble(out double number)
        && double.IsFinite(number)
        && number >= 0
            ? number
            : throw Unfit("a finite number from 0 on");

    /// <summary>The value as an integer that is not negative.</summary>
    public long AsLength() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt64(out long number) && number >= 0
            ? number
            : throw Unfit("an integer from 0 on");

    /// <summary>The value as the name of a format.</summary>
    public CaseDtype AsDtype() => ParseDtype(AsString());

    /// <summary>A name of a format at this place.</summary>
    public CaseDtype ParseDtype(string name) =>
        CaseDtypeNames.Parse(name)
        ?? throw Error($"{ErrorText.Quote(name)} is not a dtype; accepted are {CaseDtypeNames.Accepted}");

    /// <summary>The error of that text at this place.</summary>
    public InvalidDataException Error(string what) => new($"{Where}: {what}");

    private JsonElement Require(JsonValueKind kind, string wanted) =>
        Element.ValueKind == kind ? Element : throw Unfit(wanted);

    private InvalidDataException Unfit(string wanted) =>
        Error($"is {ErrorText.Quote(Element.GetRawText())}, not {wanted}");
}
