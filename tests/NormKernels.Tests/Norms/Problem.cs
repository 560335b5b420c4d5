using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// A call by value: which verb, on what numbers. Tensors are kept as they are stored, contiguous; where they lie in
/// memory is for <see cref="Execution"/> to say.
/// </summary>
internal sealed record Problem(Norm Norm, Verb Verb, Dtype Dtype, ProblemShape Shape)
{
    public double Epsilon { get; init; } = 1e-5;

    public double Momentum { get; init; } = 0.1;

    public bool Float32Parameters { get; init; }

    public IReadOnlySet<string> Flags { get; init; } = new HashSet<string>();

    /// <summary>Optional arguments that are left out.</summary>
    public IReadOnlySet<string> Missing { get; init; } = new HashSet<string>();

    /// <summary>Inputs, and what outputs hold before the call where that matters.</summary>
    public Dictionary<string, byte[]> Tensors { get; init; } = [];

    /// <summary>The arguments that are passed.</summary>
    public IEnumerable<Argument> Arguments => Verb.Arguments.Where(a => !Missing.Contains(a.Name));

    /// <summary>The results.</summary>
    public IEnumerable<Argument> Outputs => Arguments.Where(a => a.Role == Role.Output);

    /// <summary>All arguments, random inputs; saved statistics are those that forward saves.</summary>
    public static Problem Random(
        Norm norm, Verb verb, Dtype dtype, ProblemShape shape, Func<Problem, Problem>? change = null)
    {
        Problem bare = new Problem(norm, verb, dtype, shape).Without([.. norm.Impossible(verb, shape)]);
        Problem problem = change is null ? bare : change(bare);
        foreach (Argument argument in verb.Arguments.Where(a => (a.Role == Role.Input && !a.IsSaved) || a.IsUpdated))
        {
            RandomData random = new(argument.Name, shape.Count, shape.Slices);
            double[] values = argument.Extent == Extent.Tensor
                ? [.. Enumerable.Range(0, shape.Count).Select(i => Element(random, shape.SliceOf(i)))]
                : random.Normals(shape.SizeOf(argument.Extent), 0.5);
            problem.With(argument.Name, argument.IsVariance ? [.. values.Select(v => 0.1 + Math.Abs(v))] : values);
        }

        problem.SaveStatistics();
        return problem;
    }

    public Dtype TypeOf(Argument argument) => argument.Element switch
    {
        ElementKind.Tensor => Dtype,
        ElementKind.Parameter => Float32Parameters ? Dtype.F32 : Dtype,
        ElementKind.Float32 => Dtype.F32,
        ElementKind.Float64 => Dtype.F64,
        ElementKind.Int8 => Dtype.Int8,
        _ => Dtype.Byte,
    };

    /// <summary>The numbers of a call, by the name of their parameter.</summary>
    public Dictionary<string, double> Numbers() =>
        new(Shape.Numbers) { ["epsilon"] = Epsilon, ["momentum"] = Momentum };

    /// <summary>Whether rows of the argument may lie apart.</summary>
    public bool IsStrided(Argument argument) => argument.Extent == Extent.Tensor && Shape.Rows is not null;

    /// <summary>How many runs of how many elements an argument has.</summary>
    public (int Count, int Length) SizeOf(Argument argument, CpuOptions options = default) => argument.Extent switch
    {
        Extent.Workspace => (1, checked((int)Norm.WorkspaceSize(this, options))),
        Extent.Tensor when Shape.Rows is { } rows => (rows, rows == 0 ? 0 : Shape.Count / rows),
        _ => (1, Shape.SizeOf(argument.Extent)),
    };

    /// <summary>An argument as the oracle takes it; empty if it is missing.</summary>
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

    /// <summary>The same problem with one slice alone.</summary>
    public Problem Slice(int slice)
    {
        Problem alone = this with { Shape = Shape.Alone(slice), Tensors = [] };
        foreach ((string name, byte[] bytes) in Tensors)
        {
            alone.Tensors[name] = SliceOf(Verb[name], bytes, slice);
        }

        return alone;
    }

    /// <summary>The part of an argument that belongs to a slice.</summary>
    public byte[] SliceOf(Argument argument, byte[] bytes, int slice)
    {
        int size = TypeOf(argument).Size;
        return [.. Shape.Indices(argument.Extent, slice).SelectMany(i => bytes[(i * size)..((i + 1) * size)])];
    }

    /// <summary>Whether an output of a slice depends on no other slice.</summary>
    public bool IsOfOneSlice(Argument output) => output.Extent != Extent.PerParameter || !Shape.SharesParameters;

    /// <summary>Computes the statistics that the verb takes, by a forward call at the same point.</summary>
    public void SaveStatistics()
    {
        Argument[] statistics = [.. Verb.SavedStatistics];
        if (statistics.Length == 0)
        {
            return;
        }

        Problem forward = new Problem(Norm, Norm["Forward"], Dtype, Shape) { Epsilon = Epsilon }
            .Without("weight", "bias", "runningMean", "runningVar", "workspace");
        forward.Tensors["x"] = Tensors[Verb.Point];
        IReadOnlyDictionary<string, byte[]> saved = Execution.Run(forward, new Setup());
        foreach (Argument statistic in statistics)
        {
            Tensors[statistic.Name] = saved[statistic.Name];
        }
    }

    public override string ToString() =>
        $"{Norm} {Verb} {Dtype} {Shape} epsilon {Epsilon}"
        + (Float32Parameters ? " f32 parameters" : string.Empty)
        + string.Concat(Flags.Select(flag => $" {flag}"))
        + string.Concat(Missing.Order(StringComparer.Ordinal).Select(name => $" -{name}"));

    private static double Element(RandomData random, int slice) => (slice % 3) - 0.5 + (1 + slice % 2) * random.Normal();
}
