using System;
using System.Collections.Generic;
using System.Numerics;
using System.Threading;

namespace NormKernels.SampleServer.Memory;

/// <summary>Buffers of 4 KiB, 8 KiB, ... 1 GiB that requests use one after the other.</summary>
/// <param name="mostRetained">Octets that are kept while nobody uses them; what comes back beyond is freed.</param>
internal sealed class TensorBufferPool(long mostRetained) : IDisposable
{
    private const int SmallestLog2 = 12;
    private const int LargestLog2 = 30;

    private readonly Lock _lock = new();

    // By size: the last one given back is the first one out, while the cache still knows it.
    private readonly Stack<TensorBuffer>[] _free = Stacks();
    private long _retained;
    private long _rented;
    private bool _disposed;

    /// <summary>Octets that are kept for later requests.</summary>
    public long RetainedBytes => Interlocked.Read(ref _retained);

    /// <summary>Octets that requests use now.</summary>
    public long RentedBytes => Interlocked.Read(ref _rented);

    /// <summary>A buffer that holds anything, to be given back.</summary>
    /// <param name="bytes">The least it holds: 1 GiB at most.</param>
    /// <exception cref="OutOfMemoryException">There is not that much.</exception>
    public TensorBuffer Rent(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, 1 << LargestLog2);
        int size = SizeOf(bytes);
        TensorBuffer? buffer;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_free[size].TryPop(out buffer))
            {
                _retained -= buffer.Capacity;
            }
        }

        buffer ??= new(1 << (size + SmallestLog2));
        _ = Interlocked.Add(ref _rented, buffer.Capacity);
        return buffer;
    }

    /// <summary>Gives a buffer back; its memory is no longer the caller's.</summary>
    public void Return(TensorBuffer buffer)
    {
        _ = Interlocked.Add(ref _rented, -buffer.Capacity);
        lock (_lock)
        {
            if (!_disposed && _retained + buffer.Capacity <= mostRetained)
            {
                _retained += buffer.Capacity;
                _free[SizeOf(buffer.Capacity)].Push(buffer);
                return;
            }
        }

        buffer.Dispose();
    }

    /// <summary>Frees what is kept; what is still in use is freed when it comes back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (Stack<TensorBuffer> free in _free)
            {
                while (free.TryPop(out TensorBuffer? buffer))
                {
                    _retained -= buffer.Capacity;
                    buffer.Dispose();
                }
            }
        }
    }

    private static int SizeOf(int bytes) =>
        bytes <= 1 << SmallestLog2 ? 0 : BitOperations.Log2((uint)bytes - 1) + 1 - SmallestLog2;

    private static Stack<TensorBuffer>[] Stacks()
    {
        Stack<TensorBuffer>[] stacks = new Stack<TensorBuffer>[LargestLog2 - SmallestLog2 + 1];
        for (int i = 0; i < stacks.Length; i++)
        {
            stacks[i] = [];
        }

        return stacks;
    }
}
