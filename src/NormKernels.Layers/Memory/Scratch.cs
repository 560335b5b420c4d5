using System;
using System.Collections.Generic;

using NormKernels.Cuda;

namespace NormKernels.Layers.Memory;

/// <summary>
/// Memory that a layer keeps between calls, in the computer or on a device: it grows to the largest call and stays.
/// One caller at a time.
/// </summary>
internal sealed class Scratch<T> : IDisposable
    where T : unmanaged
{
    // Of the lengths that were asked for. A batch has few of them; if not, the list starts again.
    private const int MostViews = 256;

    private readonly Dictionary<long, DeviceBuffer<T>> _views = [];
    private T[] _elements = [];
    private DeviceBuffer<T>? _buffer;

    /// <summary>The first elements of memory of the computer; what they hold is undefined.</summary>
    public Span<T> OnHost(long count)
    {
        if (count > _elements.Length)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Array.MaxLength);
            _elements = GC.AllocateUninitializedArray<T>((int)count);
        }

        return _elements.AsSpan(0, (int)count);
    }

    /// <summary>A buffer of exactly this length, which is the stream's to use at once; others have to wait for it. What
    /// it holds is undefined.</summary>
    public DeviceBuffer<T> OnDevice(long count, DeviceStream stream)
    {
        if (_buffer is null || count > _buffer.Length)
        {
            // Work that was enqueued before keeps the old one until it is done.
            Dispose();
            _buffer = new(count, stream);
        }

        if (count == _buffer.Length)
        {
            return _buffer;
        }

        if (!_views.TryGetValue(count, out DeviceBuffer<T>? view))
        {
            if (_views.Count == MostViews)
            {
                _views.Clear();
            }

            view = _buffer.Slice(0, count);
            _views.Add(count, view);
        }

        return view;
    }

    /// <summary>Gives the memory back. The object can be used again.</summary>
    public void Dispose()
    {
        _elements = [];
        _views.Clear();
        _buffer?.Dispose();
        _buffer = null;
    }
}
