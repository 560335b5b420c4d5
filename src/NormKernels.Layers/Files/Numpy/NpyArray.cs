using System;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace NormKernels.Layers.Files.Numpy;

/// <summary>The element types that are read and written.</summary>
internal enum NpyKind
{
    /// <summary>IEEE half precision, <c>&lt;f2</c>.</summary>
    Float16,

    /// <summary>IEEE single precision, <c>&lt;f4</c>.</summary>
    Float32,

    /// <summary>IEEE double precision, <c>&lt;f8</c>.</summary>
    Float64,

    /// <summary>Integers of 64 bits, <c>&lt;i8</c>: counters among parameters. Read only where they are asked
    /// for.</summary>
    Int64,
}

/// <summary>An array of numbers in C order with its shape. A shape of <c>()</c> is a scalar.</summary>
internal sealed class NpyArray
{
    /// <summary>The most axes a NumPy array has.</summary>
    public const int MaxRank = 64;

    // Half[], float[], double[] or long[]: a typed array holds 2^31 elements, where a byte[] would hold an eighth of
    // that.
    private readonly Array _data;
    private readonly long[] _shape;

    /// <summary>Takes over <paramref name="data"/> without a copy.</summary>
    /// <exception cref="ArgumentException">The shape does not hold as many elements as there are.</exception>
    public NpyArray(Half[] data, params ReadOnlySpan<long> shape)
        : this(data, NpyKind.Float16, shape)
    {
    }

    /// <inheritdoc cref="NpyArray(Half[], ReadOnlySpan{long})"/>
    public NpyArray(float[] data, params ReadOnlySpan<long> shape)
        : this(data, NpyKind.Float32, shape)
    {
    }

    /// <inheritdoc cref="NpyArray(Half[], ReadOnlySpan{long})"/>
    public NpyArray(double[] data, params ReadOnlySpan<long> shape)
        : this(data, NpyKind.Float64, shape)
    {
    }

    /// <inheritdoc cref="NpyArray(Half[], ReadOnlySpan{long})"/>
    public NpyArray(long[] data, params ReadOnlySpan<long> shape)
        : this(data, NpyKind.Int64, shape)
    {
    }

    private NpyArray(Array data, NpyKind kind, ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!TryCountElements(shape, out long count) || count != data.Length)
        {
            throw new ArgumentException(
                $"the shape {FormatShape(shape)} does not hold {data.Length} elements",
                nameof(shape));
        }

        _data = data;
        _shape = shape.ToArray();
        Kind = kind;
    }

    /// <summary>What the elements are stored as.</summary>
    public NpyKind Kind { get; }

    /// <summary>The length of every axis.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public int Length => _data.Length;

    /// <summary>The elements as a new array of doubles; exact from every floating-point kind.</summary>
    public double[] ToDoubles() => Convert<double>();

    /// <summary>The elements as a new array of floats, rounded to nearest even.</summary>
    public float[] ToFloats() => Convert<float>();

    /// <summary>The elements as a new array of halves, rounded once to nearest even.</summary>
    public Half[] ToHalves() => Convert<Half>();

    /// <summary>The stored elements themselves.</summary>
    /// <exception cref="InvalidCastException">They are not stored as <typeparamref name="T"/>.</exception>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged => (T[])_data;

    /// <summary>A shape as Python writes a tuple: <c>()</c>, <c>(3,)</c>, <c>(2, 3)</c>.</summary>
    public static string FormatShape(ReadOnlySpan<long> shape)
    {
        StringBuilder text = new("(");
        for (int axis = 0; axis < shape.Length; axis++)
        {
            _ = text.Append(axis == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{shape[axis]}");
        }

        return text.Append(shape.Length == 1 ? ",)" : ")").ToString();
    }

    /// <summary>
    /// The number of elements of a shape; false for a negative length, too many axes, or a product of the nonzero
    /// lengths (that is, a stride) beyond 64 bits.
    /// </summary>
    public static bool TryCountElements(ReadOnlySpan<long> shape, out long count)
    {
        count = 0;
        long product = 1;
        bool empty = false;
        if (shape.Length > MaxRank)
        {
            return false;
        }

        foreach (long length in shape)
        {
            if (length < 0 || (length > 0 && product > long.MaxValue / length))
            {
                return false;
            }

            empty |= length == 0;
            product *= Math.Max(length, 1);
        }

        count = empty ? 0 : product;
        return true;
    }

    private TTo[] Convert<TTo>()
        where TTo : INumberBase<TTo>
    {
        // CreateTruncating between IEEE types is the cast: one rounding to nearest even, overflow to infinity.
        return _data switch
        {
            TTo[] same => (TTo[])same.Clone(),
            double[] doubles => Array.ConvertAll(doubles, TTo.CreateTruncating),
            float[] floats => Array.ConvertAll(floats, TTo.CreateTruncating),
            long[] integers => Array.ConvertAll(integers, TTo.CreateTruncating),
            _ => Array.ConvertAll((Half[])_data, TTo.CreateTruncating),
        };
    }
}
