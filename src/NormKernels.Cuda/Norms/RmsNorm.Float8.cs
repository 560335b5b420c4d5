using System.Runtime.CompilerServices;

namespace NormKernels.Cuda;

// Floats of 8 bits, which .NET has no type for: bytes. On devices alone.
public static unsafe partial class RmsNorm
{
    /// <summary>The norm in floats of 8 bits (e4m3, no infinities), with a scale for each row: <c>y = round(norm(x) / yScale)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="y">Receives the quantized norm, [rows, cols]: -448 to 448, halves rounded to even. 0 throughout a
    /// row of zeros, and one with a NaN or an infinity.</param>
    /// <param name="yScale">Receives <c>max |norm| / 448</c> of each row, float32, [rows]: what y is to be multiplied
    /// by.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="bias">Offset, [cols], or null.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean square + epsilon)</c> of each row, float32, [rows]; or
    /// null.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one.</param>
    /// <param name="roundFirst">Whether the norm is rounded to <typeparamref name="T"/> before it is quantized, as a
    /// norm and a quantization apart would have it.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, bool)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void ForwardFloat8<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<byte> y,
        DeviceBuffer<float> yScale,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? rstd = null,
        bool zeroCentered = false,
        bool roundFirst = false)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual: null, gate: null, h: null, y, yScale, shape, weight, bias, epsilon, mean: null, rstd,
            Flags(zeroCentered) | QuantizeFlags(roundFirst), RowForm.Plain);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="ForwardFloat8{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{byte}, DeviceBuffer{float}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, bool, bool)" path="/*[not(self::summary)]"/>
    public static void ForwardFloat8<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<byte> y,
        DeviceBuffer<float> yScale,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? rstd = null,
        bool zeroCentered = false,
        bool roundFirst = false)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual: null, gate: null, h: null, y, yScale, shape, weight, bias, epsilon, mean: null, rstd,
            Flags(zeroCentered) | QuantizeFlags(roundFirst), RowForm.Plain);

    /// <summary><c>h = x + residual</c> and its norm in floats of 8 bits (e4m3): <c>y = round(norm(h) / yScale)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="residual">Added to x, [rows, cols].</param>
    /// <param name="h">Receives the sum, rounded to <typeparamref name="T"/>, and is what is normalized, [rows, cols];
    /// may be <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="y">Receives the quantized norm, [rows, cols]: -448 to 448, halves rounded to even. 0 throughout a
    /// row of zeros, and one with a NaN or an infinity.</param>
    /// <param name="yScale">Receives <c>max |norm| / 448</c> of each row, float32, [rows]: what y is to be multiplied
    /// by.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="bias">Offset, [cols], or null.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean square + epsilon)</c> of each row, float32, [rows]; or
    /// null.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one.</param>
    /// <param name="roundFirst">Whether the norm is rounded to <typeparamref name="T"/> before it is quantized, as a
    /// norm and a quantization apart would have it.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, bool)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void AddForwardFloat8<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> residual,
        DeviceBuffer<T> h,
        DeviceBuffer<byte> y,
        DeviceBuffer<float> yScale,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? rstd = null,
        bool zeroCentered = false,
        bool roundFirst = false)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual, gate: null, h, y, yScale, shape, weight, bias, epsilon, mean: null, rstd,
            Flags(zeroCentered) | QuantizeFlags(roundFirst), RowForm.Add);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddForwardFloat8{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{byte}, DeviceBuffer{float}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, bool, bool)" path="/*[not(self::summary)]"/>
    public static void AddForwardFloat8<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> residual,
        DeviceBuffer<T> h,
        DeviceBuffer<byte> y,
        DeviceBuffer<float> yScale,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? rstd = null,
        bool zeroCentered = false,
        bool roundFirst = false)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual, gate: null, h, y, yScale, shape, weight, bias, epsilon, mean: null, rstd,
            Flags(zeroCentered) | QuantizeFlags(roundFirst), RowForm.Add);
}
