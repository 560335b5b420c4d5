using System;

namespace NormKernels.Validation;

/// <summary>Arithmetic on the axes of tensors, in 64 bits and checked.</summary>
internal static class Sizes
{
    /// <summary>The product of axes; 0 if one is 0, whatever the others would multiply to.</summary>
    public static long Product(ReadOnlySpan<long> axes, string name)
    {
        if (axes.Contains(0))
        {
            return 0;
        }

        long product = 1;
        foreach (long axis in axes)
        {
            product = axis <= long.MaxValue / product ? product * axis : throw Overflow(name);
        }

        return product;
    }

    /// <summary>No axis is negative.</summary>
    public static void RequireNoneNegative(ReadOnlySpan<long> axes, string name)
    {
        foreach (long axis in axes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(axis, name);
        }
    }

    /// <summary>The product of the sizes that are not 0 fits, in bytes of float32: then that of any of them does.</summary>
    public static void RequireFit(ReadOnlySpan<long> sizes, string name)
    {
        long product = 1;
        foreach (long size in sizes)
        {
            if (size != 0)
            {
                product = size <= long.MaxValue / sizeof(float) / product ? product * size : throw Overflow(name);
            }
        }
    }

    /// <summary>The number of an axis that may be counted from the end (-1 is the last).</summary>
    public static int Axis(int axis, int rank, string name) =>
        axis >= -rank && axis < rank
            ? (axis < 0 ? axis + rank : axis)
            : throw new ArgumentOutOfRangeException(name, axis, $"The tensor has {rank} axes.");

    private static ArgumentOutOfRangeException Overflow(string name) => new(name, "The shape overflows 64 bits.");
}
