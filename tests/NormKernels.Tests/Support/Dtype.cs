using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

using NormKernels.Tests.Norms;

namespace NormKernels.Tests.Support;

/// <summary>An element type: how it is read, written, compared, and how far a result may be off.</summary>
internal abstract class Dtype
{
    // The absolute part is the distance between subnormals, or some where a factor is one.
    public static readonly Dtype F32 =
        new Dtype<float>("f32", new Tolerance(5e-6, 4 * float.Epsilon), v => (float)v, v => v);

    public static readonly Dtype F16 =
        new Dtype<Half>("f16", new Tolerance(1.0 / 1024, 6e-8), v => (Half)v, v => (double)v);

    public static readonly Dtype BF16 =
        new Dtype<BFloat16>("bf16", new Tolerance(1.0 / 128, BFloat16.Epsilon), v => (BFloat16)v, v => v);

    public static readonly Dtype F64 = new Dtype<double>("f64", new Tolerance(1e-14, 0), v => v, v => v);

    public static readonly Dtype Int8 = new Dtype<sbyte>("int8", new Tolerance(0, 0), v => (sbyte)v, v => v);

    public static readonly Dtype Byte = new Dtype<byte>("bytes", new Tolerance(0, 0), v => (byte)v, v => v);

    private protected Dtype(string name, int size, Tolerance tolerance)
    {
        Name = name;
        Size = size;
        Tolerance = tolerance;
    }

    /// <summary>The types that tensors may have.</summary>
    public static IReadOnlyList<Dtype> Tensors { get; } = [F32, F16, BF16];

    public string Name { get; }

    public int Size { get; }

    public Tolerance Tolerance { get; }

    /// <summary>The largest finite value.</summary>
    public double Largest => this == F16 ? 65504 : float.MaxValue;

    /// <summary>The values, rounded once.</summary>
    public abstract byte[] Encode(ReadOnlySpan<double> values);

    public abstract double[] Decode(ReadOnlySpan<byte> bytes);

    /// <summary>Calls a verb on tensors of this type.</summary>
    public abstract void Call(Norm norm, Verb verb, Arguments arguments);

    /// <summary>The first element whose bits differ, or -1; all NaNs are the same.</summary>
    public int FirstDifference(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        int same = a.CommonPrefixLength(b);
        if (same == a.Length && same == b.Length)
        {
            return -1;
        }

        for (int i = same / Size; i < Math.Max(a.Length, b.Length) / Size; i++)
        {
            if (a.Length != b.Length)
            {
                return i;
            }

            ReadOnlySpan<byte> one = a.Slice(i * Size, Size);
            ReadOnlySpan<byte> other = b.Slice(i * Size, Size);
            if (!one.SequenceEqual(other) && !(double.IsNaN(Decode(one)[0]) && double.IsNaN(Decode(other)[0])))
            {
                return i;
            }
        }

        return -1;
    }

    public double[] Round(ReadOnlySpan<double> values) => Decode(Encode(values));

    public override string ToString() => Name;
}

internal sealed class Dtype<T>(string name, Tolerance tolerance, Func<double, T> encode, Func<T, double> decode)
    : Dtype(name, Marshal.SizeOf<T>(), tolerance)
    where T : unmanaged
{
    public override byte[] Encode(ReadOnlySpan<double> values)
    {
        byte[] bytes = new byte[values.Length * Size];
        Span<T> elements = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
        for (int i = 0; i < values.Length; i++)
        {
            elements[i] = encode(values[i]);
        }

        return bytes;
    }

    public override double[] Decode(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<T> elements = MemoryMarshal.Cast<byte, T>(bytes);
        double[] values = new double[elements.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = decode(elements[i]);
        }

        return values;
    }

    public override void Call(Norm norm, Verb verb, Arguments arguments) => norm.Call<T>(verb, arguments);
}
