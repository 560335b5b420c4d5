using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Tests.Norms;

internal enum Role
{
    Input,
    Output,
    Scratch,
}

/// <summary>What an argument has elements for.</summary>
internal enum Extent
{
    /// <summary>Rows x columns, with a stride.</summary>
    Matrix,
    PerRow,
    PerColumn,

    /// <summary>As many bytes as the norm says.</summary>
    Workspace,
}

/// <summary>The type of an argument's elements.</summary>
internal enum ElementKind
{
    /// <summary>That of the tensors.</summary>
    Tensor,

    /// <summary>That of the tensors, or float32.</summary>
    Parameter,
    Float32,
    Byte,
}

/// <summary>A span that a verb takes, by the name of its parameter.</summary>
/// <param name="Name">The parameter.</param>
/// <param name="Role">Whether it is read or written.</param>
/// <param name="Extent">How long it is.</param>
/// <param name="Element">Of what.</param>
/// <param name="Optional">Whether it may be empty.</param>
internal sealed record Argument(string Name, Role Role, Extent Extent, ElementKind Element, bool Optional = false)
{
    /// <summary>The inputs that this output may replace.</summary>
    public IReadOnlyList<string> Replaces { get; init; } = [];

    /// <summary>The argument that has to be there if this one is, and to be missing if this one is.</summary>
    public string? Partner { get; init; }

    public static Argument In(string name, bool optional = false) =>
        new(name, Role.Input, Extent.Matrix, ElementKind.Tensor, optional);

    public static Argument Out(string name, params string[] replaces) =>
        new(name, Role.Output, Extent.Matrix, ElementKind.Tensor) { Replaces = replaces };

    public static Argument Parameter(string name) =>
        new(name, Role.Input, Extent.PerColumn, ElementKind.Parameter, Optional: true);

    public static Argument Gradient(string name) =>
        new(name, Role.Output, Extent.PerColumn, ElementKind.Float32, Optional: true);

    public static Argument Statistic(string name, Role role, string? partner = null) =>
        new(name, role, Extent.PerRow, ElementKind.Float32, Optional: true) { Partner = partner };

    public override string ToString() => Name;
}

/// <summary>A method of a norm, as data.</summary>
/// <param name="Name">The method.</param>
/// <param name="Arguments">The spans it takes.</param>
internal sealed record Verb(string Name, IReadOnlyList<Argument> Arguments)
{
    /// <summary>The boolean parameters.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>The input whose statistics are taken.</summary>
    public required string Point { get; init; }

    public IEnumerable<Argument> Inputs => Arguments.Where(a => a.Role == Role.Input);

    public IEnumerable<Argument> Outputs => Arguments.Where(a => a.Role == Role.Output);

    /// <summary>Statistics that another verb saved.</summary>
    public IEnumerable<Argument> SavedStatistics => Inputs.Where(a => a.Extent == Extent.PerRow);

    public Argument this[string name] => Arguments.Single(a => a.Name == name);

    public bool Has(string name) => Arguments.Any(a => a.Name == name);

    /// <summary>
    /// Every way to put outputs in the place of inputs, as pairs (output, input); out of place is not among them.
    /// </summary>
    public IEnumerable<IReadOnlyDictionary<string, string>> InPlace()
    {
        List<Dictionary<string, string>> ways = [[]];
        foreach (Argument output in Outputs)
        {
            ways =
            [
                .. ways,
                .. from way in ways
                   from input in output.Replaces
                   where !way.ContainsValue(input)
                   select new Dictionary<string, string>(way) { [output.Name] = input },
            ];
        }

        return ways.Where(way => way.Count != 0);
    }

    public override string ToString() => Name;
}
