using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Tests.Norms;

/// <summary>A tensor some of whose axes are reduced to one value. What shares an index of the others is a slice.</summary>
internal abstract record AxesProblemShape(int[] Sizes, int[] Reduced) : ProblemShape
{
    // For each axis the distance between slices; 0 where the axis is reduced.
    private readonly int[] _steps = StepsOf(Sizes, Reduced);

    public override int Count => Sizes.Aggregate(1, (product, size) => product * size);

    public override int Slices =>
        Enumerable.Range(0, Sizes.Length).Except(Reduced).Aggregate(1, (product, axis) => product * Sizes[axis]);

    public override IEnumerable<object> Others =>
        Enumerable.Range(0, Sizes.Length).SelectMany(axis => new[]
        {
            NativeOf([.. Sizes.Select((size, i) => i == axis ? size + 1L : size)]),
            NativeOf([.. Sizes.Select((size, i) => i == axis ? size + (1L << 32) : size)]),
        });

    public override object Native => NativeOf([.. Sizes.Select(size => (long)size)]);

    protected int[] SizesAlone => [.. Sizes.Select((size, axis) => Reduced.Contains(axis) ? size : 1)];

    public override int SliceOf(int element)
    {
        int slice = 0;
        for (int axis = Sizes.Length - 1; axis >= 0; axis--)
        {
            slice += element % Sizes[axis] * _steps[axis];
            element /= Sizes[axis];
        }

        return slice;
    }

    protected abstract object NativeOf(long[] sizes);

    private static int[] StepsOf(int[] sizes, int[] reduced)
    {
        int[] steps = new int[sizes.Length];
        int step = 1;
        for (int axis = sizes.Length - 1; axis >= 0; axis--)
        {
            if (!reduced.Contains(axis))
            {
                steps[axis] = step;
                step *= sizes[axis];
            }
        }

        return steps;
    }
}

/// <summary>Vectors over any axes.</summary>
internal sealed record ReductionProblemShape(int[] Sizes, int[] Reduced, double P) : AxesProblemShape(Sizes, Reduced)
{
    private readonly Dictionary<string, double> _numbers = new() { ["p"] = P };

    public override IReadOnlyDictionary<string, double> Numbers => _numbers;

    public override ProblemShape Alone(int slice) => new ReductionProblemShape(SizesAlone, Reduced, P);

    public override string ToString() => $"{string.Join('x', Sizes)} over {string.Join(' ', Reduced)}, p = {P}";

    protected override object NativeOf(long[] sizes) => ReductionShape.Of(sizes, Reduced);
}

/// <summary>Matrices over two axes.</summary>
internal sealed record MatrixProblemShape(int[] Sizes, int RowAxis, int ColumnAxis, MatrixNormOrder Order)
    : AxesProblemShape(Sizes, [RowAxis, ColumnAxis])
{
    private readonly Dictionary<string, double> _numbers = new() { ["order"] = (double)Order };

    public override IReadOnlyDictionary<string, double> Numbers => _numbers;

    public override ProblemShape Alone(int slice) => new MatrixProblemShape(SizesAlone, RowAxis, ColumnAxis, Order);

    public override string ToString() => $"{string.Join('x', Sizes)}, {RowAxis} by {ColumnAxis}, {Order}";

    protected override object NativeOf(long[] sizes) => MatrixShape.Of(sizes, RowAxis, ColumnAxis);
}
