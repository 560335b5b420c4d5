using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Tests.Norms;

internal sealed class VectorNormCalls() : ReductionCalls(Number.Order, Number.DerivativeOrder)
{
    private static readonly double[] _orders =
        [2, 1, 0, 0.5, 3, double.PositiveInfinity, double.NegativeInfinity, -1, 2.5];

    // Sizes, and which axes are reduced.
    private static readonly (int[] Sizes, int[] Axes)[] _accurate =
    [
        .. from length in new[] { 1, 2, 3, 15, 16, 17, 31, 32, 33, 65, 511, 512, 513, 5000 } select (new[] { 3, length }, new[] { 1 }),
        .. from length in new[] { 1, 2, 3, 15, 16, 17, 31, 32, 33, 65, 511, 512, 513, 1030 } select (new[] { 7, length }, new[] { 0 }),
        ([2, 3, 4, 5], [0, 2]), ([2, 3, 4, 5], [1, 3]), ([3, 2, 20, 17], [1, 2]), ([3, 2, 20, 17], [0, 3]),
        ([2, 1, 3, 1, 5], [0, 2]), ([2, 3, 2, 3, 2, 2, 3, 2], [0, 2, 4, 6]), ([2, 3, 2, 3, 2, 2, 3, 2], [1, 3, 5, 7]),
        ([4, 600, 3], [1]), ([4, 3, 600], [0, 1]), ([40, 2, 3], [0]), ([5], [0]), ([], []), ([1, 1], [0, 1]), ([70, 33], [0, 1]),
    ];

    private static readonly ShapeList _shapes = new()
    {
        Accurate =
        [
            .. Each(_accurate), .. All(([4, 37], [1]), ([9, 5, 3], [0, 2])),
            // Without elements only these have a norm.
            .. from p in new[] { 2, 1, 0, 0.5, 3, 2.5 }
               from shape in new[] { new[] { 0, 3 }, [3, 0], [0, 0] }
               select new ReductionProblemShape(shape, [1], p),
        ],
        Tiny = [.. Each([([2, 3, 4], [0, 2]), ([3, 5], [1])])],
        Small = [.. All(([6, 19], [1]), ([5, 7, 3], [1])), .. Each([([2, 5, 40], [0, 2]), ([3, 600, 2], [1]), ([4, 3, 33], [0]), ([3, 4, 5, 6], [0, 2])])],
        Parallel = [.. Each([([301, 1000], [1]), ([40, 17, 441], [1])]), new ReductionProblemShape([40, 150, 50], [0, 2], 2.5)],
        Guarded =
        [
            .. from length in Enumerable.Range(1, 33).Concat([63, 64, 65, 257, 511, 512, 513])
               from shape in Each([([2, length], [1]), ([2, length], [0]), ([2, 3, length, 2], [0, 2])])
               select shape,
            .. All(([2, 37], [1]), ([5, 19], [0])),
        ],
        Numbers = [.. Each([([2, 1], [1]), ([3, 2], [0]), ([2, 3, 2], [1]), ([16, 2], [0]), ([2, 17], [1])]), .. All(([3, 37], [1]), ([37, 3], [0])), .. Each([([2, 2050], [1])])],
        Empty =
        [
            ReductionShape.Of([0, ShapeList.Huge], 0), ReductionShape.Of([ShapeList.Huge, 0], 0), ReductionShape.Of([0, ShapeList.Huge, 0]),
        ],
    };

    public override string Name => nameof(VectorNorm);

    public override ShapeList Shapes => _shapes;

    public override bool Has(Verb verb, ProblemShape shape) =>
        verb.Name == "Forward" || ((ReductionProblemShape)shape).P != 0;

    // A NaN is not zero: it is counted.
    public override bool Spreads(Problem problem, Argument input, Argument output) =>
        ((ReductionProblemShape)problem.Shape).P != 0;

    public override void Call<T>(Verb verb, Arguments a)
    {
        ReductionShape shape = (ReductionShape)a.Shape;
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                VectorNorm.Forward(a.In<T>("x"), a.Out<T>("norm"), shape, a.P, a.Options);
                break;
            case ("Forward", true):
                VectorNorm.Forward(a.In<T>("x"), a.Out<float>("norm"), shape, a.P, a.Options);
                break;
            case ("Backward", false):
                VectorNorm.Backward(a.In<T>("dnorm"), a.In<T>("x"), a.Out<T>("dx"), shape, a.P, a.Options);
                break;
            case ("Backward", true):
                VectorNorm.Backward(a.In<float>("dnorm"), a.In<T>("x"), a.Out<T>("dx"), shape, a.P, a.Options);
                break;
            case ("Jvp", false):
                VectorNorm.Jvp(a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpNorm"), shape, a.P, a.Options);
                break;
            default:
                VectorNorm.Jvp(a.In<T>("tanX"), a.In<T>("x"), a.Out<float>("jvpNorm"), shape, a.P, a.Options);
                break;
        }
    }

    protected override void ReferenceForward(Problem p, double[] x, double[] norm)
    {
        ReductionProblemShape s = (ReductionProblemShape)p.Shape;
        VectorNormReference.Forward(x, norm, s.Sizes, s.Reduced, s.P);
    }

    protected override void ReferenceBackward(Problem p, double[] dnorm, double[] x, double[] dx)
    {
        ReductionProblemShape s = (ReductionProblemShape)p.Shape;
        VectorNormReference.Backward(dnorm, x, dx, s.Sizes, s.Reduced, s.P);
    }

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpNorm)
    {
        ReductionProblemShape s = (ReductionProblemShape)p.Shape;
        VectorNormReference.Jvp(tanX, x, jvpNorm, s.Sizes, s.Reduced, s.P);
    }

    private static IEnumerable<ProblemShape> Each(IEnumerable<(int[] Sizes, int[] Axes)> sizes) =>
        sizes.Select((s, i) => new ReductionProblemShape(s.Sizes, s.Axes, _orders[(i + s.Sizes.Sum()) % _orders.Length]));

    private static IEnumerable<ProblemShape> All(params (int[] Sizes, int[] Axes)[] sizes) =>
        from s in sizes from p in _orders select new ReductionProblemShape(s.Sizes, s.Axes, p);
}
