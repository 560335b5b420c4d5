using System;
using System.Runtime.CompilerServices;

namespace NormKernels.SampleServer.Requests;

/// <summary>What the elements of a batch are.</summary>
internal enum ElementType
{
    /// <summary><c>float32</c>.</summary>
    Float32,

    /// <summary><c>float16</c>.</summary>
    Float16,

    /// <summary><c>bfloat16</c>.</summary>
    BFloat16,
}

/// <summary>Elements as numbers. The compiler keeps one line of each method.</summary>
internal static class Element
{
    /// <summary>Octets of an element.</summary>
    public static int SizeOf(ElementType type) => type == ElementType.Float32 ? sizeof(float) : sizeof(ushort);

    /// <summary>The value, exactly.</summary>
    public static float ToSingle<T>(T value)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<T, float>(value)
        : typeof(T) == typeof(Half) ? (float)Unsafe.BitCast<T, Half>(value)
        : Unsafe.BitCast<T, BFloat16>(value);

    /// <summary>The nearest value, ties to even.</summary>
    public static T Round<T>(double value)
        where T : unmanaged =>
        typeof(T) == typeof(float) ? Unsafe.BitCast<float, T>((float)value)
        : typeof(T) == typeof(Half) ? Unsafe.BitCast<Half, T>((Half)value)
        : Unsafe.BitCast<BFloat16, T>((BFloat16)value);
}
