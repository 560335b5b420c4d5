using System;

using NormKernels.Cuda;

namespace NormKernels.Layers;

/// <summary>
/// Group normalization as a layer, PyTorch's <c>nn.GroupNorm</c>: each group of adjacent channels of each sample by its
/// own mean and variance, then a weight and a bias for each channel. The weight starts as ones, the bias as zeros.
/// </summary>
/// <remarks>See <see cref="NormLayer{T}"/> for where it lives, training, memory and threads, and
/// <see cref="GroupNorm"/> for the norm.</remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class GroupNormLayer<T> : ChannelNormLayer<T>
    where T : unmanaged
{
    /// <summary>A layer with a weight of ones and a bias of zeros.</summary>
    /// <param name="groups">Number of groups; divides the channels.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="affine">Whether there is a weight.</param>
    /// <param name="bias">Whether there is a bias beside the weight.</param>
    /// <param name="device">Where the layer lives; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not float, Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="groups"/> does not divide the channels, these are
    /// negative or more than an array holds, or <paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public GroupNormLayer(
        long groups,
        long channels,
        double epsilon = 1e-5,
        bool affine = true,
        bool bias = true,
        CudaDevice? device = null)
        : base(channels, epsilon, affine, bias, device) =>
        Groups = GroupNorm.Groups(new ChannelShape(batch: 0, channels, spatial: 0), groups);

    /// <summary>The number of groups.</summary>
    public long Groups { get; }

    private protected override long Slices(in ChannelShape shape) => shape.Batch * Groups;

    private protected override void TrainOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, Span<float> mean, Span<float> rstd, Span<byte> workspace,
        in CpuOptions options) =>
        GroupNorm.Forward(
            x, y, shape, Groups, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, mean, rstd,
            options);

    private protected override void InferOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, in CpuOptions options) =>
        GroupNorm.Forward(
            x, y, shape, Groups, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, options: options);

    private protected override void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        GroupNorm.Backward(
            dy, x, dx, shape, Groups, LayerTensor<T>.SpanOf(Weight), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), workspace,
            accumulate: true, options);

    private protected override void TrainOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape, DeviceBuffer<float> mean,
        DeviceBuffer<float> rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.GroupNorm.Forward(
            stream, x, y, shape, Groups, Weight?.Buffer, Bias?.Buffer, Epsilon, mean, rstd, workspace);

    private protected override void InferOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape,
        DeviceBuffer<byte>? workspace) =>
        Cuda.GroupNorm.Forward(
            stream, x, y, shape, Groups, Weight?.Buffer, Bias?.Buffer, Epsilon, workspace: workspace);

    private protected override void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.GroupNorm.Backward(
            stream, dy, x, dx, shape, Groups, Weight?.Buffer, Epsilon, mean, rstd, Weight?.Gradient?.Buffer,
            Bias?.Gradient?.Buffer, workspace, accumulate: true);

    private protected override long WorkspaceSizeOnHost(in ChannelShape shape) =>
        HasParameters ? GroupNorm.WorkspaceSize(shape, Groups) : 0;

    private protected override long WorkspaceSizeOnDevice(in ChannelShape shape, bool inference) =>
        Cuda.GroupNorm.WorkspaceSize(shape, Groups);
}
