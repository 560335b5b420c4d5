using System.Collections.Immutable;
using System.IO;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>vector_norm</c>.</summary>
internal sealed class VectorNormOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("x", "norm");

    /// <inheritdoc/>
    public override string Name => "vector_norm";

    /// <inheritdoc/>
    public override string Summary => "norm = (sum |x|^ord)^(1/ord), over any axes";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } = [new("x", "what is measured", Required: true)];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("ord", AttributeKind.Number, "order of the norm, inf and -inf included; 2 if not given"),
        new("dim", AttributeKind.Integers, "the axes; negative ones count from the end; all if not given"),
        new("keepdim", AttributeKind.Flag, "keeps the axes as axes of 1"),
    ];

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        long[] x = arguments.Shape("x");
        double order = arguments.Attributes.GetDouble("ord", 2);
        int[] axes = ShapeArguments.Axes(arguments, "x", x) is { Length: > 0 } given
            ? given
            : [.. Enumerable.Range(0, x.Length)];
        long[] norm = ShapeArguments.Reduce(x, axes, arguments.Attributes.GetBool("keepdim", fallback: false));
        if (NativeArena.Count(x) == 0 && NativeArena.Count(norm) != 0 && (order < 0 || double.IsInfinity(order)))
        {
            throw new InvalidDataException("slices without elements have no norm of a negative or infinite order");
        }

        return order != 0 || !arguments.HasAny("ct_norm", "tan_x")
            ? new Call(ReductionShape.Of(x, axes), [.. x.Select(length => (int)length)], axes, order)
            {
                Input = x,
                Output = norm,
            }
            : throw new InvalidDataException("the norm of order 0 has no derivative");
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols) =>
        NormSample.Of(new { dim = 1 }, new NormSampleInput("x", [rows, cols], 0));

    private sealed class Call(ReductionShape shape, int[] sizes, int[] axes, double order) : NormCall
    {
        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) =>
            VectorNorm.Forward<T>(t.X.Span, t.Y.Span, shape, order, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) =>
            VectorNorm.Backward<T>(t.Dy.Span, t.X.Span, t.Dx.Span, shape, order, options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) =>
            VectorNorm.Jvp<T>(t.TanX.Span, t.X.Span, t.JvpY.Span, shape, order, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.VectorNorm.WorkspaceSize(shape, order);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.VectorNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, order, workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.VectorNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, order, workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.VectorNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, order, workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) =>
            VectorNormReference.Forward(t.X.Span, t.Y.Span, sizes, axes, order);

        public override void Backward(NormTensors<double, double> t) =>
            VectorNormReference.Backward(t.Dy.Span, t.X.Span, t.Dx.Span, sizes, axes, order);

        public override void Jvp(NormTensors<double, double> t) =>
            VectorNormReference.Jvp(t.TanX.Span, t.X.Span, t.JvpY.Span, sizes, axes, order);
    }
}
