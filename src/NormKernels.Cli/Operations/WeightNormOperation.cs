using System.Collections.Immutable;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>weight_norm</c>.</summary>
internal sealed class WeightNormOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("v", "w", "g") { SavesNorm = true };

    /// <inheritdoc/>
    public override string Name => "weight_norm";

    /// <inheritdoc/>
    public override string Summary => "w = g * v / norm, with the norm over all axes but one";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
    [
        new("v", "direction", Required: true),
        new("g", "length: of as many axes as v, all 1 but dim; () for dim none", Required: true),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("dim", AttributeKind.Integer,
            "the axis that is kept; negative ones count from the end; none for one norm of all; 0 if not given",
            MayBeNone: true),
        new("eps", AttributeKind.Number, "added under the root of the norm; 0 if not given"),
    ];

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        long[] v = arguments.Shape("v");
        double epsilon = arguments.Epsilon(0);
        long? dim = arguments.Attributes.Has("dim") ? arguments.Attributes.GetOptionalLong("dim") : 0;
        if (dim is null)
        {
            return new Call(AxisShape.Whole(NativeArena.Count(v)), epsilon) { Input = v };
        }

        int axis = ShapeArguments.Axis("v", v, dim.Value);
        long[] kept = ShapeArguments.Ones(v.Length);
        kept[axis] = v[axis];
        return new Call(AxisShape.Of(v, axis), epsilon) { Input = v, Parameter = kept, Statistic = kept };
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols) =>
        NormSample.Of(new { dim = 0 }, new("v", [rows, cols], 0), new("g", [rows, 1], 0));

    private sealed class Call(AxisShape shape, double epsilon) : NormCall
    {
        private readonly (int Outer, int Length, int Inner) _s =
            ((int)shape.Outer, (int)shape.Length, (int)shape.Inner);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) =>
            WeightNorm.Forward<T>(t.X.Span, t.Weight.Span, t.Y.Span, shape, epsilon, t.Norm.Span, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) => WeightNorm.Backward<T>(
            t.Dy.Span, t.X.Span, t.Weight.Span, t.Dx.Span, shape, epsilon, t.Dweight.Span, options: options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) => WeightNorm.Jvp<T>(
            t.TanX.Span, t.TanWeight.Span, t.X.Span, t.Weight.Span, t.JvpY.Span, shape, epsilon, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.WeightNorm.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.WeightNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Weight), on.Of(t.Y), shape, epsilon, on.Of(t.Norm),
            workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.WeightNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Weight), on.Of(t.Dx), shape, epsilon, on.Of(t.Dweight),
            workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.WeightNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.TanWeight), on.Of(t.X), on.Of(t.Weight), on.Of(t.JvpY), shape, epsilon,
            workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) => WeightNormReference.Forward(
            t.X.Span, t.Weight.Span, t.Y.Span, _s.Outer, _s.Length, _s.Inner, epsilon, t.Norm.Span);

        public override void Backward(NormTensors<double, double> t) => WeightNormReference.Backward(
            t.Dy.Span, t.X.Span, t.Weight.Span, t.Dx.Span, _s.Outer, _s.Length, _s.Inner, epsilon, t.Dweight.Span);

        public override void Jvp(NormTensors<double, double> t) => WeightNormReference.Jvp(
            t.TanX.Span, t.TanWeight.Span, t.X.Span, t.Weight.Span, t.JvpY.Span, _s.Outer, _s.Length, _s.Inner,
            epsilon);
    }
}
