using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

using ReferenceOrder = NormKernels.Reference.MatrixNormOrder;

namespace NormKernels.Tests.Norms;

internal sealed class MatrixNormCalls() : ReductionCalls(Number.MatrixOrder, Number.MatrixOrder, Argument.Workspace())
{
    private static readonly MatrixNormOrder[] _orders = Enum.GetValues<MatrixNormOrder>();

    private static readonly ShapeList _shapes = new()
    {
        Accurate =
        [
            .. All([2, 1, 1], [3, 1, 5], [3, 5, 1], [2, 3, 3], [2, 4, 7], [2, 9, 2], [1, 17, 16], [1, 33, 5], [2, 2, 65]),
            .. Permuted([3, 4, 5, 2]), .. Each([2, 20, 33], 0, 1), .. Each([35, 37], 0, 1), .. Each([70, 3, 4], 0, 2), .. Each([3, 300, 40], 1, 2, lines: true),
            .. Each([0, 3, 4], 1, 2),
            new MatrixProblemShape([2, 0, 3], 1, 2, MatrixNormOrder.Frobenius),
            new MatrixProblemShape([2, 3, 0], 1, 2, MatrixNormOrder.Nuclear),
            new MatrixProblemShape([2, 0, 3], 1, 2, MatrixNormOrder.MaxColumnSum),
            new MatrixProblemShape([2, 3, 0], 1, 2, MatrixNormOrder.MinRowSum),
        ],
        Tiny = [.. All([2, 3, 4]), new MatrixProblemShape([5, 4], 1, 0, MatrixNormOrder.Nuclear)],
        Small = [.. All([5, 3, 4]), .. Permuted([4, 17, 3]), .. Each([4, 5, 19], 0, 2, lines: true)],
        Parallel =
        [
            new MatrixProblemShape([600, 15, 50], 1, 2, MatrixNormOrder.MaxColumnSum),
            new MatrixProblemShape([600, 15, 50], 0, 2, MatrixNormOrder.Frobenius),
            new MatrixProblemShape([3, 2000, 70], 0, 2, MatrixNormOrder.Nuclear),
        ],
        Guarded =
        [
            .. All([2, 1, 1], [2, 3, 5], [2, 16, 16], [2, 17, 33], [2, 65, 2]), .. Permuted([3, 2, 5]),
            .. Each([2, 3, 257], 1, 2), .. Each([2, 511, 3], 1, 2, lines: true),
        ],
        Numbers = [.. All([2, 1, 1], [2, 1, 5], [2, 3, 2], [2, 4, 4], [2, 17, 6]), .. Each([2, 30, 30], 1, 2, lines: true)],
        LargeWorkspace = new MatrixProblemShape([2, 40, 40], 1, 2, MatrixNormOrder.Nuclear),
        Empty =
        [
            MatrixShape.Of([0, ShapeList.Huge, 1]), MatrixShape.Of([ShapeList.Huge, 1, 0], 0, 2), MatrixShape.Of([0, 1, ShapeList.Huge]),
        ],
    };

    public override string Name => nameof(MatrixNorm);

    public override ShapeList Shapes => _shapes;

    public override long WorkspaceSize(Problem problem, CpuOptions options) =>
        MatrixNorm.WorkspaceSize((MatrixShape)problem.Shape.Native, ((MatrixProblemShape)problem.Shape).Order, options);

    public override void Call<T>(Verb verb, Arguments a)
    {
        MatrixShape shape = (MatrixShape)a.Shape;
        MatrixNormOrder order = (MatrixNormOrder)(int)a.Numbers["order"];
        Span<byte> workspace = a.Out<byte>("workspace");
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                MatrixNorm.Forward(a.In<T>("x"), a.Out<T>("norm"), shape, order, workspace, a.Options);
                break;
            case ("Forward", true):
                MatrixNorm.Forward(a.In<T>("x"), a.Out<float>("norm"), shape, order, workspace, a.Options);
                break;
            case ("Backward", false):
                MatrixNorm.Backward(a.In<T>("dnorm"), a.In<T>("x"), a.Out<T>("dx"), shape, order, workspace, a.Options);
                break;
            case ("Backward", true):
                MatrixNorm.Backward(
                    a.In<float>("dnorm"), a.In<T>("x"), a.Out<T>("dx"), shape, order, workspace, a.Options);
                break;
            case ("Jvp", false):
                MatrixNorm.Jvp(a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpNorm"), shape, order, workspace, a.Options);
                break;
            default:
                MatrixNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<float>("jvpNorm"), shape, order, workspace, a.Options);
                break;
        }
    }

    protected override void ReferenceForward(Problem p, double[] x, double[] norm)
    {
        MatrixProblemShape s = (MatrixProblemShape)p.Shape;
        MatrixNormReference.Forward(x, norm, s.Sizes, s.RowAxis, s.ColumnAxis, Of(s));
    }

    protected override void ReferenceBackward(Problem p, double[] dnorm, double[] x, double[] dx)
    {
        MatrixProblemShape s = (MatrixProblemShape)p.Shape;
        MatrixNormReference.Backward(dnorm, x, dx, s.Sizes, s.RowAxis, s.ColumnAxis, Of(s));
    }

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpNorm)
    {
        MatrixProblemShape s = (MatrixProblemShape)p.Shape;
        MatrixNormReference.Jvp(tanX, x, jvpNorm, s.Sizes, s.RowAxis, s.ColumnAxis, Of(s));
    }

    private static ReferenceOrder Of(MatrixProblemShape s) => Enum.Parse<ReferenceOrder>(s.Order.ToString());

    private static IEnumerable<ProblemShape> Each(int[] sizes, int row, int column, bool lines = false) =>
        _orders.Where(order => !lines || order is MatrixNormOrder.Frobenius
            or (>= MatrixNormOrder.MaxColumnSum and <= MatrixNormOrder.MinRowSum))
            .Select(order => new MatrixProblemShape(sizes, row, column, order));

    // Matrices in the last two axes.
    private static IEnumerable<ProblemShape> All(params int[][] sizes) => sizes.SelectMany(s => Each(s, 1, 2));

    // Rows and columns in any two axes, the orders in turn.
    private static IEnumerable<ProblemShape> Permuted(int[] sizes) =>
        from row in Enumerable.Range(0, sizes.Length)
        from column in Enumerable.Range(0, sizes.Length)
        where row != column
        select new MatrixProblemShape(sizes, row, column, _orders[(3 * row + column) % _orders.Length]);
}
