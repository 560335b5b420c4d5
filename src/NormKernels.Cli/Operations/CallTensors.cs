using System;
using System.Collections.Generic;
using System.IO;

using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>The tensors of one call of an operation: what it reads, and by its name what it computes.</summary>
internal sealed class CallTensors(OperationArguments arguments) : IDisposable
{
    private readonly NativeArena _arena = new();
    private readonly Dictionary<string, Func<int?, long, NpyArray>> _tensors = new(StringComparer.Ordinal);
    private readonly List<string> _results = [];

    /// <summary>What the call was given.</summary>
    public OperationArguments Arguments { get; } = arguments;

    /// <summary>A tensor that has to be there and to have this shape.</summary>
    /// <exception cref="InvalidDataException">It is not there, has another shape, or is too large.</exception>
    public NativeBuffer<T> Load<T>(string name, ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        long[] actual = Arguments.FindShape(name) ?? throw new InvalidDataException($"{name} is missing");
        if (!shape.SequenceEqual(actual))
        {
            throw new InvalidDataException(
                $"{name} has the shape {NpyArray.FormatShape(actual)} where {NpyArray.FormatShape(shape)} is needed");
        }

        NativeBuffer<T> buffer = Zeros<T>(shape);
        Arguments.Read(name, buffer.Span);
        Remember(name, buffer, actual);
        return buffer;
    }

    /// <summary>A tensor of this shape, or "not passed".</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public NativeBuffer<T> LoadIfThere<T>(string name, ReadOnlySpan<long> shape)
        where T : unmanaged => Arguments.Has(name) ? Load<T>(name, shape) : default;

    /// <summary>A tensor of this shape, or zeros.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public NativeBuffer<T> LoadOrZeros<T>(string name, ReadOnlySpan<long> shape)
        where T : unmanaged => Arguments.Has(name) ? Load<T>(name, shape) : Zeros<T>(shape);

    /// <summary>Room for a result.</summary>
    public NativeBuffer<T> Result<T>(string name, ReadOnlySpan<long> shape)
        where T : unmanaged => Put(name, Zeros<T>(shape), shape);

    /// <summary>Makes a buffer a result, with the values that it has in the end.</summary>
    public NativeBuffer<T> Put<T>(string name, NativeBuffer<T> buffer, ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        Remember(name, buffer, shape.ToArray());
        _results.Add(name);
        return buffer;
    }

    /// <summary>Scratch.</summary>
    public NativeBuffer<byte> Workspace(long bytes) => _arena.Allocate<byte>(bytes);

    /// <summary>The results in the order in which they were put.</summary>
    public OrderedDictionary<string, NpyArray> Results()
    {
        OrderedDictionary<string, NpyArray> results = new(StringComparer.Ordinal);
        foreach (string name in _results)
        {
            results.Add(name, Copy(name));
        }

        return results;
    }

    /// <summary>A copy of a tensor, or of its part at an index of an axis, which is then an axis of 1.</summary>
    public NpyArray Copy(string name, int? axis = null, long index = 0) => _tensors[name](axis, index);

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();

    private static NpyArray Part<T>(ReadOnlySpan<T> values, long[] shape, int axis, long index)
        where T : unmanaged
    {
        int inner = (int)NativeArena.Count(shape.AsSpan(axis + 1));
        int outer = values.Length / inner / (int)shape[axis];
        T[] part = new T[outer * inner];
        for (int i = 0; i < outer; i++)
        {
            long first = (i * shape[axis] + index) * inner;
            values.Slice((int)first, inner).CopyTo(part.AsSpan(i * inner));
        }

        return new NpyArray(Elements.ToDoubles<T>(part), [.. shape[..axis], 1, .. shape[(axis + 1)..]]);
    }

    private void Remember<T>(string name, NativeBuffer<T> buffer, long[] shape)
        where T : unmanaged => _tensors.Add(name, (axis, index) => axis is null
            ? new NpyArray(Elements.ToDoubles<T>(buffer.Span), shape)
            : Part<T>(buffer.Span, shape, axis.Value, index));

    private NativeBuffer<T> Zeros<T>(ReadOnlySpan<long> shape)
        where T : unmanaged => _arena.Allocate<T>(NativeArena.Count(shape));
}
