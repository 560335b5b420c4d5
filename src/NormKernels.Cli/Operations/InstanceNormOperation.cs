using System.Collections.Immutable;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>instance_norm</c>.</summary>
internal sealed class InstanceNormOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("x", "y", "weight", "bias")
    {
        SavesMeanAndRstd = true,
        HasRunningStatistics = true,
    };

    /// <inheritdoc/>
    public override string Name => "instance_norm";

    /// <inheritdoc/>
    public override string Summary => "y = (x - mean) * rstd * weight + bias, over each channel of a sample";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
    [
        new("x", "what is normalized, with a batch and channels", Required: true),
        new("weight", "scale of every channel"),
        new("bias", "offset of every channel"),
        new("running_mean", "mean of every channel so far, which is updated; goes with running_var", IsFloat32: true),
        new("running_var", "variance of every channel so far, which is updated", IsFloat32: true),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        ShapeArguments.LayoutAttribute(ShapeArguments.BatchLayouts),
        new("eps", AttributeKind.Number, "added under the root; 1e-5 if not given"),
        new("momentum", AttributeKind.Number, "weight of this batch in the running statistics; 0.1 if not given"),
    ];

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        ChannelShape shape = ShapeArguments.Batch(arguments);
        double momentum = arguments.Attributes.GetDouble("momentum", 0.1);
        ShapeArguments.RequireRunning(arguments, momentum, values: shape.Batch == 0 ? 0 : shape.Spatial);
        return new Call(shape, arguments.Epsilon(1e-5), momentum)
        {
            Input = arguments.Shape("x"),
            Parameter = [shape.Channels],
            Statistic = [shape.Batch, shape.Channels],
        };
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols) =>
        NormSample.OfChannels(new { }, verb, rows, cols, alone: 'N');

    private sealed class Call(ChannelShape shape, double epsilon, double momentum) : NormCall
    {
        private readonly (int Batch, int Channels, int Spatial, bool ChannelsLast) _s =
            ((int)shape.Batch, (int)shape.Channels, (int)shape.Spatial, shape.Layout == ChannelLayout.ChannelsLast);

        public override long WorkspaceSize(CpuOptions options) => InstanceNorm.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) => InstanceNorm.Forward<T>(
            t.X.Span, t.Y.Span, shape, t.Weight.Span, t.Bias.Span, epsilon, t.Mean.Span, t.Rstd.Span,
            t.RunningMean.Span, t.RunningVar.Span, momentum, t.Workspace.Span, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) => InstanceNorm.Backward<T>(
            t.Dy.Span, t.X.Span, t.Dx.Span, shape, t.Weight.Span, epsilon, t.Mean.Span, t.Rstd.Span, t.Dweight.Span,
            t.Dbias.Span, t.Workspace.Span, options: options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) => InstanceNorm.Jvp<T>(
            t.TanX.Span, t.X.Span, t.JvpY.Span, shape, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span, epsilon,
            t.Mean.Span, t.Rstd.Span, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.InstanceNorm.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.InstanceNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, on.Of(t.Weight), on.Of(t.Bias), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), on.Of(t.RunningMean), on.Of(t.RunningVar), momentum, workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.InstanceNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, on.Of(t.Weight), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.InstanceNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, on.Of(t.Weight), on.Of(t.TanWeight),
            on.Of(t.TanBias), epsilon, on.Of(t.Mean), on.Of(t.Rstd), workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) => InstanceNormReference.Forward(
            t.X.Span, t.Y.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.Weight.Span, t.Bias.Span,
            epsilon, t.Mean.Span, t.Rstd.Span, t.RunningMean.Span, t.RunningVar.Span, momentum);

        public override void Backward(NormTensors<double, double> t) => InstanceNormReference.Backward(
            t.Dy.Span, t.X.Span, t.Dx.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.Weight.Span,
            epsilon, t.Dweight.Span, t.Dbias.Span);

        public override void Jvp(NormTensors<double, double> t) => InstanceNormReference.Jvp(
            t.TanX.Span, t.X.Span, t.JvpY.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.Weight.Span,
            t.TanWeight.Span, t.TanBias.Span, epsilon);
    }
}
