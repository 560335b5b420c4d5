using System.Collections.Generic;
using System.Runtime.InteropServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda.Memory;

/// <summary>
/// Memory of a device: own memory, from the pool of a stream, or somebody else's. A call holds a reference while it
/// enqueues its work. What is enqueued already is safe because own memory is freed in the order of its stream, and after
/// waiting for the other streams that it was used on.
/// </summary>
internal sealed unsafe class DeviceMemory : SafeHandle
{
    private readonly StreamHandle? _stream;

    // Streams but its own that have used the memory: seldom any.
    private List<StreamHandle>? _otherStreams;

    /// <summary>Memory that somebody else frees.</summary>
    public DeviceMemory(nint pointer, int device)
        : base(0, ownsHandle: false)
    {
        SetHandle(pointer);
        Device = device;
    }

    private DeviceMemory(StreamHandle stream, int device)
        : base(0, ownsHandle: true)
    {
        _stream = stream;
        Device = device;
    }

    public override bool IsInvalid => handle == 0;

    public int Device { get; }

    /// <summary>Whether no more calls may use it; it may exist until those that do are through.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Where it starts; stays what it is after it has been freed.</summary>
    public nint Pointer => handle;

    /// <summary>Memory from the pool of a stream.</summary>
    public static DeviceMemory Allocate(ulong bytes, StreamHandle stream, int device)
    {
        using DeviceScope scope = new(device);
        DeviceMemory memory = new(stream, device);
        bool held = false;
        try
        {
            // Until the memory has been freed.
            stream.DangerousAddRef(ref held);
            void* pointer = null;
            CudaStatus.Check(NkCuda.nk_device_allocate(bytes, stream.Value, &pointer));
            memory.SetHandle((nint)pointer);
            return memory;
        }
        finally
        {
            if (memory.IsInvalid)
            {
                memory.Dispose();
                if (held)
                {
                    stream.DangerousRelease();
                }
            }
        }
    }

    /// <summary>Remembers that a stream uses the memory; the caller holds references to both.</summary>
    public void UseOn(StreamHandle stream)
    {
        if (_stream is null || stream.Value == _stream.Value)
        {
            return;
        }

        lock (_stream)
        {
            List<StreamHandle> streams = _otherStreams ??= [];
            // Not by a lambda, which would allocate whenever the method is called.
            foreach (StreamHandle other in streams)
            {
                if (other.Value == stream.Value)
                {
                    return;
                }
            }

            bool held = false;
            stream.DangerousAddRef(ref held);
            streams.Add(stream);
        }
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle()
    {
        int before;
        bool known = NkCuda.nk_device_current(&before) == nk_status.NK_OK;
        bool elsewhere = known && before != Device && NkCuda.nk_device_select(Device) == nk_status.NK_OK;
        foreach (StreamHandle other in _otherStreams ?? [])
        {
            _ = NkCuda.nk_stream_synchronize(other.Value);
            other.DangerousRelease();
        }

        bool released = NkCuda.nk_device_release((void*)handle, _stream!.Value) == nk_status.NK_OK;
        _stream.DangerousRelease();
        if (elsewhere)
        {
            _ = NkCuda.nk_device_select(before);
        }

        return released;
    }
}
