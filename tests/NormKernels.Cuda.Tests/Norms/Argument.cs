using System.Collections.Generic;

namespace NormKernels.Cuda.Tests.Norms;

internal enum Role
{
    Input,
    Output,
    Scratch,
}

/// <summary>The type of an argument's elements.</summary>
internal enum Kind
{
    /// <summary>That of the tensors.</summary>
    Tensor,

    /// <summary>That of the tensors, or float32.</summary>
    Parameter,
    Float32,
    Int8,
    Float8,
    Byte,
}

/// <summary>A buffer that a method takes, by the name of its parameter.</summary>
internal sealed record Argument(string Name, Role Role, int Count, Kind Kind, bool Optional = false)
{
    /// <summary>Scratch, as large as the norm says.</summary>
    public static Argument Workspace { get; } = new("workspace", Role.Scratch, 0, Kind.Byte, Optional: true);

    /// <summary>The inputs that this output may replace.</summary>
    public IReadOnlyList<string> Replaces { get; init; } = [];

    /// <summary>The argument that has to be there if this one is, and to be missing if this one is.</summary>
    public string? Partner { get; init; }

    public static Argument In(string name, int count, bool optional = false) =>
        new(name, Role.Input, count, Kind.Tensor, optional);

    public static Argument Out(string name, int count, params string[] replaces) =>
        new(name, Role.Output, count, Kind.Tensor) { Replaces = replaces };

    public static Argument Parameter(string name, int count, bool optional = true) =>
        new(name, Role.Input, count, Kind.Parameter, optional);

    /// <summary>A gradient of a parameter, or a statistic that is saved.</summary>
    public static Argument Wanted(string name, int count, string? partner = null) =>
        new(name, Role.Output, count, Kind.Float32, Optional: true) { Partner = partner };

    /// <summary>A statistic that was saved.</summary>
    public static Argument Saved(string name, int count, string? partner = null) =>
        new(name, Role.Input, count, Kind.Float32, Optional: true) { Partner = partner };

    public override string ToString() => Name;
}
