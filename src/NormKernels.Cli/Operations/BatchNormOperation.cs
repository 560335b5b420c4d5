using System;
using System.Collections.Immutable;
using System.IO;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary>The operators of batch norm.</summary>
internal enum BatchNormKind
{
    /// <summary>With the statistics of the batch.</summary>
    Train,

    /// <summary>With running statistics as constants.</summary>
    Inference,

    /// <summary>One sample with its own statistics.</summary>
    Stateless,
}

/// <summary><c>batch_norm_train</c>, <c>batch_norm_inference</c> and <c>batch_norm_stateless</c>.</summary>
internal sealed class BatchNormOperation(BatchNormKind kind) : NormOperation(new("x", "y", "weight", "bias")
{
    SavesMeanAndRstd = kind != BatchNormKind.Inference,
    HasRunningStatistics = kind != BatchNormKind.Stateless,
    IsInference = kind == BatchNormKind.Inference,
})
{
    /// <inheritdoc/>
    public override string Name => kind switch
    {
        BatchNormKind.Train => "batch_norm_train",
        BatchNormKind.Inference => "batch_norm_inference",
        _ => "batch_norm_stateless",
    };

    /// <inheritdoc/>
    public override string Summary => kind switch
    {
        BatchNormKind.Train => "y = (x - mean) * rstd * weight + bias, over each channel of the batch",
        BatchNormKind.Inference => "y = (x - running_mean) / sqrt(running_var + eps) * weight + bias",
        _ => "batch_norm_train of one sample without a batch axis",
    };

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
    [
        new("x", "what is normalized" + (kind == BatchNormKind.Stateless ? "" : ", with a batch and channels"),
            Required: true),
        new("weight", "scale of every channel"),
        new("bias", "offset of every channel"),
        .. kind switch
        {
            BatchNormKind.Train => (ReadOnlySpan<OperationInput>)[
                new("running_mean", "mean of every channel so far, which is updated; goes with running_var",
                    IsFloat32: true),
                new("running_var", "variance of every channel so far, which is updated", IsFloat32: true),
            ],
            BatchNormKind.Inference => [
                new("running_mean", "mean of every channel", Required: true, IsFloat32: true),
                new("running_var", "variance of every channel", Required: true, IsFloat32: true),
            ],
            _ => [],
        },
    ];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        ShapeArguments.LayoutAttribute(
            kind == BatchNormKind.Stateless ? ShapeArguments.SampleLayouts : ShapeArguments.BatchLayouts),
        new("eps", AttributeKind.Number, "added under the root; 1e-5 if not given"),
        .. kind != BatchNormKind.Train ? (ReadOnlySpan<OperationAttribute>)[] : [
            new("momentum", AttributeKind.Number,
                "weight of this batch in the running statistics; none for a cumulative average; 0.1 if not given",
                MayBeNone: true),
            new("num_batches_tracked", AttributeKind.Integer, "batches before this one, for momentum none"),
        ],
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Verbs =>
        kind == BatchNormKind.Train ? NormSample.VerbsOfBothLayouts : base.Verbs;

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        ChannelShape shape = kind == BatchNormKind.Stateless
            ? ShapeArguments.Sample(arguments)
            : ShapeArguments.Batch(arguments);
        double epsilon = arguments.Epsilon(1e-5);
        double momentum = kind == BatchNormKind.Train ? Momentum(arguments) : 0;
        if (kind == BatchNormKind.Train)
        {
            ShapeArguments.RequireRunning(arguments, momentum, values: shape.Batch * shape.Spatial);
        }

        long[] input = arguments.Shape("x");
        return kind == BatchNormKind.Inference
            ? new InferenceCall(shape, epsilon) { Input = input, Parameter = [shape.Channels] }
            : new TrainCall(shape, epsilon, momentum)
            {
                Input = input,
                Parameter = [shape.Channels],
                Statistic = [shape.Channels],
            };
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols) => kind switch
    {
        BatchNormKind.Train => NormSample.OfChannels(new { }, verb, rows, cols, alone: 'C'),
        BatchNormKind.Inference => NormSample.OfChannels(
            new { }, verb, rows, cols, alone: 'C', "running_mean", "running_var"),
        _ => NormSample.Of(
            new { layout = "CL" }, new("x", [rows, cols], 0), new("weight", [rows], 0), new("bias", [rows], 0)),
    };

    // PyTorch's momentum of None: the average of all batches.
    private static double Momentum(OperationArguments arguments)
    {
        if (!arguments.Attributes.Has("momentum"))
        {
            return 0.1;
        }

        if (arguments.Attributes.GetOptionalDouble("momentum") is { } momentum)
        {
            return momentum;
        }

        if (!arguments.HasAny("running_mean", "running_var"))
        {
            return 0;
        }

        return arguments.Attributes.GetOptionalLong("num_batches_tracked") is { } batches and >= 0
            ? BatchNorm.CumulativeMomentum(batches)
            : throw new InvalidDataException("without a momentum, num_batches_tracked must be given, and be 0 or more");
    }

    private sealed class TrainCall(ChannelShape shape, double epsilon, double momentum) : NormCall
    {
        private readonly (int Batch, int Channels, int Spatial, bool ChannelsLast) _s =
            ((int)shape.Batch, (int)shape.Channels, (int)shape.Spatial, shape.Layout == ChannelLayout.ChannelsLast);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) => BatchNorm.Forward<T>(
            t.X.Span, t.Y.Span, shape, t.Weight.Span, t.Bias.Span, epsilon, t.Mean.Span, t.Rstd.Span,
            t.RunningMean.Span, t.RunningVar.Span, momentum, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) => BatchNorm.Backward<T>(
            t.Dy.Span, t.X.Span, t.Dx.Span, shape, t.Weight.Span, epsilon, t.Mean.Span, t.Rstd.Span, t.Dweight.Span,
            t.Dbias.Span, options: options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) => BatchNorm.Jvp<T>(
            t.TanX.Span, t.X.Span, t.JvpY.Span, shape, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span, epsilon,
            t.Mean.Span, t.Rstd.Span, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.BatchNorm.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.BatchNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, on.Of(t.Weight), on.Of(t.Bias), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), on.Of(t.RunningMean), on.Of(t.RunningVar), momentum, workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.BatchNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, on.Of(t.Weight), epsilon, on.Of(t.Mean),
            on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.BatchNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, on.Of(t.Weight), on.Of(t.TanWeight),
            on.Of(t.TanBias), epsilon, on.Of(t.Mean), on.Of(t.Rstd), workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) => BatchNormReference.Forward(
            t.X.Span, t.Y.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.Weight.Span, t.Bias.Span,
            epsilon, t.Mean.Span, t.Rstd.Span, t.RunningMean.Span, t.RunningVar.Span, momentum);

        public override void Backward(NormTensors<double, double> t) => BatchNormReference.Backward(
            t.Dy.Span, t.X.Span, t.Dx.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.Weight.Span,
            epsilon, t.Dweight.Span, t.Dbias.Span);

        public override void Jvp(NormTensors<double, double> t) => BatchNormReference.Jvp(
            t.TanX.Span, t.X.Span, t.JvpY.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.Weight.Span,
            t.TanWeight.Span, t.TanBias.Span, epsilon);
    }

    private sealed class InferenceCall(ChannelShape shape, double epsilon) : NormCall
    {
        private readonly (int Batch, int Channels, int Spatial, bool ChannelsLast) _s =
            ((int)shape.Batch, (int)shape.Channels, (int)shape.Spatial, shape.Layout == ChannelLayout.ChannelsLast);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) => BatchNorm.Inference<T>(
            t.X.Span, t.Y.Span, shape, t.RunningMean.Span, t.RunningVar.Span, t.Weight.Span, t.Bias.Span, epsilon,
            options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) =>
            BatchNorm.InferenceBackward<T>(
                t.Dy.Span, t.X.Span, t.Dx.Span, shape, t.RunningMean.Span, t.RunningVar.Span, t.Weight.Span, epsilon,
                t.Dweight.Span, t.Dbias.Span, options: options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) => BatchNorm.InferenceJvp<T>(
            t.TanX.Span, t.X.Span, t.JvpY.Span, shape, t.RunningMean.Span, t.RunningVar.Span, t.Weight.Span,
            t.TanWeight.Span, t.TanBias.Span, epsilon, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.BatchNorm.WorkspaceSize(shape);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.BatchNorm.Inference(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, on.Of(t.RunningMean), on.Of(t.RunningVar), on.Of(t.Weight),
            on.Of(t.Bias), epsilon);

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.BatchNorm.InferenceBackward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, on.Of(t.RunningMean), on.Of(t.RunningVar),
            on.Of(t.Weight), epsilon, on.Of(t.Dweight), on.Of(t.Dbias), workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.BatchNorm.InferenceJvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, on.Of(t.RunningMean), on.Of(t.RunningVar),
            on.Of(t.Weight), on.Of(t.TanWeight), on.Of(t.TanBias), epsilon);

        public override void Forward(NormTensors<double, double> t) => BatchNormReference.Inference(
            t.X.Span, t.Y.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.RunningMean.Span,
            t.RunningVar.Span, t.Weight.Span, t.Bias.Span, epsilon);

        public override void Backward(NormTensors<double, double> t) => BatchNormReference.InferenceBackward(
            t.Dy.Span, t.X.Span, t.Dx.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.RunningMean.Span,
            t.RunningVar.Span, t.Weight.Span, epsilon, t.Dweight.Span, t.Dbias.Span);

        public override void Jvp(NormTensors<double, double> t) => BatchNormReference.InferenceJvp(
            t.TanX.Span, t.X.Span, t.JvpY.Span, _s.Batch, _s.Channels, _s.Spatial, _s.ChannelsLast, t.RunningMean.Span,
            t.RunningVar.Span, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span, epsilon);
    }
}
