using System;

using NormKernels.Cuda;
using NormKernels.Validation;

namespace NormKernels.Layers;

/// <summary>
/// Instance normalization as a layer, PyTorch's <c>nn.InstanceNorm1d</c>, <c>2d</c> and <c>3d</c>: each channel of each
/// sample by its own mean and variance, then a weight and a bias for each channel. As in PyTorch there is neither
/// weight nor bias, and there are no running statistics, unless they are asked for.
/// </summary>
/// <remarks>
/// <para>With running statistics and <see cref="NormLayer{T}.IsTraining"/> a forward pass updates them, on which its
/// result does not depend; without <see cref="NormLayer{T}.IsTraining"/> it is by them, and they are constants for the
/// backward pass too. Their <c>num_batches_tracked</c> is loaded and saved, and counts nothing: PyTorch's does not
/// either.</para>
/// <para>See <see cref="NormLayer{T}"/> for where it lives, training, memory and threads, and
/// <see cref="InstanceNorm"/> for the norm.</para>
/// </remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class InstanceNormLayer<T> : ChannelNormLayer<T>
    where T : unmanaged
{
    private readonly RunningStatistics? _running;

    /// <summary>A layer; if they are asked for with a weight of ones, a bias of zeros, running means of zeros and
    /// running variances of ones.</summary>
    /// <param name="channels">Number of channels.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="momentum">Share of a batch in the running statistics, 0 to 1.</param>
    /// <param name="affine">Whether there is a weight.</param>
    /// <param name="bias">Whether there is a bias beside the weight.</param>
    /// <param name="trackRunningStatistics">Whether there are running statistics.</param>
    /// <param name="device">Where the layer lives; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not float, Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is negative or more than an array
    /// holds, <paramref name="epsilon"/> is negative or NaN, or <paramref name="momentum"/> is not within 0 and
    /// 1.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public InstanceNormLayer(
        long channels,
        double epsilon = 1e-5,
        double momentum = 0.1,
        bool affine = false,
        bool bias = true,
        bool trackRunningStatistics = false,
        CudaDevice? device = null)
        : base(channels, epsilon, affine, bias, device)
    {
        Require.Momentum(momentum, nameof(momentum));
        Momentum = momentum;
        _running = trackRunningStatistics ? AddRunningStatistics(channels) : null;
    }

    /// <summary>Share of a batch in the running statistics.</summary>
    public double Momentum { get; }

    /// <summary>The running means, [channels]; null if there are none.</summary>
    public LayerTensor<float>? RunningMean => _running?.Mean;

    /// <summary>The running variances, [channels], unbiased; null if there are none.</summary>
    public LayerTensor<float>? RunningVar => _running?.Variance;

    private protected override long Slices(in ChannelShape shape) => shape.Batch * shape.Channels;

    private protected override void TrainOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, Span<float> mean, Span<float> rstd, Span<byte> workspace,
        in CpuOptions options) =>
        InstanceNorm.Forward(
            x, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(RunningMean), LayerTensor<float>.SpanOf(RunningVar), Momentum, workspace,
            options);

    private protected override void InferOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, in CpuOptions options)
    {
        if (_running is null)
        {
            InstanceNorm.Forward(
                x, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, options: options);
            return;
        }

        InstanceNorm.Inference(
            x, y, shape, _running.Mean.Span, _running.Variance.Span, LayerTensor<T>.SpanOf(Weight),
            LayerTensor<T>.SpanOf(Bias), Epsilon, options);
    }

    private protected override void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        InstanceNorm.Backward(
            dy, x, dx, shape, LayerTensor<T>.SpanOf(Weight), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), workspace,
            accumulate: true, options);

    private protected override void InferBackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, Span<byte> workspace,
        in CpuOptions options)
    {
        if (_running is null)
        {
            base.InferBackwardOnHost(dy, x, dx, shape, workspace, options);
            return;
        }

        // By running statistics an instance is a batch like any other.
        BatchNorm.InferenceBackward(
            dy, x, dx, shape, _running.Mean.Span, _running.Variance.Span, LayerTensor<T>.SpanOf(Weight), Epsilon,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), accumulate: true,
            options);
    }

    private protected override void TrainOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape, DeviceBuffer<float> mean,
        DeviceBuffer<float> rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.InstanceNorm.Forward(
            stream, x, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, mean, rstd, RunningMean?.Buffer,
            RunningVar?.Buffer, Momentum, workspace);

    private protected override void InferOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape,
        DeviceBuffer<byte>? workspace)
    {
        if (_running is null)
        {
            Cuda.InstanceNorm.Forward(
                stream, x, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, workspace: workspace);
            return;
        }

        Cuda.InstanceNorm.Inference(
            stream, x, y, shape, _running.Mean.Buffer, _running.Variance.Buffer, Weight?.Buffer, Bias?.Buffer, Epsilon);
    }

    private protected override void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.InstanceNorm.Backward(
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

    private protected override long WorkspaceSizeOnHost(in ChannelShape shape) =>
        HasParameters || _running is not null ? InstanceNorm.WorkspaceSize(shape) : 0;

    private protected override long WorkspaceSizeOnDevice(in ChannelShape shape, bool inference) =>
        inference && _running is not null ? 0 : Cuda.InstanceNorm.WorkspaceSize(shape);
}
