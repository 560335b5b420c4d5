using System;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Instance normalization (Ulyanov, Vedaldi, Lempitsky, "Instance Normalization: The Missing Ingredient for Fast
/// Stylization", 2016, arXiv:1607.08022):
/// <code>
/// y = (x - mean) * rstd * weight + bias        rstd = 1 / sqrt(variance + epsilon), the variance biased
/// </code>
/// over each channel of each sample: forward, backward (vector-Jacobian product) and forward-mode derivative
/// (Jacobian-vector product); and inference by running statistics.
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/>, contiguous, with the channels first or last
/// (<see cref="ChannelShape"/>). Weight and bias are of the tensors' type or float32, a value for each channel.
/// Arithmetic is float32 or wider; a 16-bit result is rounded once. Statistics and parameter gradients are
/// float32.</para>
/// <para>A null optional buffer means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted"
/// for an output. An output may be the same buffer as an input where its description says so; any other overlap throws.
/// Nothing is enqueued when a method throws.</para>
/// <para>The result of an instance (a channel of a sample) depends on that instance alone, bit for bit, on one type of
/// device; it is that of the CPU within rounding. A call enqueues its work and returns: it allocates nothing on the
/// device and waits for nothing, so that it can be captured in a graph.</para>
/// <para>An instance with a NaN or an infinity gives NaN throughout and disturbs no other. A constant instance gives
/// exactly the bias if epsilon is positive, NaN if it is 0. Instances of no elements have NaN as their statistics. An
/// empty batch gives parameter gradients of 0 and leaves running statistics as they are.</para>
/// </remarks>
public static unsafe class InstanceNorm
{
    /// <summary><c>y = norm(x)</c>, by the statistics of each instance; updates running statistics if there are any, on
    /// which y does not depend.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="bias">Offset, [channels], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each channel of each sample, float32, [batch * channels]; or
    /// null.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each channel of each sample, float32, [batch
    /// * channels]; or null.</param>
    /// <param name="runningMean">The running means, [channels], updated: <c>(1 - momentum) * runningMean + momentum *
    /// (mean over the batch of the means)</c>; or null (with <paramref name="runningVar"/>).</param>
    /// <param name="runningVar">The running variances, [channels], updated likewise, with the unbiased variances; or
    /// null.</param>
    /// <param name="momentum">Share of the new statistics in the running ones: 0 to 1.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, an output overlaps another argument, <typeparamref name="T"/> is not float, Half or BFloat16, or
    /// there are running statistics and an instance has a single value, which has no unbiased variance. Named after the
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

    /// <summary>How many bytes of workspace a call of this shape needs, forward, backward or Jvp, on the calling thread's
    /// device; inference needs none.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(ChannelShape shape) => ChannelNorm<Entries>.WorkspaceSize(shape, groups: 0);

    /// <summary><c>y = (x - runningMean) / sqrt(runningVar + epsilon) * weight + bias</c>: what batch normalization
    /// does, since it makes no difference any more over what the statistics were taken.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="runningMean">The running means, [channels].</param>
    /// <param name="runningVar">The running variances, [channels].</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="bias">Offset, [channels], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Inference<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        ChannelShape shape,
        DeviceBuffer<float> runningMean,
        DeviceBuffer<float> runningVar,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? bias = null,
        double epsilon = 1e-5)
        where T : unmanaged =>
        BatchNorm.Inference(stream, x, y, shape, runningMean, runningVar, weight, bias, epsilon);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Inference{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{T}, DeviceBuffer{T}, double)" path="/*[not(self::summary)]"/>
    public static void Inference<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        ChannelShape shape,
        DeviceBuffer<float> runningMean,
        DeviceBuffer<float> runningVar,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? bias = null,
        double epsilon = 1e-5)
        where T : unmanaged =>
        BatchNorm.Inference(stream, x, y, shape, runningMean, runningVar, weight, bias, epsilon);

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
    /// <param name="mean">The means that forward saved, [batch * channels]; null (with <paramref name="rstd"/>):
    /// computed again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [batch * channels]; or null.</param>
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
    /// <param name="mean">The means that forward saved, [batch * channels]; null (with <paramref name="rstd"/>):
    /// computed again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [batch * channels]; or null.</param>
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
        public static bool OverBatch => false;

        public static long Slices(in ChannelShape shape, long groups) => shape.Batch * shape.Channels;

        public static long ValuesPerSlice(in ChannelShape shape) => shape.Spatial;

        public static nk_status Forward(nk_channel_norm_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_instance_norm_forward(parameters, stream);

        public static nk_status Backward(nk_channel_norm_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_instance_norm_backward(parameters, stream);

        public static nk_status Jvp(nk_channel_norm_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_instance_norm_jvp(parameters, stream);
    }
}
