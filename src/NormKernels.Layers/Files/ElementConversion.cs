using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NormKernels.Layers.Files;

/// <summary>
/// The element types of parameter files, by the names that safetensors gives them, and from one to another.
/// </summary>
internal static class ElementConversion
{
    /// <summary>What is read, for messages.</summary>
    public const string Readable = "F16, BF16, F32 and F64 as parameters, I64 as counters";

    /// <summary>The name of <typeparamref name="T"/>.</summary>
    /// <exception cref="NotSupportedException">It has none here.</exception>
    public static string NameOf<T>()
        where T : unmanaged =>
        typeof(T) == typeof(float) ? "F32"
        : typeof(T) == typeof(Half) ? "F16"
        : typeof(T) == typeof(BFloat16) ? "BF16"
        : typeof(T) == typeof(double) ? "F64"
        : typeof(T) == typeof(long) ? "I64"
        : throw new NotSupportedException(
            $"Elements of type {typeof(T)} are not supported: use float, Half, BFloat16, double or long.");

    /// <summary>Bits of an element; 0 for a name that is not known. Files hold more than is read here.</summary>
    public static int BitsOf(string name) => name switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E5M2FNUZ" or "F8_E4M3FNUZ" or "F8_E8M0" => 8,
        "F16" or "BF16" or "U16" or "I16" => 16,
        "F32" or "U32" or "I32" => 32,
        "F64" or "U64" or "I64" or "C64" => 64,
        _ => 0,
    };

    /// <summary>Whether elements of this name can become <typeparamref name="T"/>: floating-point numbers any floating
    /// type, integers integers.</summary>
    public static bool CanConvert<T>(string name)
        where T : unmanaged =>
        typeof(T) == typeof(long) ? name is "I64" : name is "F16" or "BF16" or "F32" or "F64";

    /// <summary>Rounds each value once, to nearest, ties to even; values of the same type keep their bits.</summary>
    public static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        if (typeof(TFrom) == typeof(TTo))
        {
            MemoryMarshal.Cast<TFrom, TTo>(from).CopyTo(to);
            return;
        }

        for (int i = 0; i < from.Length; i++)
        {
            // Exact up to here, whatever it was.
            to[i] = Round<TTo>(ToDouble(from[i]));
        }
    }

    /// <summary>A value rounded once, to nearest, ties to even.</summary>
    public static T Round<T>(double value)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value)
        : typeof(T) == typeof(Half) ? Unsafe.BitCast<Half, T>((Half)value)
        : typeof(T) == typeof(BFloat16) ? Unsafe.BitCast<BFloat16, T>((BFloat16)value)
        : Unsafe.BitCast<double, T>(value);

    private static double ToDouble<T>(T value)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, float>(value)
        : typeof(T) == typeof(Half) ? (double)Unsafe.BitCast<T, Half>(value)
        : typeof(T) == typeof(BFloat16) ? Unsafe.BitCast<T, BFloat16>(value)
        : Unsafe.BitCast<T, double>(value);
}
