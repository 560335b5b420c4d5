using System.Collections.Immutable;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>normalize_along_dim</c>.</summary>
internal sealed class AxisNormOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("x", "y", "gamma", "beta") { SavesMeanAndRstd = true };

    /// <inheritdoc/>
    public override string Name => "normalize_along_dim";

    /// <inheritdoc/>
    public override string Summary => "y = (x - mean) * rstd * gamma + beta, along one axis";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
    [
        new("x", "what is normalized", Required: true),
        new("gamma", "scale of every element, of the shape of x"),
        new("beta", "offset of every element, of the shape of x"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("dim", AttributeKind.Integer, "the axis; negative ones count from the end; -1 if not given"),
        new("eps", AttributeKind.Number, "added under the root; 1e-5 if not given"),
    ];

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        long[] x = arguments.Shape("x");
        int axis = ShapeArguments.Axis("x", x, arguments.Attributes.GetLong("dim", -1));
        return new Call(AxisShape.Of(x, axis), arguments.Epsilon(1e-5))
        {
            Input = x,
            Parameter = x,
            Statistic = ShapeArguments.Reduce(x, [axis], keep: true),
        };
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols)
    {
        (long length, long inner) = NormSample.Split(cols);
        ImmutableArray<long> shape = [rows, length, inner];
        return NormSample.Of(new { dim = 1 }, new("x", shape, 0), new("gamma", shape, 0), new("beta", shape, 0));
    }

    private sealed class Call(AxisShape shape, double epsilon) : NormCall
    {
        private readonly (int Outer, int Length, int Inner) _s =
            ((int)shape.Outer, (int)shape.Length, (int)shape.Inner);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) => AxisNorm.Forward<T>(
            t.X.Span, t.Y.Span, shape, t.Weight.Span, t.Bias.Span, epsilon, t.Mean.Span, t.Rstd.Span, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) => AxisNorm.Backward<T>(
            t.Dy.Span, t.X.Span, t.Dx.Span, shape, t.Weight.Span, epsilon, t.Mean.Span, t.Rstd.Span, t.Dweight.Span,
            t.Dbias.Span, options: options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) => AxisNorm.Jvp<T>(
            t.TanX.Span, t.X.Span, t.JvpY.Span, shape, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span, epsilon,
            t.Mean.Span, t.Rstd.Span, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.AxisNorm.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.AxisNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, on.Of(t.Weight), on.Of(t.Bias), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.AxisNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, on.Of(t.Weight), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.AxisNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, on.Of(t.Weight), on.Of(t.TanWeight),
            on.Of(t.TanBias), epsilon, on.Of(t.Mean), on.Of(t.Rstd), workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) => AxisNormReference.Forward(
            t.X.Span, t.Y.Span, _s.Outer, _s.Length, _s.Inner, t.Weight.Span, t.Bias.Span, epsilon, t.Mean.Span,
            t.Rstd.Span);

        public override void Backward(NormTensors<double, double> t) => AxisNormReference.Backward(
            t.Dy.Span, t.X.Span, t.Dx.Span, _s.Outer, _s.Length, _s.Inner, t.Weight.Span, epsilon, t.Dweight.Span,
            t.Dbias.Span);

        public override void Jvp(NormTensors<double, double> t) => AxisNormReference.Jvp(
            t.TanX.Span, t.X.Span, t.JvpY.Span, _s.Outer, _s.Length, _s.Inner, t.Weight.Span, t.TanWeight.Span,
            t.TanBias.Span, epsilon);
    }
}
