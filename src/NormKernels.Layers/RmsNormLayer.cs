using System;

using NormKernels.Cuda;

namespace NormKernels.Layers;

/// <summary>
/// Root mean square normalization as a layer, PyTorch's <c>nn.RMSNorm</c>: <c>y = x / sqrt(mean(x^2) + epsilon) * W +
/// bias</c> over the last axes, where W is the weight, or 1 + weight. W starts as ones, a bias as zeros.
/// </summary>
/// <remarks>See <see cref="NormLayer{T}"/> for where it lives, training, memory and threads, and
/// <see cref="RmsNorm"/> for the norm.</remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class RmsNormLayer<T> : RowNormLayer<T>
    where T : unmanaged
{
    private readonly bool _zeroCentered;

    /// <summary>A layer with W = 1 and, if there is one, a bias of zeros.</summary>
    /// <param name="normalizedShape">The lengths of the last axes of the tensors: one or more.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more. Null: what PyTorch takes then, the
    /// distance from 1 to the next number of <typeparamref name="T"/> (float: 2^-23, Half: 2^-10, BFloat16: 2^-7). Most
    /// models say 1e-5 or 1e-6.</param>
    /// <param name="affine">Whether there is a weight (PyTorch's <c>elementwise_affine</c>).</param>
    /// <param name="bias">Whether there is a bias beside the weight; PyTorch's layer has none.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight, as in
    /// Gemma.</param>
    /// <param name="device">Where the layer lives; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><paramref name="normalizedShape"/> is empty, or <typeparamref name="T"/> is
    /// not float, Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative, there are more elements than an array holds,
    /// or <paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public RmsNormLayer(
        ReadOnlySpan<long> normalizedShape,
        double? epsilon = null,
        bool affine = true,
        bool bias = false,
        bool zeroCentered = false,
        CudaDevice? device = null)
        : base(normalizedShape, epsilon ?? MachineEpsilon, affine, bias, weight: zeroCentered ? 0 : 1, device) =>
        _zeroCentered = zeroCentered;

    private protected override bool HasMean => false;

    // PyTorch's finfo(dtype).eps.
    private static double MachineEpsilon =>
        typeof(T) == typeof(BFloat16) ? 1.0 / (1 << 7) : typeof(T) == typeof(Half) ? 1.0 / (1 << 10) : 1.0 / (1 << 23);

    private protected override void ForwardOnHost(
        ReadOnlySpan<T> x, Span<T> y, in RowShape shape, Span<float> mean, Span<float> rstd, in CpuOptions options) =>
        RmsNorm.Forward(
            x, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, rstd, _zeroCentered,
            options);

    private protected override void AddForwardOnHost(
        ReadOnlySpan<T> x, ReadOnlySpan<T> residual, Span<T> h, Span<T> y, in RowShape shape, Span<float> mean,
        Span<float> rstd, in CpuOptions options) =>
        RmsNorm.AddForward(
            x, residual, h, y, shape, LayerTensor<T>.SpanOf(Weight), LayerTensor<T>.SpanOf(Bias), Epsilon, rstd,
            _zeroCentered, options);

    private protected override void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in RowShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        RmsNorm.Backward(
            dy, x, dx, shape, LayerTensor<T>.SpanOf(Weight), Epsilon, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), workspace,
            accumulate: true, _zeroCentered, options);

    private protected override void AddBackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> dh, ReadOnlySpan<T> h, Span<T> dx, in RowShape shape,
        ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options) =>
        RmsNorm.AddBackward(
            dy, dh, h, dx, shape, LayerTensor<T>.SpanOf(Weight), Epsilon, rstd,
            LayerTensor<float>.SpanOf(Weight?.Gradient), LayerTensor<float>.SpanOf(Bias?.Gradient), workspace,
            accumulate: true, _zeroCentered, options);

    private protected override void ForwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in RowShape shape, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd) =>
        Cuda.RmsNorm.Forward(stream, x, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, rstd, _zeroCentered);

    private protected override void AddForwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> residual, DeviceBuffer<T> h, DeviceBuffer<T> y,
        in RowShape shape, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd) =>
        Cuda.RmsNorm.AddForward(
            stream, x, residual, h, y, shape, Weight?.Buffer, Bias?.Buffer, Epsilon, rstd, _zeroCentered);

    private protected override void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in RowShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.RmsNorm.Backward(
            stream, dy, x, dx, shape, Weight?.Buffer, Epsilon, rstd, Weight?.Gradient?.Buffer, Bias?.Gradient?.Buffer,
            workspace, accumulate: true, _zeroCentered);

    private protected override void AddBackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T>? dh, DeviceBuffer<T> h, DeviceBuffer<T> dx,
        in RowShape shape, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace) =>
        Cuda.RmsNorm.AddBackward(
            stream, dy, dh, h, dx, shape, Weight?.Buffer, Epsilon, rstd, Weight?.Gradient?.Buffer,
            Bias?.Gradient?.Buffer, workspace, accumulate: true, _zeroCentered);

    private protected override long WorkspaceSizeOnHost(in RowShape shape) => RmsNorm.BackwardWorkspaceSize(shape);

    private protected override long WorkspaceSizeOnDevice(in RowShape shape) =>
        Cuda.RmsNorm.BackwardWorkspaceSize(shape);
}
