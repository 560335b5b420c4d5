using System;

using NormKernels.Cuda;
using NormKernels.Cuda.Memory;
using NormKernels.Layers.Memory;
using NormKernels.Validation;

namespace NormKernels.Layers;

/// <summary>
/// What <see cref="LayerNormLayer{T}"/> and <see cref="RmsNormLayer{T}"/> share: a norm over the last axes, with or
/// without a residual that is added first.
/// </summary>
/// <remarks>Tensors are contiguous, of any number of leading axes: as many rows as their length holds.</remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public abstract class RowNormLayer<T> : NormLayer<T>
    where T : unmanaged
{
    private const int None = -1;

    private readonly Scratch<float> _mean = new();
    private readonly Scratch<float> _rstd = new();
    private readonly Scratch<byte> _workspace = new();
    private readonly long[] _normalizedShape;
    private readonly long _cols;

    // Of how many rows statistics are kept for a backward pass.
    private long _kept = None;

    private protected RowNormLayer(
        ReadOnlySpan<long> normalizedShape, double epsilon, bool affine, bool bias, double weight, CudaDevice? device)
        : base(epsilon, device)
    {
        if (normalizedShape.IsEmpty)
        {
            throw new ArgumentException("There is no axis to normalize over.", nameof(normalizedShape));
        }

        Sizes.RequireNoneNegative(normalizedShape, nameof(normalizedShape));
        Sizes.RequireFit(normalizedShape, nameof(normalizedShape));
        _normalizedShape = normalizedShape.ToArray();
        _cols = Sizes.Product(normalizedShape, nameof(normalizedShape));
        Weight = affine ? AddParameter("weight", normalizedShape, weight) : null;
        Bias = affine && bias ? AddParameter("bias", normalizedShape, 0) : null;
    }

    /// <summary>The lengths of the last axes of the tensors, which are normalized together.</summary>
    public ReadOnlySpan<long> NormalizedShape => _normalizedShape;

    /// <summary>The scale, of the normalized shape; null if there is none.</summary>
    public LayerTensor<T>? Weight { get; }

    /// <summary>The offset, of the normalized shape; null if there is none.</summary>
    public LayerTensor<T>? Bias { get; }

    /// <summary>Whether a row has a mean beside its rstd.</summary>
    private protected abstract bool HasMean { get; }

    /// <summary><c>y = norm(x)</c>, in the computer's memory.</summary>
    /// <param name="x">Input, [..., normalized shape].</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>, which a backward pass then no longer
    /// has.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, or an output overlaps
    /// another argument in part. Nothing has been written.</exception>
    /// <exception cref="InvalidOperationException">The layer is on a device, or another thread is in a training
    /// call.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public void Forward(ReadOnlySpan<T> x, Span<T> y, CpuOptions options = default)
    {
        RequireHost();
        RowShape shape = Rows(x.Length);
        if (!IsTraining)
        {
            ForwardOnHost(x, y, shape, mean: default, rstd: default, options);
            return;
        }

        using TrainingTurn turn = TakeTurn();
        _kept = None;
        ForwardOnHost(x, y, shape, HasMean ? _mean.OnHost(shape.Rows) : default, _rstd.OnHost(shape.Rows), options);
        _kept = shape.Rows;
    }

    /// <summary><c>y = norm(x)</c>, on the device.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, [..., normalized shape].</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>, which a backward pass then no longer
    /// has.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the layer's
    /// device, or an output overlaps another argument in part. Nothing has been enqueued.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="InvalidOperationException">The layer is in the computer's memory, or another thread is in a
    /// training call.</exception>
    /// <exception cref="ObjectDisposedException">The layer, the stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public void Forward(DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y)
    {
        RequireDevice(stream);
        ArgumentNullException.ThrowIfNull(x);
        RowShape shape = Rows(x.Length);
        if (!IsTraining)
        {
            ForwardOnDevice(stream, x, y, shape, mean: null, rstd: null);
            return;
        }

        using TrainingTurn turn = TakeTurn();
        _kept = None;
        ForwardOnDevice(stream, x, y, shape, MeanOnDevice(shape, stream), _rstd.OnDevice(shape.Rows, stream));
        _kept = shape.Rows;
    }

    /// <summary>The vector-Jacobian product of forward at x, in the computer's memory: dx from dy, and what is added to
    /// the gradients of the parameters.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{T}, Span{T}, CpuOptions)" path="/exception"/>
    public void Backward(ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, CpuOptions options = default)
    {
        RequireHost();
        RowShape shape = Rows(x.Length);
        using TrainingTurn turn = TakeTurn();
        bool kept = _kept == shape.Rows;
        BackwardOnHost(
            dy, x, dx, shape, kept && HasMean ? _mean.OnHost(shape.Rows) : default,
            kept ? _rstd.OnHost(shape.Rows) : default, WorkspaceOnHost(shape), options);
        UseUp(kept);
    }

    /// <summary>The vector-Jacobian product of forward at x, on the device: dx from dy, and what is added to the
    /// gradients of the parameters.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <inheritdoc cref="Forward(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T})" path="/exception"/>
    public void Backward(DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx)
    {
        RequireDevice(stream);
        ArgumentNullException.ThrowIfNull(x);
        RowShape shape = Rows(x.Length);
        using TrainingTurn turn = TakeTurn();
        bool kept = _kept == shape.Rows;
        using DeviceWorkspaces.Lease workspace = WorkspaceOnDevice(shape, stream);
        BackwardOnDevice(
            stream, dy, x, dx, shape, kept ? MeanOnDevice(shape, stream) : null,
            kept ? _rstd.OnDevice(shape.Rows, stream) : null, workspace.Buffer);
        UseUp(kept);
    }

    /// <summary><c>h = x + residual</c>, <c>y = norm(h)</c> in one pass, in the computer's memory.</summary>
    /// <param name="x">Input, [..., normalized shape].</param>
    /// <param name="residual">Added to x.</param>
    /// <param name="h">Receives the sum, rounded to <typeparamref name="T"/>, and is what is normalized; may be
    /// <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="y">Receives the normalized sum; may be <paramref name="x"/> or <paramref name="residual"/>, if h is
    /// not.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{T}, Span{T}, CpuOptions)" path="/exception"/>
    public void AddForward(
        ReadOnlySpan<T> x, ReadOnlySpan<T> residual, Span<T> h, Span<T> y, CpuOptions options = default)
    {
        RequireHost();
        RowShape shape = Rows(x.Length);
        if (!IsTraining)
        {
            AddForwardOnHost(x, residual, h, y, shape, mean: default, rstd: default, options);
            return;
        }

        using TrainingTurn turn = TakeTurn();
        _kept = None;
        AddForwardOnHost(
            x, residual, h, y, shape, HasMean ? _mean.OnHost(shape.Rows) : default, _rstd.OnHost(shape.Rows), options);
        _kept = shape.Rows;
    }

    /// <summary><c>h = x + residual</c>, <c>y = norm(h)</c> in one pass, on the device.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, [..., normalized shape].</param>
    /// <param name="residual">Added to x.</param>
    /// <param name="h">Receives the sum, rounded to <typeparamref name="T"/>, and is what is normalized; may be
    /// <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="y">Receives the normalized sum; may be <paramref name="x"/> or <paramref name="residual"/>, if h is
    /// not.</param>
    /// <inheritdoc cref="Forward(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T})" path="/exception"/>
    public void AddForward(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> residual, DeviceBuffer<T> h, DeviceBuffer<T> y)
    {
        RequireDevice(stream);
        ArgumentNullException.ThrowIfNull(x);
        RowShape shape = Rows(x.Length);
        if (!IsTraining)
        {
            AddForwardOnDevice(stream, x, residual, h, y, shape, mean: null, rstd: null);
            return;
        }

        using TrainingTurn turn = TakeTurn();
        _kept = None;
        AddForwardOnDevice(
            stream, x, residual, h, y, shape, MeanOnDevice(shape, stream), _rstd.OnDevice(shape.Rows, stream));
        _kept = shape.Rows;
    }

    /// <summary>The vector-Jacobian product of the residual form, in the computer's memory:
    /// <c>dx = dresidual = dh + VJP of dy at h</c>, and what is added to the gradients of the parameters.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="dh">Cotangent of h; or empty for zeros.</param>
    /// <param name="h">The sum that the forward pass wrote.</param>
    /// <param name="dx">Receives the gradient of x, which is that of the residual too; may be <paramref name="dy"/>,
    /// <paramref name="dh"/> or <paramref name="h"/>.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{T}, Span{T}, CpuOptions)" path="/exception"/>
    public void AddBackward(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> dh, ReadOnlySpan<T> h, Span<T> dx, CpuOptions options = default)
    {
        RequireHost();
        RowShape shape = Rows(h.Length);
        using TrainingTurn turn = TakeTurn();
        bool kept = _kept == shape.Rows;
        AddBackwardOnHost(
            dy, dh, h, dx, shape, kept && HasMean ? _mean.OnHost(shape.Rows) : default,
            kept ? _rstd.OnHost(shape.Rows) : default, WorkspaceOnHost(shape), options);
        UseUp(kept);
    }

    /// <summary>The vector-Jacobian product of the residual form, on the device:
    /// <c>dx = dresidual = dh + VJP of dy at h</c>, and what is added to the gradients of the parameters.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="dh">Cotangent of h; or null for zeros.</param>
    /// <param name="h">The sum that the forward pass wrote.</param>
    /// <param name="dx">Receives the gradient of x, which is that of the residual too; may be <paramref name="dy"/>,
    /// <paramref name="dh"/> or <paramref name="h"/>.</param>
    /// <inheritdoc cref="Forward(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T})" path="/exception"/>
    public void AddBackward(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T>? dh, DeviceBuffer<T> h, DeviceBuffer<T> dx)
    {
        RequireDevice(stream);
        ArgumentNullException.ThrowIfNull(h);
        RowShape shape = Rows(h.Length);
        using TrainingTurn turn = TakeTurn();
        bool kept = _kept == shape.Rows;
        using DeviceWorkspaces.Lease workspace = WorkspaceOnDevice(shape, stream);
        AddBackwardOnDevice(
            stream, dy, dh, h, dx, shape, kept ? MeanOnDevice(shape, stream) : null,
            kept ? _rstd.OnDevice(shape.Rows, stream) : null, workspace.Buffer);
        UseUp(kept);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _mean.Dispose();
        _rstd.Dispose();
        _workspace.Dispose();
    }

    private protected abstract void ForwardOnHost(
        ReadOnlySpan<T> x, Span<T> y, in RowShape shape, Span<float> mean, Span<float> rstd, in CpuOptions options);

    private protected abstract void AddForwardOnHost(
        ReadOnlySpan<T> x, ReadOnlySpan<T> residual, Span<T> h, Span<T> y, in RowShape shape, Span<float> mean,
        Span<float> rstd, in CpuOptions options);

    private protected abstract void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in RowShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options);

    private protected abstract void AddBackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> dh, ReadOnlySpan<T> h, Span<T> dx, in RowShape shape,
        ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options);

    private protected abstract void ForwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in RowShape shape, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd);

    private protected abstract void AddForwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> residual, DeviceBuffer<T> h, DeviceBuffer<T> y,
        in RowShape shape, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd);

    private protected abstract void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in RowShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace);

    private protected abstract void AddBackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T>? dh, DeviceBuffer<T> h, DeviceBuffer<T> dx,
        in RowShape shape, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace);

    /// <summary>Bytes that a backward pass needs in the computer.</summary>
    private protected abstract long WorkspaceSizeOnHost(in RowShape shape);

    /// <summary>Bytes that a backward pass needs on the calling thread's device.</summary>
    private protected abstract long WorkspaceSizeOnDevice(in RowShape shape);

    // A length that is no multiple of the columns fits no number of rows, which the call will say.
    private RowShape Rows(long length) => new(_cols == 0 ? 0 : length / _cols, _cols);

    private DeviceBuffer<float>? MeanOnDevice(in RowShape shape, DeviceStream stream) =>
        HasMean ? _mean.OnDevice(shape.Rows, stream) : null;

    private Span<byte> WorkspaceOnHost(in RowShape shape) =>
        HasParameters ? _workspace.OnHost(WorkspaceSizeOnHost(shape)) : default;

    private DeviceWorkspaces.Lease WorkspaceOnDevice(in RowShape shape, DeviceStream stream)
    {
        if (!HasParameters)
        {
            return default;
        }

        using DeviceScope scope = new(stream.Device);
        return Workspaces.Take(WorkspaceSizeOnDevice(shape), stream);
    }

    private void UseUp(bool kept) => _kept = kept ? None : _kept;
}
