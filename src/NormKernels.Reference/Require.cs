using System;
using System.Runtime.CompilerServices;

namespace NormKernels.Reference;

/// <summary>The argument checks of all norms; each throws with the name of the parameter it was given.</summary>
internal static class Require
{
    public static void Sizes(int rows, int cols)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(cols);
    }

    public static void Sizes(int batch, int channels, int spatial)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(channels);
        ArgumentOutOfRangeException.ThrowIfNegative(spatial);
    }

    public static void AxisSizes(int outer, int length, int inner)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outer);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(inner);
    }

    /// <summary>
    /// The number of elements of a tensor of these sizes, none negative; <see cref="long.MaxValue"/>, which no tensor
    /// has, where it does not fit.
    /// </summary>
    public static long Elements(params ReadOnlySpan<int> sizes)
    {
        if (sizes.Contains(0))
        {
            return 0;
        }

        long elements = 1;
        foreach (int size in sizes)
        {
            if (elements > long.MaxValue / size)
            {
                return long.MaxValue;
            }

            elements *= size;
        }

        return elements;
    }

    public static void Shape(ReadOnlySpan<int> shape)
    {
        foreach (int size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
        }
    }

    /// <summary>An axis counted from the first; a negative one is counted from behind the last.</summary>
    public static int Axis(int axis, int rank, [CallerArgumentExpression(nameof(axis))] string? name = null)
    {
        if (axis < -rank || axis >= rank)
        {
            throw new ArgumentOutOfRangeException(name, axis, $"A tensor of {rank} axes has no such axis.");
        }

        return axis < 0 ? axis + rank : axis;
    }

    public static void Epsilon(double epsilon)
    {
        // Written so that NaN fails and -0.0 passes.
        if (!(epsilon >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Epsilon must be at least 0.");
        }
    }

    /// <param name="tensor">The tensor to check.</param>
    /// <param name="expected">Its required length; 64 bits wide, because a product of sizes need not fit an
    /// int.</param>
    /// <param name="name">Filled in by the compiler.</param>
    public static void Length<T>(
        ReadOnlySpan<T> tensor, long expected, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (tensor.Length != expected)
        {
            throw new ArgumentException($"Expected {expected} elements but got {tensor.Length}.", name);
        }
    }

    /// <inheritdoc cref="Length"/>
    public static void LengthIfPassed(
        ReadOnlySpan<double> tensor, long expected, [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        if (!tensor.IsEmpty)
        {
            Length(tensor, expected, name);
        }
    }
}
