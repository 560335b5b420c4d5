using System;
using System.Numerics.Tensors;

namespace NormKernels.Tensors;

/// <summary><see cref="L2Normalize"/> on tensors, with the axis as torch.nn.functional.normalize takes it.</summary>
public static class L2NormalizeTensors
{
    extension(L2Normalize)
    {
        /// <summary><c>y = x / max(norm(x), epsilon)</c> along an axis.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="x">Input, of any shape, without gaps.</param>
        /// <param name="y">Receives the output, of the shape of x, without gaps; may be x.</param>
        /// <param name="dim">The axis that is normalized; negative numbers count from the end, -1 is the last.</param>
        /// <param name="p">The order of the norm.</param>
        /// <param name="epsilon">The least divisor; 0 or more.</param>
        /// <param name="norm">Receives the norms, float32, in the order of the other axes; or empty.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its elements do not lie one after the
        /// other. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or a number is out of its range.</exception>
        public static void Forward<T>(
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> y,
            int dim,
            double p = 2,
            double epsilon = 1e-12,
            Span<float> norm = default,
            CpuOptions options = default)
            where T : unmanaged
        {
            AxisTensors tensors = new(x.Lengths, dim);
            L2Normalize.Forward(
                tensors.Elements(x, nameof(x)), tensors.Elements(y, nameof(y)), tensors.Shape, p, epsilon, norm, options);
        }

        /// <summary>The vector-Jacobian product of Forward.</summary>
        /// <typeparam name="T">float, Half or BFloat16.</typeparam>
        /// <param name="dy">Gradient of y, of the shape of x, without gaps.</param>
        /// <param name="x">The input of the forward pass, without gaps.</param>
        /// <param name="dx">Receives the gradient of x, of its shape, without gaps; may be dy.</param>
        /// <param name="dim">The axis that is normalized; negative numbers count from the end, -1 is the last.</param>
        /// <param name="p">The order of the norm.</param>
        /// <param name="epsilon">The least divisor; 0 or more.</param>
        /// <param name="options">Threads and instruction set.</param>
        /// <exception cref="ArgumentException">A tensor has another shape than it should have, or its elements do not lie one after the
        /// other. Or as for the method on spans. Named after the parameter; nothing has been written.</exception>
        /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or a number is out of its range.</exception>
        public static void Backward<T>(
            in ReadOnlyTensorSpan<T> dy,
            in ReadOnlyTensorSpan<T> x,
            in TensorSpan<T> dx,
            int dim,
            double p = 2,
            double epsilon = 1e-12,
            CpuOptions options = default)
            where T : unmanaged
        {
            AxisTensors tensors = new(x.Lengths, dim);
            L2Normalize.Backward(
                tensors.Elements(dy, nameof(dy)), tensors.Elements(x, nameof(x)), tensors.Elements(dx, nameof(dx)),
                tensors.Shape, p, epsilon, options);
        }
    }
}
