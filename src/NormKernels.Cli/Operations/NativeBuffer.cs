using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>Memory from outside the managed heap, aligned to a cache line; it belongs to an arena.</summary>
internal readonly unsafe struct NativeBuffer<T>(T* data, int length)
    where T : unmanaged
{
    /// <summary>Where the elements lie.</summary>
    public nint Address => (nint)data;

    /// <summary>The elements; empty for a buffer that was never allocated, which stands for "not passed".</summary>
    public Span<T> Span => new(data, length);
}

/// <summary>Allocates buffers and frees them all at once.</summary>
internal sealed unsafe class NativeArena : IDisposable
{
    private const int Alignment = 64;

    private readonly List<nint> _allocated = [];

    /// <summary>The most elements that a span holds.</summary>
    public static long MaxElements => int.MaxValue;

    /// <summary>How many elements a tensor has.</summary>
    /// <exception cref="InvalidDataException">They cannot be counted.</exception>
    public static long Count(ReadOnlySpan<long> shape) => NpyArray.TryCountElements(shape, out long count)
        ? count
        : throw new InvalidDataException($"a tensor of the shape {NpyArray.FormatShape(shape)} is too large");

    /// <summary>A buffer of zeros, so that its pages are in memory.</summary>
    /// <exception cref="InvalidDataException">More elements than a span holds.</exception>
    public NativeBuffer<T> Allocate<T>(long length)
        where T : unmanaged
    {
        if (length > MaxElements)
        {
            throw new InvalidDataException(
                $"a tensor of {length} elements is too large; at most {MaxElements} fit a span");
        }

        nuint bytes = (nuint)length * (nuint)sizeof(T);
        void* data = NativeMemory.AlignedAlloc(Math.Max(bytes, 1), Alignment);
        _allocated.Add((nint)data);
        NativeMemory.Clear(data, bytes);
        return new NativeBuffer<T>((T*)data, (int)length);
    }

    /// <summary>A buffer with these values, each rounded once.</summary>
    public NativeBuffer<T> Allocate<T>(ReadOnlySpan<double> values)
        where T : unmanaged
    {
        NativeBuffer<T> buffer = Allocate<T>(values.Length);
        Elements.Convert(values, buffer.Span);
        return buffer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (nint data in _allocated)
        {
            NativeMemory.AlignedFree((void*)data);
        }

        _allocated.Clear();
    }
}
