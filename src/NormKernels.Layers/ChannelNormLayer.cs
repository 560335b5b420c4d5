using System;

using NormKernels.Cuda;
using NormKernels.Cuda.Memory;
using NormKernels.Layers.Memory;

namespace NormKernels.Layers;

/// <summary>
/// What <see cref="GroupNormLayer{T}"/>, <see cref="InstanceNormLayer{T}"/> and <see cref="BatchNormLayer{T}"/> share:
/// a norm of tensors with channels, and a weight and a bias for each channel.
/// </summary>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public abstract class ChannelNormLayer<T> : NormLayer<T>
    where T : unmanaged
{
    private readonly Scratch<float> _mean = new();
    private readonly Scratch<float> _rstd = new();
    private readonly Scratch<byte> _workspace = new();

    // Of what shape statistics are kept for a backward pass.
    private ChannelShape? _kept;

    private protected ChannelNormLayer(long channels, double epsilon, bool affine, bool bias, CudaDevice? device)
        : base(epsilon, device)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channels);
        Channels = channels;
        Weight = affine ? AddParameter("weight", [channels], 1) : null;
        Bias = affine && bias ? AddParameter("bias", [channels], 0) : null;
    }

    /// <summary>The number of channels.</summary>
    public long Channels { get; }

    /// <summary>The scale, [channels]; null if there is none.</summary>
    public LayerTensor<T>? Weight { get; }

    /// <summary>The offset, [channels]; null if there is none.</summary>
    public LayerTensor<T>? Bias { get; }

    /// <summary><c>y = norm(x)</c>, in the computer's memory.</summary>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>, which a backward pass then no longer
    /// has.</param>
    /// <param name="shape">Batch, channels, spatial and layout; the channels are those of the layer.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, the shape has not the
    /// channels of the layer, an output overlaps another argument in part, or running statistics are to be updated and
    /// a channel has a single value, which has no unbiased variance. Nothing has been written.</exception>
    /// <exception cref="InvalidOperationException">The layer is on a device, or another thread is in a training
    /// call.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public void Forward(ReadOnlySpan<T> x, Span<T> y, ChannelShape shape, CpuOptions options = default)
    {
        RequireHost();
        RequireChannels(shape);
        if (!IsTraining)
        {
            InferOnHost(x, y, shape, options);
            return;
        }

        using TrainingTurn turn = TakeTurn();
        _kept = null;
        long slices = Slices(shape);
        TrainOnHost(
            x, y, shape, _mean.OnHost(slices), _rstd.OnHost(slices), _workspace.OnHost(WorkspaceSizeOnHost(shape)),
            options);
        _kept = shape;
    }

    /// <summary><c>y = norm(x)</c>, on the device.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>, which a backward pass then no longer
    /// has.</param>
    /// <param name="shape">Batch, channels, spatial and layout; the channels are those of the layer.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the layer's
    /// device, the shape has not the channels of the layer, an output overlaps another argument in part, or running
    /// statistics are to be updated and a channel has a single value. Nothing has been enqueued.</exception>
    /// <exception cref="ArgumentNullException">The stream or a buffer is null.</exception>
    /// <exception cref="InvalidOperationException">The layer is in the computer's memory, or another thread is in a
    /// training call.</exception>
    /// <exception cref="ObjectDisposedException">The layer, the stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public void Forward(DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, ChannelShape shape)
    {
        RequireDevice(stream);
        RequireChannels(shape);
        if (!IsTraining)
        {
            using DeviceWorkspaces.Lease lease = Lease(shape, stream, inference: true);
            InferOnDevice(stream, x, y, shape, lease.Buffer);
            return;
        }

        using TrainingTurn turn = TakeTurn();
        _kept = null;
        long slices = Slices(shape);
        using DeviceWorkspaces.Lease workspace = Lease(shape, stream, inference: false);
        TrainOnDevice(
            stream, x, y, shape, _mean.OnDevice(slices, stream), _rstd.OnDevice(slices, stream), workspace.Buffer);
        _kept = shape;
    }

    /// <summary>The vector-Jacobian product of forward at x, in the computer's memory: dx from dy, and what is added to
    /// the gradients of the parameters.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout; the channels are those of the layer.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{T}, Span{T}, ChannelShape, CpuOptions)" path="/exception"/>
    public void Backward(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, ChannelShape shape, CpuOptions options = default)
    {
        RequireHost();
        RequireChannels(shape);
        using TrainingTurn turn = TakeTurn();
        Span<byte> workspace = _workspace.OnHost(WorkspaceSizeOnHost(shape));
        if (!IsTraining)
        {
            InferBackwardOnHost(dy, x, dx, shape, workspace, options);
            return;
        }

        bool kept = _kept == shape;
        long slices = Slices(shape);
        BackwardOnHost(
            dy, x, dx, shape, kept ? _mean.OnHost(slices) : default, kept ? _rstd.OnHost(slices) : default, workspace,
            options);
        UseUp(kept);
    }

    /// <summary>The vector-Jacobian product of forward at x, on the device: dx from dy, and what is added to the
    /// gradients of the parameters.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout; the channels are those of the layer.</param>
    /// <inheritdoc cref="Forward(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape)" path="/exception"/>
    public void Backward(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, ChannelShape shape)
    {
        RequireDevice(stream);
        RequireChannels(shape);
        using TrainingTurn turn = TakeTurn();
        using DeviceWorkspaces.Lease workspace = Lease(shape, stream, inference: false);
        if (!IsTraining)
        {
            InferBackwardOnDevice(stream, dy, x, dx, shape, workspace.Buffer);
            return;
        }

        bool kept = _kept == shape;
        long slices = Slices(shape);
        BackwardOnDevice(
            stream, dy, x, dx, shape, kept ? _mean.OnDevice(slices, stream) : null,
            kept ? _rstd.OnDevice(slices, stream) : null, workspace.Buffer);
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

    /// <summary>How many slices of a tensor have statistics of their own.</summary>
    private protected abstract long Slices(in ChannelShape shape);

    /// <summary>Forward, keeping statistics.</summary>
    private protected abstract void TrainOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, Span<float> mean, Span<float> rstd, Span<byte> workspace,
        in CpuOptions options);

    /// <summary>Forward, keeping nothing.</summary>
    private protected abstract void InferOnHost(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, in CpuOptions options);

    /// <summary>Backward of what <see cref="TrainOnHost"/> computes; without statistics it computes them.</summary>
    private protected abstract void BackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd, Span<byte> workspace, in CpuOptions options);

    /// <summary>Backward of what <see cref="InferOnHost"/> computes: the same, if that does not depend on running
    /// statistics.</summary>
    private protected virtual void InferBackwardOnHost(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, Span<byte> workspace,
        in CpuOptions options) =>
        BackwardOnHost(dy, x, dx, shape, mean: default, rstd: default, workspace, options);

    private protected abstract void TrainOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape, DeviceBuffer<float> mean,
        DeviceBuffer<float> rstd, DeviceBuffer<byte>? workspace);

    private protected abstract void InferOnDevice(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape,
        DeviceBuffer<byte>? workspace);

    private protected abstract void BackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace);

    private protected virtual void InferBackwardOnDevice(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        DeviceBuffer<byte>? workspace) =>
        BackwardOnDevice(stream, dy, x, dx, shape, mean: null, rstd: null, workspace);

    /// <summary>Bytes that training calls of the layer need in the computer.</summary>
    private protected abstract long WorkspaceSizeOnHost(in ChannelShape shape);

    /// <summary>Bytes that a call needs on the calling thread's device.</summary>
    private protected abstract long WorkspaceSizeOnDevice(in ChannelShape shape, bool inference);

    // What the norm cannot know of a layer without parameters.
    private void RequireChannels(in ChannelShape shape)
    {
        if (shape.Channels != Channels)
        {
            throw new ArgumentException(
                $"The shape has {shape.Channels} channels, the layer {Channels}.", nameof(shape));
        }
    }

    private DeviceWorkspaces.Lease Lease(in ChannelShape shape, DeviceStream stream, bool inference)
    {
        using DeviceScope scope = new(stream.Device);
        return Workspaces.Take(WorkspaceSizeOnDevice(shape, inference), stream);
    }

    private void UseUp(bool kept) => _kept = kept ? null : _kept;
}
