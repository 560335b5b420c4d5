using System;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace NormKernels.Tensors;

/// <summary><see cref="AxisNorm"/> on tensors.</summary>
public static class AxisNormTensors
{
    extension(AxisNorm)
    {
        /// <summary><c>y = norm(x)</c> along an axis.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, of any shape, without gaps.</param>
        /// <param name="y">Receives the output, of the shape of x, without gaps; may be x.</param>
        /// <param name="dim">The axis that is normalized; negative numbers count from the end, -1 is the last.</param>
        /// <param name="weight">Scale for every element, of the shape of x, without gaps; or not passed.</param>
        /// <param name="bias">Offset for every element, likewise; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">Receives the means, float32, in the order of the other axes; or empty.</param>
        /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c>, likewise; or empty.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its elements do not lie one after the
        /// other. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or a number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            int dim,
            in ReadOnlyTensorSpan<T> weight = default,
            in ReadOnlyTensorSpan<T> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            AxisTensors tensors = new(x.Lengths, dim);
            AxisNorm.Forward(
                tensors.Elements(x, nameof(x)), tensors.Elements(y, nameof(y)), tensors.Shape,
                tensors.Parameter(weight, nameof(weight)), tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd,
                options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Forward{T}(in ReadOnlyTensorSpan{T}, in TensorSpan{T}, int, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            int dim,
            in ReadOnlyTensorSpan<float> weight = default,
            in ReadOnlyTensorSpan<float> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            AxisTensors tensors = new(x.Lengths, dim);
            AxisNorm.Forward(
                tensors.Elements(x, nameof(x)), tensors.Elements(y, nameof(y)), tensors.Shape,
                tensors.Parameter(weight, nameof(weight)), tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd,
                options);
        }

        /// <summary>The vector-Jacobian product of Forward.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="dy">Gradient of y, of the shape of x, without gaps.</param>
        /// <param name="x">The input of the forward pass, without gaps.</param>
        /// <param name="dx">Receives the gradient of x, of its shape, without gaps; may be dy.</param>
        /// <param name="dim">The axis that is normalized; negative numbers count from the end, -1 is the last.</param>
        /// <param name="weight">Scale for every element, of the shape of x, without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">What Forward gave, or empty: it is computed again.</param>
        /// <param name="rstd">What Forward gave, or empty: it is computed again.</param>
        /// <param name="dweight">Receives the gradient of the weight, float32, one for every element; or empty.</param>
        /// <param name="dbias">Receives the gradient of the bias, likewise; or empty.</param>
        /// <param name="accumulate">Parameter gradients are added to what is there.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its elements do not lie one after the
        /// other. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or a number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            int dim,
            in ReadOnlyTensorSpan<T> weight = default,
            double epsilon = 1e-5,
            ReadOnlySpan<float> mean = default,
            ReadOnlySpan<float> rstd = default,
            Span<float> dweight = default,
            Span<float> dbias = default,
            bool accumulate = false,
            CpuOptions options = default)
            where T : unmanaged
        {
            AxisTensors tensors = new(x.Lengths, dim);
            AxisNorm.Backward(
                tensors.Elements(dy, nameof(dy)), tensors.Elements(x, nameof(x)), tensors.Elements(dx, nameof(dx)),
                tensors.Shape, tensors.Parameter(weight, nameof(weight)), epsilon, mean, rstd, dweight, dbias, accumulate,
                options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Backward{T}(in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, int, in ReadOnlyTensorSpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            int dim,
            in ReadOnlyTensorSpan<float> weight = default,
            double epsilon = 1e-5,
            ReadOnlySpan<float> mean = default,
            ReadOnlySpan<float> rstd = default,
            Span<float> dweight = default,
            Span<float> dbias = default,
            bool accumulate = false,
            CpuOptions options = default)
            where T : unmanaged
        {
            AxisTensors tensors = new(x.Lengths, dim);
            AxisNorm.Backward(
                tensors.Elements(dy, nameof(dy)), tensors.Elements(x, nameof(x)), tensors.Elements(dx, nameof(dx)),
                tensors.Shape, tensors.Parameter(weight, nameof(weight)), epsilon, mean, rstd, dweight, dbias, accumulate,
                options);
        }
    }
}
