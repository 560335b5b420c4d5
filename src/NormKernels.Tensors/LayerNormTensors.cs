using System;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace NormKernels.Tensors;

/// <summary><see cref="LayerNorm"/> on tensors, with the normalized shape as torch.nn.functional.layer_norm takes it. Rows may be apart, as in a slice
/// of a larger tensor; nothing is copied.</summary>
public static class LayerNormTensors
{
    extension(LayerNorm)
    {
        /// <summary><c>y = norm(x)</c>.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, of any shape that ends in the normalized one.</param>
        /// <param name="y">Receives the output, of the shape of x; may be x.</param>
        /// <param name="normalizedShape">The last axes of x, which are normalized together, as in torch.nn.functional.</param>
        /// <param name="weight">Scale, of the normalized shape, without gaps; or not passed.</param>
        /// <param name="bias">Offset, of the normalized shape, without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">Receives the mean of each row, rows in order; or empty.</param>
        /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each row; or empty.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its rows cannot be walked without a
        /// copy: the normalized axes must be adjacent elements, the rows one distance apart. Or as for the method on spans. Named
        /// after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
        [OverloadResolutionPriority(1)]
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            ReadOnlySpan<nint> normalizedShape,
            in ReadOnlyTensorSpan<T> weight = default,
            in ReadOnlyTensorSpan<T> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            RowTensors tensors = new(x.Lengths, normalizedShape);
            (RowShape shape, long stride) = tensors.Rows(x, nameof(x));
            shape = shape with { Strides = new() { X = stride, Y = tensors.Stride<T>(y, nameof(y)) } };
            LayerNorm.Forward(
                x.Elements(), y.Elements(), shape, tensors.Parameter(weight, nameof(weight)),
                tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Forward{T}(in ReadOnlyTensorSpan{T}, in TensorSpan{T}, ReadOnlySpan{nint}, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            ReadOnlySpan<nint> normalizedShape,
            in ReadOnlyTensorSpan<float> weight = default,
            in ReadOnlyTensorSpan<float> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            RowTensors tensors = new(x.Lengths, normalizedShape);
            (RowShape shape, long stride) = tensors.Rows(x, nameof(x));
            shape = shape with { Strides = new() { X = stride, Y = tensors.Stride<T>(y, nameof(y)) } };
            LayerNorm.Forward(
                x.Elements(), y.Elements(), shape, tensors.Parameter(weight, nameof(weight)),
                tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd, options);
        }

        /// <summary><c>h = x + residual</c>, <c>y = norm(h)</c> in one pass.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, of any shape that ends in the normalized one.</param>
        /// <param name="residual">Added to x, of its shape.</param>
        /// <param name="h">Receives the sum, of the shape of x; may be x or residual.</param>
        /// <param name="y">Receives the normalized sum, of the shape of x; may be x or residual, if h is not.</param>
        /// <param name="normalizedShape">The last axes of x, which are normalized together, as in torch.nn.functional.</param>
        /// <param name="weight">Scale, of the normalized shape, without gaps; or not passed.</param>
        /// <param name="bias">Offset, of the normalized shape, without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">Receives the mean of each row, rows in order; or empty.</param>
        /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each row; or empty.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its rows cannot be walked without a
        /// copy: the normalized axes must be adjacent elements, the rows one distance apart. Or as for the method on spans. Named
        /// after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
        [OverloadResolutionPriority(1)]
        public static void AddForward<T>(
            in ReadOnlyTensorSpan<T> x,
            in ReadOnlyTensorSpan<T> residual,
            in TensorSpan<T> h,
            in TensorSpan<T> y,
            ReadOnlySpan<nint> normalizedShape,
            in ReadOnlyTensorSpan<T> weight = default,
            in ReadOnlyTensorSpan<T> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            RowTensors tensors = new(x.Lengths, normalizedShape);
            (RowShape shape, long stride) = tensors.Rows(x, nameof(x));
            shape = shape with
            {
                Strides = new()
                {
                    X = stride,
                    Residual = tensors.Stride(residual, nameof(residual)),
                    H = tensors.Stride<T>(h, nameof(h)),
                    Y = tensors.Stride<T>(y, nameof(y)),
                },
            };
            LayerNorm.AddForward(
                x.Elements(), residual.Elements(), h.Elements(), y.Elements(), shape,
                tensors.Parameter(weight, nameof(weight)), tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd,
                options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="AddForward{T}(in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, in TensorSpan{T}, ReadOnlySpan{nint}, in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void AddForward<T>(
            in ReadOnlyTensorSpan<T> x,
            in ReadOnlyTensorSpan<T> residual,
            in TensorSpan<T> h,
            in TensorSpan<T> y,
            ReadOnlySpan<nint> normalizedShape,
            in ReadOnlyTensorSpan<float> weight = default,
            in ReadOnlyTensorSpan<float> bias = default,
            double epsilon = 1e-5,
            Span<float> mean = default,
            Span<float> rstd = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            RowTensors tensors = new(x.Lengths, normalizedShape);
            (RowShape shape, long stride) = tensors.Rows(x, nameof(x));
            shape = shape with
            {
                Strides = new()
                {
                    X = stride,
                    Residual = tensors.Stride(residual, nameof(residual)),
                    H = tensors.Stride<T>(h, nameof(h)),
                    Y = tensors.Stride<T>(y, nameof(y)),
                },
            };
            LayerNorm.AddForward(
                x.Elements(), residual.Elements(), h.Elements(), y.Elements(), shape,
                tensors.Parameter(weight, nameof(weight)), tensors.Parameter(bias, nameof(bias)), epsilon, mean, rstd,
                options);
        }

        /// <summary>The vector-Jacobian product of <c>y = norm(x)</c>.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="dy">Gradient of y, of the shape of x.</param>
        /// <param name="x">The input of the forward pass.</param>
        /// <param name="dx">Receives the gradient of x, of its shape; may be dy.</param>
        /// <param name="normalizedShape">The last axes of x, which are normalized together, as in torch.nn.functional.</param>
        /// <param name="weight">Scale, of the normalized shape, without gaps; or not passed.</param>
        /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
        /// <param name="mean">What Forward gave, or empty: it is computed again.</param>
        /// <param name="rstd">What Forward gave, or empty: it is computed again.</param>
        /// <param name="dweight">Receives the gradient of the weight, float32, in the order of its elements; or empty.</param>
        /// <param name="dbias">Receives the gradient of the bias, likewise; or empty.</param>
        /// <param name="workspace">Scratch of <c>LayerNorm.BackwardWorkspaceSize(new RowShape(rows, cols))</c> bytes, needed
        /// for dweight and dbias; may be empty while that is 16 KiB or less.</param>
        /// <param name="accumulate">Parameter gradients are added to what is there.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its rows cannot be walked without a
        /// copy: the normalized axes must be adjacent elements, the rows one distance apart. Or as for the method on spans. Named
        /// after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
        [OverloadResolutionPriority(1)]
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            ReadOnlySpan<nint> normalizedShape,
            in ReadOnlyTensorSpan<T> weight = default,
            double epsilon = 1e-5,
            ReadOnlySpan<float> mean = default,
            ReadOnlySpan<float> rstd = default,
            Span<float> dweight = default,
            Span<float> dbias = default,
            Span<byte> workspace = default,
            bool accumulate = false,
            CpuOptions options = default)
            where T : unmanaged
        {
            RowTensors tensors = new(x.Lengths, normalizedShape);
            (RowShape shape, long stride) = tensors.Rows(x, nameof(x));
            shape = shape with
            {
                Strides = new()
                {
                    Dy = tensors.Stride(dy, nameof(dy)),
                    X = stride,
                    Dx = tensors.Stride<T>(dx, nameof(dx)),
                },
            };
            LayerNorm.Backward(
                dy.Elements(), x.Elements(), dx.Elements(), shape, tensors.Parameter(weight, nameof(weight)), epsilon,
                mean, rstd, dweight, dbias, workspace, accumulate, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Backward{T}(in ReadOnlyTensorSpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, ReadOnlySpan{nint}, in ReadOnlyTensorSpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, Span{byte}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            ReadOnlySpan<nint> normalizedShape,
            in ReadOnlyTensorSpan<float> weight = default,
            double epsilon = 1e-5,
            ReadOnlySpan<float> mean = default,
            ReadOnlySpan<float> rstd = default,
            Span<float> dweight = default,
            Span<float> dbias = default,
            Span<byte> workspace = default,
            bool accumulate = false,
            CpuOptions options = default)
            where T : unmanaged
        {
            RowTensors tensors = new(x.Lengths, normalizedShape);
            (RowShape shape, long stride) = tensors.Rows(x, nameof(x));
            shape = shape with
            {
                Strides = new()
                {
                    Dy = tensors.Stride(dy, nameof(dy)),
                    X = stride,
                    Dx = tensors.Stride<T>(dx, nameof(dx)),
                },
            };
            LayerNorm.Backward(
                dy.Elements(), x.Elements(), dx.Elements(), shape, tensors.Parameter(weight, nameof(weight)), epsilon,
                mean, rstd, dweight, dbias, workspace, accumulate, options);
        }
    }
}
