using System.Collections.Immutable;
using System.IO;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>l2_normalize</c>.</summary>
internal sealed class L2NormalizeOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("x", "y") { SavesNorm = true };

    /// <inheritdoc/>
    public override string Name => "l2_normalize";

    /// <inheritdoc/>
    public override string Summary => "y = x / max(norm, eps), with the p-norm along one axis";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
        [new("x", "what is normalized", Required: true)];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("p", AttributeKind.Number, "order of the norm, above 0, or inf; 2 if not given"),
        new("dim", AttributeKind.Integer,
            "the axis; negative ones count from the end; none for the whole tensor; 1 if not given", MayBeNone: true),
        new("eps", AttributeKind.Number, "the least that x is divided by; 1e-12 if not given"),
    ];

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        long[] x = arguments.Shape("x");
        double p = arguments.Attributes.GetDouble("p", 2);
        if (!(p > 0))
        {
            throw new InvalidDataException("p must be above 0");
        }

        long? dim = arguments.Attributes.Has("dim") ? arguments.Attributes.GetOptionalLong("dim") : 1;
        if (dim is null)
        {
            return new Call(new AxisShape(1, NativeArena.Count(x), 1), p, arguments.Epsilon(1e-12))
            {
                Input = x,
                Statistic = ShapeArguments.Ones(x.Length),
            };
        }

        int axis = ShapeArguments.Axis("x", x, dim.Value);
        return new Call(AxisShape.Of(x, axis), p, arguments.Epsilon(1e-12))
        {
            Input = x,
            Statistic = ShapeArguments.Reduce(x, [axis], keep: true),
        };
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols) =>
        NormSample.Of(new { dim = 1 }, new NormSampleInput("x", [rows, cols], 0));

    private sealed class Call(AxisShape shape, double p, double epsilon) : NormCall
    {
        private readonly (int Outer, int Length, int Inner) _s =
            ((int)shape.Outer, (int)shape.Length, (int)shape.Inner);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) =>
            L2Normalize.Forward<T>(t.X.Span, t.Y.Span, shape, p, epsilon, t.Norm.Span, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) =>
            L2Normalize.Backward<T>(t.Dy.Span, t.X.Span, t.Dx.Span, shape, p, epsilon, options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) =>
            L2Normalize.Jvp<T>(t.TanX.Span, t.X.Span, t.JvpY.Span, shape, p, epsilon, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.L2Normalize.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.L2Normalize.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, p, epsilon, on.Of(t.Norm), workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.L2Normalize.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, p, epsilon, workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.L2Normalize.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, p, epsilon, workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) => L2NormalizeReference.Forward(
            t.X.Span, t.Y.Span, _s.Outer, _s.Length, _s.Inner, p, epsilon, t.Norm.Span);

        public override void Backward(NormTensors<double, double> t) => L2NormalizeReference.Backward(
            t.Dy.Span, t.X.Span, t.Dx.Span, _s.Outer, _s.Length, _s.Inner, p, epsilon);

        public override void Jvp(NormTensors<double, double> t) => L2NormalizeReference.Jvp(
            t.TanX.Span, t.X.Span, t.JvpY.Span, _s.Outer, _s.Length, _s.Inner, p, epsilon);
    }
}
