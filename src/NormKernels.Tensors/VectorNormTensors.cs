using System;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

using NormKernels.Validation;

namespace NormKernels.Tensors;

/// <summary><see cref="VectorNorm"/> on tensors, with the axes as torch.linalg.vector_norm takes them.</summary>
public static class VectorNormTensors
{
    extension(VectorNorm)
    {
        /// <summary>Norms over some axes.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, of any shape of up to eight axes, without gaps.</param>
        /// <param name="norm">Receives the norms, in the order of the axes that are kept.</param>
        /// <param name="dim">The axes that are reduced; negative numbers count from the end; none means all.</param>
        /// <param name="ord">The order of the norm: any number but NaN, or an infinity.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its elements do not lie one after the
        /// other. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or a number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            Span<T> norm,
            ReadOnlySpan<int> dim = default,
            double ord = 2,
            CpuOptions options = default)
            where T : unmanaged
        {
            TensorLayout.RequireDense(x.Lengths, x.Strides, nameof(x));
            VectorNorm.Forward(x.Elements(), norm, Reduction(x, dim), ord, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Forward{T}(in ReadOnlyTensorSpan{T}, Span{T}, ReadOnlySpan{int}, double, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            Span<float> norm,
            ReadOnlySpan<int> dim = default,
            double ord = 2,
            CpuOptions options = default)
            where T : unmanaged
        {
            TensorLayout.RequireDense(x.Lengths, x.Strides, nameof(x));
            VectorNorm.Forward(x.Elements(), norm, Reduction(x, dim), ord, options);
        }

        /// <summary>The vector-Jacobian product of Forward.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="dnorm">Gradient of the norms, in the order of the axes that are kept.</param>
        /// <param name="x">The input of the forward pass, without gaps.</param>
        /// <param name="dx">Receives the gradient of x, of its shape, without gaps.</param>
        /// <param name="dim">The axes that are reduced; negative numbers count from the end; none means all.</param>
        /// <param name="ord">The order of the norm.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its elements do not lie one after the
        /// other. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or a number is out of its range.</exception>
        [OverloadResolutionPriority(1)]
        public static void Backward<T>(
            ReadOnlySpan<T> dnorm,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            ReadOnlySpan<int> dim = default,
            double ord = 2,
            CpuOptions options = default)
            where T : unmanaged
        {
            TensorLayout.RequireDense(x.Lengths, x.Strides, nameof(x));
            TensorLayout.RequireShape(dx.Lengths, x.Lengths, nameof(dx));
            TensorLayout.RequireDense(dx.Lengths, dx.Strides, nameof(dx));
            VectorNorm.Backward(dnorm, x.Elements(), dx.Elements(), Reduction(x, dim), ord, options);
        }

        /// <summary>The same with float32 parameters beside 16-bit tensors.</summary>
        /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, in ReadOnlyTensorSpan{T}, in TensorSpan{T}, ReadOnlySpan{int}, double, CpuOptions)" path="/*[not(self::summary)]"/>
        public static void Backward<T>(
            ReadOnlySpan<float> dnorm,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            ReadOnlySpan<int> dim = default,
            double ord = 2,
            CpuOptions options = default)
            where T : unmanaged
        {
            TensorLayout.RequireDense(x.Lengths, x.Strides, nameof(x));
            TensorLayout.RequireShape(dx.Lengths, x.Lengths, nameof(dx));
            TensorLayout.RequireDense(dx.Lengths, dx.Strides, nameof(dx));
            VectorNorm.Backward(dnorm, x.Elements(), dx.Elements(), Reduction(x, dim), ord, options);
        }
    }

    private static ReductionShape Reduction<T>(in ReadOnlyTensorSpan<T> x, ReadOnlySpan<int> dim)
    {
        foreach (int axis in dim)
        {
            _ = Sizes.Axis(axis, x.Rank, nameof(dim));
        }

        return ReductionShape.Of(TensorLayout.Wide(x.Lengths, stackalloc long[x.Rank]), dim);
    }
}
