using System;

using NormKernels.Cuda;
using NormKernels.Validation;

namespace NormKernels.Layers;

/// <summary>
/// Batch normalization as a layer, PyTorch's <c>nn.BatchNorm1d</c>, <c>2d</c> and <c>3d</c>: each channel by its mean
/// and variance over the batch in training, by running statistics in inference, then a weight and a bias for each
/// channel. The weight starts as ones, the bias and the running means as zeros, the running variances as ones.
/// </summary>
/// <remarks>
/// <para>With <see cref="NormLayer{T}.IsTraining"/> a forward pass is by the statistics of the batch, updates the
/// running ones and counts the batch. Without it, it is by the running statistics, which are then constants for the
/// backward pass too. A layer without running statistics always takes those of the batch.</para>
/// <para>On a device running statistics are updated where they are, and batches are counted when a pass is enqueued:
/// replaying a CUDA graph updates the former and does not count.</para>
/// <para>See <see cref="NormLayer{T}"/> for where it lives, training, memory and threads, and <see cref="BatchNorm"/>
/// for the norm.</para>
/// </remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class BatchNormLayer<T> : ChannelNormLayer<T>
    where T : unmanaged
{
    private readonly RunningStatistics? _running;

    /// <summary>A layer that has seen no batch yet.</summary>
    /// <param name="channels">Number of channels.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="momentum">Share of a batch in the running statistics, 0 to 1. Null: these are the average over all
    /// batches.</param>
    /// <param name="affine">Whether there is a weight.</param>
    /// <param name="bias">Whether there is a bias beside the weight.</param>
    /// <param name="trackRunningStatistics">Whether there are running statistics.</param>
    /// <param name="device">Where the layer lives; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not float, Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is negative or more than an array
    /// holds, <paramref name="epsilon"/> is negative or NaN, or <paramref name="momentum"/> is not within 0 and
    /// 1.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public BatchNormLayer(
        long channels,
        double epsilon = 1e-5,
        double? momentum = 0.1,
        bool affine = true,
        bool bias = true,
        bool trackRunningStatistics = true,
        CudaDevice? device = null)
        : base(channels, epsilon, affine, bias, device)
    {
        Require.Momentum(momentum ?? 0, nameof(momentum));
        Momentum = momentum;
        _running = trackRunningStatistics ? AddRunningStatistics(channels) : null;
    }

    /// <summary>Share of a batch in the running statistics; null: these are the average over all batches.</summary>
    public double? Momentum { get; }

    /// <summary>The running means, [channels]; null if there are none.</summary>
    public LayerTensor<float>? RunningMean => _running?.Mean;

    /// <summary>The running variances, [channels], unbiased; null if there are none.</summary>
    public LayerTensor<float>? RunningVar => _running?.Variance;

    /// <summary>How many batches went into the running statistics.</summary>
    public long NumBatchesTracked => _running?.Batches.Value ?? 0;

    // The share of the batch that comes next.
    private double NextMomentum => Momentum ?? BatchNorm.CumulativeMomentum(NumBatchesTracked);

    private protected override long Slices(in ChannelShape shape) => shape.Channels;

    private protected override void TrainOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, Span<float> mean, Span<float> rstd, Span<byte> workspace,
        in CpuOptions options)
    {
        BatchNorm.Forward(
            x, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(RunningMean), LayerTensor<float>.SpanOf(RunningVar), NextMomentum, options);
        CountBatch();
    }

    private protected override void InferOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, in CpuOptions options)
    {
        if (_running is null)
        {
            BatchNorm.Forward(
                x, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, options: options);
            return;
        }

        BatchNorm.Inference(
            x, y, shape, _running.Mean.Span, _running.Variance.Span, LayerTensor<T>.SpanOf(Weight),
            LayerTensor<T>.SpanOf(Bias), Epsilon, options);
    }

    private protected override void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        BatchNorm.Backward(
            dy, x, dx, shape, LayerTensor<T>.SpanOf(Weight), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), accumulate: true,
            options);

    private protected override void InferBackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, Span<byte> workspace,
        in CpuOptions options)
    {
        if (_running is null)
        {
            base.InferBackwardOnHost(dy, x, dx, shape, workspace, options);
            return;
        }

        BatchNorm.InferenceBackward(
            dy, x, dx, shape, _running.Mean.Span, _running.Variance.Span, LayerTensor<T>.SpanOf(Weight), Epsilon,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), accumulate: true,
            options);
    }

    private protected override void TrainOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape, DeviceBuffer<float> mean,
        DeviceBuffer<float> rstd, DeviceBuffer<byte>? workspace)
    {
        Cuda.BatchNorm.Forward(
            stream, x, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, mean, rstd, RunningMean?.Buffer,
            RunningVar?.Buffer, NextMomentum, workspace);
        CountBatch();
    }

    private protected override void InferOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape,
        DeviceBuffer<byte>? workspace)
    {
        if (_running is null)
        {
            Cuda.BatchNorm.Forward(
                stream, x, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, workspace: workspace);
            return;
        }

        Cuda.BatchNorm.Inference(
            stream, x, y, shape, _running.Mean.Buffer, _running.Variance.Buffer, Weight?.Buffer, Bias?.Buffer, Epsilon);
    }

    private protected override void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.BatchNorm.Backward(
            stream, dy, x, dx, shape, Weight?.Buffer, Epsilon, mean, rstd, Weight?.Gradient?.Buffer,
            Bias?.Gradient?.Buffer, workspace, accumulate: true);

    private protected override void InferBackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        DeviceBuffer<byte>? workspace)
    {
        if (_running is null)
        {
            base.InferBackwardOnDevice(stream, dy, x, dx, shape, workspace);
            return;
        }

        Cuda.BatchNorm.InferenceBackward(
            stream, dy, x, dx, shape, _running.Mean.Buffer, _running.Variance.Buffer, Weight?.Buffer, Epsilon,
            Weight?.Gradient?.Buffer, Bias?.Gradient?.Buffer, workspace, accumulate: true);
    }

    private protected override long WorkspaceSizeOnHost(in ChannelShape shape) => 0;

    private protected override long WorkspaceSizeOnDevice(in ChannelShape shape, bool inference) =>
        inference && _running is not null ? 0 : Cuda.BatchNorm.WorkspaceSize(shape);

    private void CountBatch()
    {
        if (_running is not null)
        {
            _running.Batches.Value = checked(_running.Batches.Value + 1);
        }
    }
}
