using System.Collections.Generic;

namespace NormKernels.Tests.Norms;

/// <summary>An axis with others around it. A slice lies along it or, where it is kept, is an index of it.</summary>
internal sealed record AxisProblemShape(int Outer, int Length, int Inner, bool Kept = false, double P = 2)
    : ProblemShape
{
    private readonly Dictionary<string, double> _numbers = new() { ["p"] = P };

    public override int Count => Outer * Length * Inner;

    public override int Slices => Kept ? Length : Outer * Inner;

    public override int Parameters => Kept ? Length : Count;

    public override object Native => new AxisShape(Outer, Length, Inner);

    public override IReadOnlyDictionary<string, double> Numbers => _numbers;

    public override IEnumerable<object> Others =>
    [
        new AxisShape(Outer + 1, Length, Inner), new AxisShape(Outer, Length + 1, Inner),
        new AxisShape(Outer, Length, Inner + 1), new AxisShape(0, Length, Inner), new AxisShape(Outer, 0, Inner),
        new AxisShape(Outer, Length, 0), new AxisShape((1L << 32) + Outer, Length, Inner),
        new AxisShape(1L << 31, 1, 1L << 25), new AxisShape(Outer, Length, (1L << 32) + Inner),
    ];

    public override int SliceOf(int element) =>
        Kept ? element / Inner % Length : element / (Length * Inner) * Inner + element % Inner;

    public override int ParameterOf(int element) => Kept ? SliceOf(element) : element;

    public override ProblemShape Alone(int slice) =>
        Kept ? this with { Length = 1 } : this with { Outer = 1, Inner = 1 };

    public override string ToString() => $"{Outer}x{Length}x{Inner}, p = {P}";
}
