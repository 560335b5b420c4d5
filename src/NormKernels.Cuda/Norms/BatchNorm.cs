using System;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Batch normalization (Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
/// Covariate Shift", 2015, arXiv:1502.03167):
/// <code>
/// y = (x - mean) * rstd * weight + bias        rstd = 1 / sqrt(variance + epsilon), the variance biased
/// </code>
/// over each channel of the batch: forward, backward (vector-Jacobian product) and forward-mode derivative
/// (Jacobian-vector product); and the same by running statistics (inference).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/>, contiguous, with the channels first or last
/// (<see cref="ChannelShape"/>). Weight and bias are of the tensors' type or float32, a value for each channel.
/// Arithmetic is float32 or wider; a 16-bit result is rounded once. Statistics and parameter gradients are
/// float32.</para>
/// <para>A null optional buffer means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted"
/// for an output. An output may be the same buffer as an input where its description says so; any other overlap throws.
/// Nothing is enqueued when a method throws.</para>
/// <para>The result of a channel depends on that channel alone, bit for bit, on one type of device; it is that of the
/// CPU within rounding. A call enqueues its work and returns: it allocates nothing on the device and waits for nothing,
/// so that it can be captured in a graph.</para>
/// <para>A channel with a NaN or an infinity gives NaN throughout and disturbs no other; its running statistics are
/// then no longer finite either. A constant channel gives exactly the bias if epsilon is positive, NaN if it is 0. A
/// channel of one value is constant, and allowed without running statistics. An empty batch has NaN as its statistics,
/// gives parameter gradients of 0 and leaves running statistics as they are. In inference an element depends on itself
/// and on what belongs to its channel, and a NaN disturbs no other element.</para>
/// </remarks>
public static unsafe partial class BatchNorm
{
    /// <summary><c>y = norm(x)</c>, by the statistics of the batch (training); updates running statistics if there are
    /// any, on which y does not depend.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="bias">Offset, [channels], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each channel, float32, [channels]; or null.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each channel, float32, [channels]; or
    /// null.</param>
    /// <param name="runningMean">The running means, [channels], updated: <c>(1 - momentum) * runningMean + momentum *
    /// mean</c>; or null (with <paramref name="runningVar"/>).</param>
    /// <param name="runningVar">The running variances, [channels], updated likewise, with the unbiased variance; or
    /// null.</param>
    /// <param name="momentum">Share of the new statistics in the running ones: 0 to 1. For their average over all
    /// batches see <see cref="CumulativeMomentum"/>.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, an output overlaps another argument, <typeparamref name="T"/> is not float, Half or BFloat16, or
    /// there are running statistics and a channel has a single value, which has no unbiased variance. Named after the
    /// parameter; nothing has been enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN, or
    /// <paramref name="momentum"/> is not within 0 and 1.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        ChannelShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? runningMean = null,
        DeviceBuffer<float>? runningVar = null,
        double momentum = 0.1,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        ChannelNorm<Entries>.Forward(
            stream, x, y, shape, groups: 0, weight, bias, epsilon, mean, rstd, runningMean, runningVar, momentum,
            workspace);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        ChannelShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? runningMean = null,
        DeviceBuffer<float>? runningVar = null,
        double momentum = 0.1,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        ChannelNorm<Entries>.Forward(
            stream, x, y, shape, groups: 0, weight, bias, epsilon, mean, rstd, runningMean, runningVar, momentum,
            workspace);

    /// <summary>The statistics of the batch alone, those of <c>Forward</c> to the bit: for statistics that several
    /// devices put together before any of them normalizes, or to renew running ones.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="mean">Receives the mean of each channel, float32, [channels]; or null.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each channel, float32, [channels]; or
    /// null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="runningMean">The running means, [channels], updated: <c>(1 - momentum) * runningMean + momentum *
    /// mean</c>; or null (with <paramref name="runningVar"/>).</param>
    /// <param name="runningVar">The running variances, [channels], updated likewise, with the unbiased variance; or
    /// null.</param>
    /// <param name="momentum">Share of the new statistics in the running ones: 0 to 1.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">As with <c>Forward</c>, or no output was passed.</exception>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/exception[not(contains(@cref, 'System.ArgumentException'))]"/>
    public static void Statistics<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        ChannelShape shape,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? runningMean = null,
        DeviceBuffer<float>? runningVar = null,
        double momentum = 0.1,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        ChannelNorm<Entries>.Statistics(
            stream, x, shape, groups: 0, epsilon, mean, rstd, runningMean, runningVar, momentum, workspace);

    /// <summary>How many bytes of workspace a call of this shape needs, forward, backward or Jvp, on the calling thread's
    /// device; inference needs none but for dweight and dbias.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(ChannelShape shape) => ChannelNorm<Entries>.WorkspaceSize(shape, groups: 0);

    /// <summary>The momentum that makes running statistics the average of those of all batches: <c>1 / (batchesTracked
    /// + 1)</c>.</summary>
    /// <param name="batchesTracked">How many batches were tracked before this one.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batchesTracked"/> is negative.</exception>
    public static double CumulativeMomentum(long batchesTracked) =>
        NormKernels.BatchNorm.CumulativeMomentum(batchesTracked);

    /// <summary>The vector-Jacobian product of forward at x: dx, dweight and dbias from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [channels]; null (with <paramref name="rstd"/>): computed again
    /// from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [channels]; or null.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [channels]; or null.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [channels]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=).</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        ChannelShape shape,
        DeviceBuffer<T>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            stream, dy, x, dx, shape, groups: 0, weight, epsilon, mean, rstd, runningMean: null, runningVar: null,
            dweight, dbias, workspace, accumulate, nk_flags.NK_FLAG_NONE);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{byte}, bool)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        ChannelShape shape,
        DeviceBuffer<float>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            stream, dy, x, dx, shape, groups: 0, weight, epsilon, mean, rstd, runningMean: null, runningVar: null,
            dweight, dbias, workspace, accumulate, nk_flags.NK_FLAG_NONE);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along the tangents of x, weight and
    /// bias.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="tanWeight">Tangent of the weight, [channels], or null for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [channels], or null for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [channels]; null (with <paramref name="rstd"/>): computed again
    /// from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [channels]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        ChannelShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? tanWeight = null,
        DeviceBuffer<T>? tanBias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            stream, tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean, rstd, runningMean: null,
            runningVar: null, workspace, nk_flags.NK_FLAG_NONE);

    /// <summary>The same with a float32 weight and float32 tangents of parameters beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        ChannelShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? tanWeight = null,
        DeviceBuffer<float>? tanBias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            stream, tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean, rstd, runningMean: null,
            runningVar: null, workspace, nk_flags.NK_FLAG_NONE);

    private readonly struct Entries : IChannelNormEntries
    {
        public static bool OverBatch => true;

        public static long Slices(in ChannelShape shape, long groups) => shape.Channels;

        public static long ValuesPerSlice(in ChannelShape shape) => shape.Batch * shape.Spatial;

        public static nk_status Forward(nk_channel_norm_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_batch_norm_forward(parameters, stream);

        public static nk_status Backward(nk_channel_norm_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_batch_norm_backward(parameters, stream);

        public static nk_status Jvp(nk_channel_norm_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_batch_norm_jvp(parameters, stream);
    }
}
