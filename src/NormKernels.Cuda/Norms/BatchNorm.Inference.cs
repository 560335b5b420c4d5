using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels.Cuda;

public static partial class BatchNorm
{
    /// <summary><c>y = (x - runningMean) / sqrt(runningVar + epsilon) * weight + bias</c>.</summary>
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
        ChannelNorm<Entries>.Inference(stream, x, y, shape, runningMean, runningVar, weight, bias, epsilon);

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
        ChannelNorm<Entries>.Inference(stream, x, y, shape, runningMean, runningVar, weight, bias, epsilon);

    /// <summary>The vector-Jacobian product of inference at x: dx, dweight and dbias from dy. Running statistics are
    /// constants.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="runningMean">The running means, [channels]; constants.</param>
    /// <param name="runningVar">The running variances, [channels]; constants.</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [channels]; or null.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [channels]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes, needed for dweight and dbias.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=).</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void InferenceBackward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        ChannelShape shape,
        DeviceBuffer<float> runningMean,
        DeviceBuffer<float> runningVar,
        DeviceBuffer<T>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            stream, dy, x, dx, shape, groups: 0, weight, epsilon, mean: null, rstd: null, runningMean, runningVar,
            dweight, dbias, workspace, accumulate, nk_flags.NK_FLAG_INFERENCE);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="InferenceBackward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{byte}, bool)" path="/*[not(self::summary)]"/>
    public static void InferenceBackward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        ChannelShape shape,
        DeviceBuffer<float> runningMean,
        DeviceBuffer<float> runningVar,
        DeviceBuffer<float>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            stream, dy, x, dx, shape, groups: 0, weight, epsilon, mean: null, rstd: null, runningMean, runningVar,
            dweight, dbias, workspace, accumulate, nk_flags.NK_FLAG_INFERENCE);

    /// <summary>The Jacobian-vector product of inference at x: the tangent of y along the tangents of x, weight and
    /// bias. Running statistics are constants.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="runningMean">The running means, [channels]; constants.</param>
    /// <param name="runningVar">The running variances, [channels]; constants.</param>
    /// <param name="weight">Scale, [channels], or null.</param>
    /// <param name="tanWeight">Tangent of the weight, [channels], or null for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [channels], or null for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, double, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void InferenceJvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        ChannelShape shape,
        DeviceBuffer<float> runningMean,
        DeviceBuffer<float> runningVar,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? tanWeight = null,
        DeviceBuffer<T>? tanBias = null,
        double epsilon = 1e-5)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            stream, tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean: null, rstd: null,
            runningMean, runningVar, workspace: null, nk_flags.NK_FLAG_INFERENCE);

    /// <summary>The same with a float32 weight and float32 tangents of parameters beside 16-bit tensors.</summary>
    /// <inheritdoc cref="InferenceJvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ChannelShape, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, double)" path="/*[not(self::summary)]"/>
    public static void InferenceJvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        ChannelShape shape,
        DeviceBuffer<float> runningMean,
        DeviceBuffer<float> runningVar,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? tanWeight = null,
        DeviceBuffer<float>? tanBias = null,
        double epsilon = 1e-5)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            stream, tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean: null, rstd: null,
            runningMean, runningVar, workspace: null, nk_flags.NK_FLAG_INFERENCE);
}
