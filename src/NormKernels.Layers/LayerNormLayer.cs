using System;

using NormKernels.Cuda;

namespace NormKernels.Layers;

/// <summary>
/// Layer normalization as a layer, PyTorch's <c>nn.LayerNorm</c>: <c>y = (x - mean) / sqrt(variance + epsilon) * weight
/// + bias</c> over the last axes. The weight starts as ones, the bias as zeros.
/// </summary>
/// <remarks>See <see cref="NormLayer{T}"/> for where it lives, training, memory and threads, and
/// <see cref="LayerNorm"/> for the norm.</remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class LayerNormLayer<T> : RowNormLayer<T>
    where T : unmanaged
{
    /// <summary>A layer with a weight of ones and a bias of zeros.</summary>
    /// <param name="normalizedShape">The lengths of the last axes of the tensors: one or more.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="affine">Whether there is a weight (PyTorch's <c>elementwise_affine</c>).</param>
    /// <param name="bias">Whether there is a bias beside the weight.</param>
    /// <param name="device">Where the layer lives; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><paramref name="normalizedShape"/> is empty, or <typeparamref name="T"/> is
    /// not float, Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative, there are more elements than an array holds,
    /// or <paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public LayerNormLayer(
        ReadOnlySpan<long> normalizedShape,
        double epsilon = 1e-5,
        bool affine = true,
        bool bias = true,
        CudaDevice? device = null)
        : base(normalizedShape, epsilon, affine, bias, weight: 1, device)
    {
    }

    private protected override bool HasMean => true;

    private protected override void ForwardOnHost(
        ReadOnlySpan<T> x, Span<T> y, in RowShape shape, Span<float> mean, Span<float> rstd, in CpuOptions options) =>
        LayerNorm.Forward(
            x, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, mean, rstd, options);

    private protected override void AddForwardOnHost(
        ReadOnlySpan<T> x, ReadOnlySpan<T> residual, Span<T> h, Span<T> y, in RowShape shape, Span<float> mean,
        Span<float> rstd, in CpuOptions options) =>
        LayerNorm.AddForward(
            x, residual, h, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, mean, rstd,
            options);

    private protected override void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in RowShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        LayerNorm.Backward(
            dy, x, dx, shape, LayerTensor<T>.SpanOf(Weight), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), workspace,
            accumulate: true, options);

    private protected override void AddBackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> dh, ReadOnlySpan<T> h, Span<T> dx, in RowShape shape,
        ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        LayerNorm.AddBackward(
            dy, dh, h, dx, shape, LayerTensor<T>.SpanOf(Weight), Epsilon, mean, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), workspace,
            accumulate: true, options);

    private protected override void ForwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in RowShape shape, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd) =>
        Cuda.LayerNorm.Forward(stream, x, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, mean, rstd);

    private protected override void AddForwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> residual, DeviceBuffer<T> h, DeviceBuffer<T> y,
        in RowShape shape, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd) =>
        Cuda.LayerNorm.AddForward(
            stream, x, residual, h, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, mean, rstd);

    private protected override void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in RowShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.LayerNorm.Backward(
            stream, dy, x, dx, shape, Weight?.Buffer, Epsilon, mean, rstd, Weight?.Gradient?.Buffer,
            Bias?.Gradient?.Buffer, workspace, accumulate: true);

    private protected override void AddBackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T>? dh, DeviceBuffer<T> h, DeviceBuffer<T> dx,
        in RowShape shape, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.LayerNorm.AddBackward(
            stream, dy, dh, h, dx, shape, Weight?.Buffer, Epsilon, mean, rstd, Weight?.Gradient?.Buffer,
            Bias?.Gradient?.Buffer, workspace, accumulate: true);

    private protected override long WorkspaceSizeOnHost(in RowShape shape) => LayerNorm.BackwardWorkspaceSize(shape);

    private protected override long WorkspaceSizeOnDevice(in RowShape shape) =>
        Cuda.LayerNorm.BackwardWorkspaceSize(shape);
}
