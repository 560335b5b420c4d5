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
    /// <summary>All elements of the shape, for rows with a stride.</summary>
    Tensor,
    PerSlice,
    PerParameter,

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
    Float64,
    Int8,
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

    /// <summary>Whether it is a statistic that forward saved.</summary>
    public bool IsSaved { get; init; }

    /// <summary>Whether this output depends on what it held before.</summary>
    public bool IsUpdated { get; init; }

    /// <summary>Whether its values have to be positive.</summary>
    public bool IsVariance { get; init; }

    public static Argument In(string name, bool optional = false) =>
        new(name, Role.Input, Extent.Tensor, ElementKind.Tensor, optional);

    public static Argument Out(string name, params string[] replaces) =>
        new(name, Role.Output, Extent.Tensor, ElementKind.Tensor) { Replaces = replaces };

    public static Argument Parameter(string name) =>
        new(name, Role.Input, Extent.PerParameter, ElementKind.Parameter, Optional: true);

    public static Argument Gradient(string name) =>
        new(name, Role.Output, Extent.PerParameter, ElementKind.Float32, Optional: true);

    public static Argument Statistic(string name, Role role, string? partner = null) =>
        new(name, role, Extent.PerSlice, ElementKind.Float32, Optional: true) { Partner = partner, IsSaved = role == Role.Input };

    /// <summary>Running means or variances, which forward updates and inference reads.</summary>
    public static Argument Running(string name, Role role, string? partner = null) =>
        new(name, role, Extent.PerParameter, ElementKind.Float32, Optional: partner is not null)
        {
            Partner = partner,
            IsUpdated = role == Role.Output,
            IsVariance = name == "runningVar",
        };

    public static Argument Workspace() =>
        new("workspace", Role.Scratch, Extent.Workspace, ElementKind.Byte, Optional: true);

    public override string ToString() => Name;
}

/// <summary>A parameter that is a number, and values it must not have.</summary>
internal sealed record Number(string Name, params double[] Bad)
{
    public static readonly Number Epsilon = new("epsilon", double.NaN, -1, -double.Epsilon, double.NegativeInfinity);

    public static readonly Number Momentum =
        new("momentum", double.NaN, -0.1, -double.Epsilon, 1.0000001, double.PositiveInfinity);

    public static readonly Number Groups = new("groups", 0, -1, 7, 1e18, -1e18);

    /// <summary>The order of a norm that is divided by.</summary>
    public static readonly Number DivisorOrder = new("p", double.NaN, 0, -1, double.NegativeInfinity);

    public static readonly Number Order = new("p", double.NaN);

    public static readonly Number DerivativeOrder = new("p", double.NaN, 0, -0.0);

    public static readonly Number MatrixOrder = new("order", -1, 8, int.MaxValue, int.MinValue);
}

/// <summary>A method of a norm, as data.</summary>
/// <param name="Name">The method.</param>
/// <param name="Arguments">The spans it takes.</param>
internal sealed record Verb(string Name, IReadOnlyList<Argument> Arguments)
{
    /// <summary>The boolean parameters.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>The numbers it takes beside the shape.</summary>
    public IReadOnlyList<Number> Numbers { get; init; } = [Number.Epsilon];

    /// <summary>The input whose statistics are taken.</summary>
    public required string Point { get; init; }

    public IEnumerable<Argument> Inputs => Arguments.Where(a => a.Role == Role.Input);

    public IEnumerable<Argument> Outputs => Arguments.Where(a => a.Role == Role.Output);

    /// <summary>Statistics that another verb saved.</summary>
    public IEnumerable<Argument> SavedStatistics => Inputs.Where(a => a.IsSaved);

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
