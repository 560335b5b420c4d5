using System;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace NormKernels.Tensors;

/// <summary><see cref="BatchNorm"/> on tensors [N, C, ...]. Strides say whether the channels lie first or last in memory (a
/// permuted view is what PyTorch calls channels_last); nothing is copied.</summary>
public static class BatchNormTensors
{
    extension(BatchNorm)
    {
        /// <summary><c>y = norm(x)</c>, with the statistics of x.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, [N, C, ...].</param>
        /// <param name="y">Receives the output, of the shape and strides of x; may be x.</param>
        /// <param name="weight">Scale, [C], without gaps; or not passed.</param>
        /// <param name="bias">Offset, [C], without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">Receives the mean of each slice, as the method on spans gives it; or empty.</param>
        /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each slice; or empty.</param>
        /// <param name="runningMean">Running mean, [C], updated; or empty.</param>
        /// <param name="runningVar">Running variance, [C], updated; or empty.</param>
        /// <param name="momentum">Weight of the new statistics.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or other strides than those of a tensor
        /// without gaps that has its channels first or last. Or as for the method on spans. Named after the parameter; nothing has
        /// been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            in ReadOnlyTensorSpan<T> weight = default,
            in ReadOnlyTensorSpan<T> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            Span<float> runningMean = default,
            Span<float> runningVar = default,
            double momentum = 0.1,
            CpuOptions options = default)
            where T : unmanaged
        {
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            tensors.Require<T>(y, nameof(y));
            BatchNorm.Forward(
                x.Elements(), y.Elements(), tensors.Shape, tensors.Parameter(weight, nameof(weight)),
                tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd, runningMean, runningVar, momentum, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Forward{T}(in ReadOnlyTensorSpan{T}, in TensorSpan{T}, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            in ReadOnlyTensorSpan<float> weight = default,
            in ReadOnlyTensorSpan<float> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            Span<float> runningMean = default,
            Span<float> runningVar = default,
            double momentum = 0.1,
            CpuOptions options = default)
            where T : unmanaged
        {
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            tensors.Require<T>(y, nameof(y));
            BatchNorm.Forward(
                x.Elements(), y.Elements(), tensors.Shape, tensors.Parameter(weight, nameof(weight)),
                tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd, runningMean, runningVar, momentum, options);
        }

        /// <summary>The statistics of the batch alone, those of <c>Forward</c> to the bit.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, [N, C, ...].</param>
        /// <param name="mean">Receives the mean of each channel, [C]; or empty.</param>
        /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each channel, [C]; or empty.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="runningMean">Running mean, [C], updated; or empty.</param>
        /// <param name="runningVar">Running variance, [C], updated; or empty.</param>
        /// <param name="momentum">Weight of the new statistics.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">x has other strides than those of a tensor without gaps that has its channels first or
        /// last. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
        public static void Statistics<T>(
            in ReadOnlyTensorSpan<T> x,
            Span<float> mean = default,
            Span<float> rstd = default,
            double epsilon = 1e-5,
            Span<float> runningMean = default,
            Span<float> runningVar = default,
            double momentum = 0.1,
            CpuOptions options = default)
            where T : unmanaged
        {
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            BatchNorm.Statistics(
                x.Elements(), tensors.Shape, mean, rstd, epsilon, runningMean, runningVar, momentum, options);
        }

        /// <summary><c>y = norm(x)</c>, with running statistics.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, [N, C, ...].</param>
        /// <param name="y">Receives the output, of the shape and strides of x; may be x.</param>
        /// <param name="runningMean">Running mean, [C].</param>
        /// <param name="runningVar">Running variance, [C].</param>
        /// <param name="weight">Scale, [C], without gaps; or not passed.</param>
        /// <param name="bias">Offset, [C], without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or other strides than those of a tensor
        /// without gaps that has its channels first or last. Or as for the method on spans. Named after the parameter; nothing has
        /// been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Inference<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            ReadOnlySpan<float> runningMean,
            ReadOnlySpan<float> runningVar,
            in ReadOnlyTensorSpan<T> weight = default,
            in ReadOnlyTensorSpan<T> bias = default,
            double epsilon = 1e-5,
            CpuOptions options = default)
            where T : unmanaged
        {
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            tensors.Require<T>(y, nameof(y));
            BatchNorm.Inference(
                x.Elements(), y.Elements(), tensors.Shape, runningMean, runningVar,
                tensors.Parameter(weight, nameof(weight)), tensors.Parameter(bias, nameof(bias)), epsilon, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Inference{T}(in ReadOnlyTensorSpan{T}, in TensorSpan{T}, ReadOnlySpan{float}, ReadOnlySpan{float}, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, double, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Inference<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            ReadOnlySpan<float> runningMean,
            ReadOnlySpan<float> runningVar,
            in ReadOnlyTensorSpan<float> weight = default,
            in ReadOnlyTensorSpan<float> bias = default,
            double epsilon = 1e-5,
            CpuOptions options = default)
            where T : unmanaged
        {
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            tensors.Require<T>(y, nameof(y));
            BatchNorm.Inference(
                x.Elements(), y.Elements(), tensors.Shape, runningMean, runningVar,
                tensors.Parameter(weight, nameof(weight)), tensors.Parameter(bias, nameof(bias)), epsilon, options);
        }

        /// <summary>The vector-Jacobian product of Forward.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="dy">Gradient of y, of the shape and strides of x.</param>
        /// <param name="x">The input of the forward pass, [N, C, ...].</param>
        /// <param name="dx">Receives the gradient of x, of its shape and strides; may be dy.</param>
        /// <param name="weight">Scale, [C], without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">What Forward gave, or empty: it is computed again.</param>
        /// <param name="rstd">What Forward gave, or empty: it is computed again.</param>
        /// <param name="dweight">Receives the gradient of the weight, float32, [C]; or empty.</param>
        /// <param name="dbias">Receives the gradient of the bias, float32, [C]; or empty.</param>
        /// <param name="accumulate">Parameter gradients are added to what is there.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or other strides than those of a tensor
        /// without gaps that has its channels first or last. Or as for the method on spans. Named after the parameter; nothing has
        /// been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
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
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            tensors.Require(dy, nameof(dy));
            tensors.Require<T>(dx, nameof(dx));
            BatchNorm.Backward(
                dy.Elements(), x.Elements(), dx.Elements(), tensors.Shape, tensors.Parameter(weight, nameof(weight)),
                epsilon, mean, rstd, dweight, dbias, accumulate, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Backward{T}(in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, in ReadOnlyTensorSpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
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
            ChannelTensors tensors = new(x.Lengths, x.Strides, nameof(x));
            tensors.Require(dy, nameof(dy));
            tensors.Require<T>(dx, nameof(dx));
            BatchNorm.Backward(
                dy.Elements(), x.Elements(), dx.Elements(), tensors.Shape, tensors.Parameter(weight, nameof(weight)),
                epsilon, mean, rstd, dweight, dbias, accumulate, options);
        }
    }
}
