using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// A call by value: which verb, on what numbers. Tensors are kept as they are stored, contiguous; where they lie in
/// memory is for <see cref="Execution"/> to say.
/// </summary>
internal sealed record Problem(Norm Norm, Verb Verb, Dtype Dtype, int Rows, int Cols)
{
    public double Epsilon { get; init; } = 1e-5;

    public bool Float32Parameters { get; init; }

    public IReadOnlySet<string> Flags { get; init; } = new HashSet<string>();

    /// <summary>Optional arguments that are left out.</summary>
    public IReadOnlySet<string> Missing { get; init; } = new HashSet<string>();

    /// <summary>Inputs, and what outputs hold before the call where that matters.</summary>
    public Dictionary<string, byte[]> Tensors { get; init; } = [];

    public RowShape Shape => new(Rows, Cols);

    /// <summary>The arguments that are passed.</summary>
    public IEnumerable<Argument> Arguments => Verb.Arguments.Where(a => !Missing.Contains(a.Name));

    /// <summary>The results.</summary>
    public IEnumerable<Argument> Outputs => Arguments.Where(a => a.Role == Role.Output);

    /// <summary>All arguments, random inputs; saved statistics are those that forward saves.</summary>
    public static Problem Random(
        Norm norm, Verb verb, Dtype dtype, int rows, int cols, Func<Problem, Problem>? change = null)
    {
        Problem bare = new(norm, verb, dtype, rows, cols);
        Problem problem = change is null ? bare : change(bare);
        foreach (Argument input in verb.Inputs.Where(a => a.Extent != Extent.PerRow))
        {
            RandomData random = new(input.Name, rows, cols);
            double[] values = input.Extent == Extent.Matrix
                ? [.. Enumerable.Range(0, rows).SelectMany(row => random.Normals(cols, (row % 3) - 0.5, 1 + row % 2))]
                : random.Normals(cols, 0.5);
            problem.Tensors[input.Name] = problem.TypeOf(input).Encode(values);
        }

        problem.SaveStatistics();
        return problem;
    }

    public Dtype TypeOf(Argument argument) => argument.Element switch
    {
        ElementKind.Tensor => Dtype,
        ElementKind.Parameter => Float32Parameters ? Dtype.F32 : Dtype,
        ElementKind.Float32 => Dtype.F32,
        _ => Dtype.Byte,
    };

    /// <summary>How many runs of how many elements an argument has.</summary>
    public (int Count, int Length) SizeOf(Argument argument) => argument.Extent switch
    {
        Extent.Matrix => (Rows, Cols),
        Extent.PerRow => (1, Rows),
        Extent.PerColumn => (1, Cols),
        _ => (1, checked((int)Norm.WorkspaceSize(Shape))),
    };

    /// <summary>An input as the oracle takes it; empty if it is missing.</summary>
    public double[] Values(string name) =>
        !Missing.Contains(name) && Verb.Has(name) && Tensors.TryGetValue(name, out byte[]? bytes)
            ? TypeOf(Verb[name]).Decode(bytes)
            : [];

    /// <summary>Puts values in the place of a tensor, rounded to its type.</summary>
    public Problem With(string name, ReadOnlySpan<double> values)
    {
        Tensors[name] = TypeOf(Verb[name]).Encode(values);
        return this;
    }

    public Problem Without(params string[] names) => this with { Missing = Missing.Union(names).ToHashSet() };

    /// <summary>The same problem with numbers of its own.</summary>
    public Problem Copy() =>
        this with { Tensors = Tensors.ToDictionary(pair => pair.Key, pair => pair.Value.AsSpan().ToArray()) };

    /// <summary>The same problem with one row alone.</summary>
    public Problem Row(int row)
    {
        Problem alone = this with { Rows = 1, Tensors = [] };
        foreach ((string name, byte[] bytes) in Tensors)
        {
            alone.Tensors[name] = Verb[name].Extent == Extent.PerColumn ? bytes : RowOf(bytes, row);
        }

        return alone;
    }

    /// <summary>The part of a tensor that belongs to a row.</summary>
    public byte[] RowOf(byte[] bytes, int row)
    {
        int each = bytes.Length / Rows;
        return bytes[(row * each)..((row + 1) * each)];
    }

    /// <summary>Computes the statistics that the verb takes, by a forward call at the same point.</summary>
    public void SaveStatistics()
    {
        Argument[] statistics = [.. Verb.SavedStatistics];
        if (statistics.Length == 0)
        {
            return;
        }

        Problem forward = new Problem(Norm, Norm["Forward"], Dtype, Rows, Cols) { Epsilon = Epsilon }
            .Without("weight", "bias");
        forward.Tensors["x"] = Tensors[Verb.Point];
        IReadOnlyDictionary<string, byte[]> saved = Execution.Run(forward, new Setup());
        foreach (Argument statistic in statistics)
        {
            Tensors[statistic.Name] = saved[statistic.Name];
        }
    }

    public override string ToString() =>
        $"{Norm} {Verb} {Dtype} {Rows}x{Cols} epsilon {Epsilon}"
        + (Float32Parameters ? " f32 parameters" : string.Empty)
        + string.Concat(Flags.Select(flag => $" {flag}"))
        + string.Concat(Missing.Order(StringComparer.Ordinal).Select(name => $" -{name}"));
}
