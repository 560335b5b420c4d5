using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Layers.Files;

/// <summary>A tensor that is to be written.</summary>
internal abstract class StoredTensor(string name, string dtype, long[] shape)
{
    public string Name { get; } = name;

    public string Dtype { get; } = dtype;

    public long[] Shape { get; } = shape;

    public abstract int ElementSize { get; }

    public abstract long Bytes { get; }

    /// <summary>Writes the elements, little-endian.</summary>
    public abstract void WriteElements(Stream stream);

    /// <summary>The tensor for a .npz archive; NumPy has no bfloat16, which becomes float32.</summary>
    public abstract NpyArray ToNpy();
}

internal sealed class StoredTensor<T>(string name, T[] elements, long[] shape)
    : StoredTensor(name, ElementConversion.NameOf<T>(), shape)
    where T : unmanaged
{
    // A span counts bytes in an int.
    private const int ChunkElements = 1 << 20;

    public override int ElementSize => Unsafe.SizeOf<T>();

    public override long Bytes => (long)elements.Length * ElementSize;

    public override void WriteElements(Stream stream)
    {
        ReadOnlySpan<T> left = elements;
        while (!left.IsEmpty)
        {
            ReadOnlySpan<T> chunk = left[..Math.Min(left.Length, ChunkElements)];
            stream.Write(MemoryMarshal.AsBytes(chunk));
            left = left[chunk.Length..];
        }
    }

    public override NpyArray ToNpy() => elements switch
    {
        Half[] halves => new(halves, Shape),
        float[] floats => new(floats, Shape),
        double[] doubles => new(doubles, Shape),
        long[] integers => new(integers, Shape),
        BFloat16[] bfloats => new([.. bfloats.Select(value => (float)value)], Shape),
        _ => throw new NotSupportedException($"There is no NumPy type for {typeof(T)}."),
    };
}
