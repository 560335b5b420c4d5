using System.Collections.Immutable;
using System.IO;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>group_norm</c>.</summary>
internal sealed class GroupNormOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("x", "y", "weight", "bias") { SavesMeanAndRstd = true };

    /// <inheritdoc/>
    public override string Name => "group_norm";

    /// <inheritdoc/>
    public override string Summary =>
        "y = (x - mean) * rstd * weight + bias, over groups of channels of a sample";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
    [
        new("x", "what is normalized, with a batch and channels", Required: true),
        new("weight", "scale of every channel"),
        new("bias", "offset of every channel"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("num_groups", AttributeKind.Integer, "how many groups; divides the number of channels", Required: true),
        ShapeArguments.LayoutAttribute(ShapeArguments.BatchLayouts),
        new("eps", AttributeKind.Number, "added under the root; 1e-5 if not given"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Verbs => NormSample.VerbsOfBothLayouts;

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        ChannelShape shape = ShapeArguments.Batch(arguments);
        long groups = arguments.Attributes.GetLong("num_groups");
        return groups >= 1 && shape.Channels % groups == 0
            ? new Call(shape, groups, arguments.Epsilon(1e-5))
            {
                Input = arguments.Shape("x"),
                Parameter = [shape.Channels],
                Statistic = [shape.Batch, groups],
            }
            : throw new InvalidDataException($"num_groups {groups} does not divide the {shape.Channels} channels of x");
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols)
    {
        (long channels, _) = NormSample.Split(cols);
        return NormSample.OfChannels(new { num_groups = long.Min(8, channels) }, verb, rows, cols, alone: 'N');
    }

    private sealed class Call(ChannelShape shape, long groups, double epsilon) : NormCall
    {
        private readonly (int Batch, int Channels, int Spatial, bool ChannelsLast, int Groups) _s = (
            (int)shape.Batch, (int)shape.Channels, (int)shape.Spatial, shape.Layout == ChannelLayout.ChannelsLast,
            (int)groups);

        public override long WorkspaceSize(CpuOptions options) => GroupNorm.WorkspaceSize(shape, groups);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) => GroupNorm.Forward<T>(
            t.X.Span, t.Y.Span, shape, groups, t.Weight.Span, t.Bias.Span, epsilon, t.Mean.Span, t.Rstd.Span, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) => GroupNorm.Backward<T>(
            t.Dy.Span, t.X.Span, t.Dx.Span, shape, groups, t.Weight.Span, epsilon, t.Mean.Span, t.Rstd.Span,
            t.Dweight.Span, t.Dbias.Span, t.Workspace.Span, options: options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) => GroupNorm.Jvp<T>(
            t.TanX.Span, t.X.Span, t.JvpY.Span, shape, groups, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span,
            epsilon, t.Mean.Span, t.Rstd.Span, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.GroupNorm.WorkspaceSize(shape, groups);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.GroupNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, groups, on.Of(t.Weight), on.Of(t.Bias), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.GroupNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, groups, on.Of(t.Weight), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.GroupNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, groups, on.Of(t.Weight), on.Of(t.TanWeight),
            on.Of(t.TanBias), epsilon, on.Of(t.Mean), on.Of(t.Rstd), workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) => GroupNormReference.Forward(
            t.X.Span, t.Y.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, _s.Groups, t.Weight.Span,
            t.Bias.Span, epsilon, t.Mean.Span, t.Rstd.Span);

        public override void Backward(NormTensors<double, double> t) => GroupNormReference.Backward(
            t.Dy.Span, t.X.Span, t.Dx.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, _s.Groups,
            t.Weight.Span, epsilon, t.Dweight.Span, t.Dbias.Span);

        public override void Jvp(NormTensors<double, double> t) => GroupNormReference.Jvp(
            t.TanX.Span, t.X.Span, t.JvpY.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, _s.Groups,
            t.Weight.Span, t.TanWeight.Span, t.TanBias.Span, epsilon);
    }
}
