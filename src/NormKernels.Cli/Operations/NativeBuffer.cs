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

    [ThreadStatic]
    private static KeptBlocks? t_kept;

    private readonly List<NativeBlock> _allocated = [];

    /// <summary>The most elements that a span holds.</summary>
    public static long MaxElements => int.MaxValue;

    /// <summary>How many elements a tensor has.</summary>
    /// <exception cref="InvalidDataException">They cannot be counted.</exception>
    public static long Count(ReadOnlySpan<long> shape) => NpyArray.TryCountElements(shape, out long count)
        ? count
        : throw new InvalidDataException($"a tensor of the shape {NpyArray.FormatShape(shape)} is too large");

    /// <summary>
    /// Until the result is disposed of, the arenas of this thread allocate what those before them have freed, where it
    /// fits: the first touch of pages may take ten times as long as whatever is then measured on them.
    /// </summary>
    public static IDisposable KeepBlocks() => t_kept = new KeptBlocks();

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
        NativeBlock block = t_kept?.Take(bytes)
            ?? new((nint)NativeMemory.AlignedAlloc(Math.Max(bytes, 1), Alignment), bytes);
        _allocated.Add(block);
        NativeMemory.Clear((void*)block.Address, bytes);
        return new NativeBuffer<T>((T*)block.Address, (int)length);
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
        foreach (NativeBlock block in _allocated)
        {
            if (t_kept is null)
            {
                block.Free();
            }
            else
            {
                t_kept.Give(block);
            }
        }

        _allocated.Clear();
    }

    private readonly record struct NativeBlock(nint Address, nuint Bytes)
    {
        public void Free() => NativeMemory.AlignedFree((void*)Address);
    }

    private sealed class KeptBlocks : IDisposable
    {
        private readonly List<NativeBlock> _blocks = [];

        // The smallest that is large enough, and at most about twice as large as it has to be.
        public NativeBlock? Take(nuint bytes)
        {
            int best = -1;
            for (int i = 0; i < _blocks.Count; i++)
            {
                nuint kept = _blocks[i].Bytes;
                if (kept >= bytes && kept / 2 <= bytes && (best < 0 || kept < _blocks[best].Bytes))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return null;
            }

            NativeBlock block = _blocks[best];
            _blocks.RemoveAt(best);
            return block;
        }

        public void Give(NativeBlock block) => _blocks.Add(block);

        public void Dispose()
        {
            if (t_kept == this)
            {
                t_kept = null;
            }

            _blocks.ForEach(block => block.Free());
            _blocks.Clear();
        }
    }
}
