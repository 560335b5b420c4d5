using System;
using System.Runtime.InteropServices;

using NormKernels.Cli.CaseSets;

namespace NormKernels.Cli.Operations;

/// <summary>The element types of the kernels and of the reference.</summary>
internal static class Elements
{
    /// <summary>The format that a type stores.</summary>
    public static CaseDtype Dtype<T>()
        where T : unmanaged =>
        typeof(T) == typeof(float) ? CaseDtype.Float32
        : typeof(T) == typeof(Half) ? CaseDtype.Float16
        : typeof(T) == typeof(BFloat16) ? CaseDtype.BFloat16
        : typeof(T) == typeof(double) ? CaseDtype.Float64
        : throw Unknown<T>();

    /// <summary>Bytes of an element.</summary>
    public static int Size(CaseDtype dtype) => dtype switch
    {
        CaseDtype.Float64 => sizeof(double),
        CaseDtype.Float32 => sizeof(float),
        _ => sizeof(ushort),
    };

    /// <summary>Rounds each value once, to nearest, ties to even.</summary>
    public static void Convert<T>(ReadOnlySpan<double> from, Span<T> to)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            from.CopyTo(MemoryMarshal.Cast<T, double>(to));
        }
        else if (typeof(T) == typeof(float))
        {
            Span<float> floats = MemoryMarshal.Cast<T, float>(to);
            for (int i = 0; i < from.Length; i++)
            {
                floats[i] = (float)from[i];
            }
        }
        else if (typeof(T) == typeof(Half))
        {
            Span<Half> halves = MemoryMarshal.Cast<T, Half>(to);
            for (int i = 0; i < from.Length; i++)
            {
                halves[i] = (Half)from[i];
            }
        }
        else if (typeof(T) == typeof(BFloat16))
        {
            Span<BFloat16> bfloats = MemoryMarshal.Cast<T, BFloat16>(to);
            for (int i = 0; i < from.Length; i++)
            {
                bfloats[i] = (BFloat16)from[i];
            }
        }
        else
        {
            throw Unknown<T>();
        }
    }

    /// <summary>The values; exact.</summary>
    public static double[] ToDoubles<T>(ReadOnlySpan<T> from)
        where T : unmanaged
    {
        double[] to = new double[from.Length];
        if (typeof(T) == typeof(double))
        {
            MemoryMarshal.Cast<T, double>(from).CopyTo(to);
        }
        else if (typeof(T) == typeof(float))
        {
            ReadOnlySpan<float> floats = MemoryMarshal.Cast<T, float>(from);
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = floats[i];
            }
        }
        else if (typeof(T) == typeof(Half))
        {
            ReadOnlySpan<Half> halves = MemoryMarshal.Cast<T, Half>(from);
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = (double)halves[i];
            }
        }
        else if (typeof(T) == typeof(BFloat16))
        {
            ReadOnlySpan<BFloat16> bfloats = MemoryMarshal.Cast<T, BFloat16>(from);
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = bfloats[i];
            }
        }
        else
        {
            throw Unknown<T>();
        }

        return to;
    }

    private static NotSupportedException Unknown<T>() => new($"elements of type {typeof(T)}");
}
