using System;
using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace NormKernels.SampleServer.Memory;

/// <summary>
/// Memory for tensors outside the managed heap: nothing the garbage collector moves, zeroes or counts. A handle, so that
/// a buffer that is lost is freed nevertheless.
/// </summary>
internal sealed unsafe class TensorBuffer : SafeHandleZeroOrMinusOneIsInvalid
{
    // A line of the cache, and a register of AVX-512.
    private const int Alignment = 64;

    /// <summary>Memory that holds anything.</summary>
    /// <exception cref="OutOfMemoryException">There is not that much.</exception>
    public TensorBuffer(int capacity)
        : base(ownsHandle: true)
    {
        Capacity = capacity;
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)capacity, Alignment));
    }

    /// <summary>Octets.</summary>
    public int Capacity { get; }

    /// <summary>The memory, which is good until the buffer is disposed of or given back.</summary>
    public Span<byte> Span => new((void*)handle, Capacity);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
