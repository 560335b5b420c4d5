using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Memory;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels.Cuda.Dispatch;

/// <summary>What a call does with an argument, in the order in which arguments are named to it.</summary>
internal enum DeviceRole
{
    /// <summary>It is written.</summary>
    Output,

    /// <summary>It is read, and an output may take its place.</summary>
    Replaceable,

    /// <summary>It is read, and no output may lie on it.</summary>
    Input,
}

/// <summary>
/// A call on a stream. Its buffers are named one after the other, each of which is checked for its length, its device
/// and being there, and gives its address; then the call is made: outputs must not overlap, and no buffer is freed
/// before the work has been enqueued.
/// </summary>
internal unsafe ref struct DeviceCall
{
    // As many as RegionMemory has room for.
    private const int MostBuffers = 11;

    private readonly DeviceStream _stream;
    private readonly int _device;
    private RegionMemory _regions;
    private Names _names;
    private Memories _memories;
    private int _buffers;
    private int _regionCount;
    private int _outputs;
    private int _replaceable;
    private int _held;
    private bool _streamHeld;
    private int _deviceBefore;

    /// <summary>A call without buffers.</summary>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    public DeviceCall(DeviceStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _regions = default;
        _device = stream.Device;
        _deviceBefore = _device;
    }

    // A call lies on the stack, where nothing moves.
    private Region* First => (Region*)Unsafe.AsPointer(ref _regions);

    private Region* End
    {
        get => First + _regionCount;
        set => _regionCount = (int)(value - First);
    }

    /// <summary>The number of the device that the call runs on.</summary>
    public readonly int Device => _device;

    /// <summary>How many elements were passed; 0 if there is no buffer.</summary>
    public static long LengthOf<T>(DeviceBuffer<T>? buffer)
        where T : unmanaged => buffer?.Length ?? 0;

    /// <summary>What a query for the size of a workspace gave.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public static ulong SizeOf(nk_status status, ulong size, string shape)
    {
        if (status == nk_status.NK_ERROR_SHAPE || size > long.MaxValue)
        {
            throw new ArgumentException("The workspace for the shape overflows 64 bits.", shape);
        }

        CudaStatus.Check(status);
        return size;
    }

    /// <summary>A matrix of the shape, with a stride of 0 for contiguous.</summary>
    public void* Matrix<T>(DeviceRole role, DeviceBuffer<T>? buffer, in RowShape shape, long stride, string name)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(buffer, name);
        Require.Matrix(buffer.Length, shape, stride, name);
        void* address = Add(role, buffer, name);
        End = Regions.AddMatrix(End, _buffers - 1, address, shape, stride, sizeof(T));
        return address;
    }

    /// <summary>A matrix that need not be passed.</summary>
    public void* MatrixIfPassed<T>(
        DeviceRole role, DeviceBuffer<T>? buffer, in RowShape shape, long stride, string name)
        where T : unmanaged =>
        buffer is null ? null
        : buffer.Length == 0 ? Vector(role, buffer, 0, name)
        : Matrix(role, buffer, shape, stride, name);

    /// <summary>A contiguous tensor, which may replace another or be replaced if its role is such.</summary>
    public void* Tensor<T>(DeviceRole role, DeviceBuffer<T>? buffer, long count, string name)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(buffer, name);
        Require.Length(buffer.Length, count, name);
        void* address = Add(role, buffer, name);
        End = Regions.AddTensor(End, _buffers - 1, address, count, sizeof(T));
        return address;
    }

    /// <summary>A vector, which neither replaces another argument nor is replaced.</summary>
    public void* Vector<T>(DeviceRole role, DeviceBuffer<T>? buffer, long count, string name)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(buffer, name);
        Require.Length(buffer.Length, count, name);
        void* address = Add(role, buffer, name);
        End = Regions.AddVector(End, _buffers - 1, address, count, sizeof(T));
        return address;
    }

    /// <summary>A vector that need not be passed.</summary>
    public void* VectorIfPassed<T>(DeviceRole role, DeviceBuffer<T>? buffer, long count, string name)
        where T : unmanaged
    {
        if (buffer is null)
        {
            return null;
        }

        Require.VectorIfPassed(buffer.Length, count, name);
        return Vector(role, buffer, buffer.Length, name);
    }

    /// <summary>Scratch: written, whatever it holds.</summary>
    /// <param name="workspace">What was passed.</param>
    /// <param name="needed">How many bytes the call needs.</param>
    /// <param name="sizeMethod">The method that says so.</param>
    /// <param name="name">The parameter.</param>
    public void* Workspace(DeviceBuffer<byte>? workspace, ulong needed, string sizeMethod, string name)
    {
        long length = LengthOf(workspace);
        if ((ulong)length < needed)
        {
            throw new ArgumentException($"{name} has {length} bytes, {sizeMethod} says {needed}.", name);
        }

        return workspace is null ? null : Vector(DeviceRole.Output, workspace, length, name);
    }

    /// <summary>Makes the call.</summary>
    /// <exception cref="ArgumentException">An output overlaps another argument; named after the output.</exception>
    /// <exception cref="ObjectDisposedException">A buffer or the stream has been disposed meanwhile.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void Run<TParams>(TParams* parameters, delegate*<TParams*, nint, nk_status> entry)
        where TParams : unmanaged
    {
        try
        {
            CudaStatus.Check(entry(parameters, Enter()));
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Checks what can be checked of all buffers together, holds them, and gives the stream. Goes with
    /// <see cref="Exit"/>, which has to follow even if this throws.</summary>
    public nint Enter()
    {
        Regions.RequireNoOverlap(
            First, End, _outputs, _replaceable, ((ReadOnlySpan<string>)_names)[.._buffers]);
        StreamHandle stream = _stream.Handle;
        stream.DangerousAddRef(ref _streamHeld);
        while (_held < _buffers)
        {
            bool held = false;
            _memories[_held].DangerousAddRef(ref held);
            _held++;
            _memories[_held - 1].UseOn(stream);
        }

        int current = CudaDevice.CurrentIndex;
        if (current != _device)
        {
            CudaStatus.Check(NkCuda.nk_device_select(_device));
            _deviceBefore = current;
        }

        return stream.Value;
    }

    /// <summary>Lets go of everything.</summary>
    public void Exit()
    {
        if (_deviceBefore != _device)
        {
            _ = NkCuda.nk_device_select(_deviceBefore);
        }

        while (_held > 0)
        {
            _memories[--_held].DangerousRelease();
        }

        if (_streamHeld)
        {
            _stream.Handle.DangerousRelease();
        }
    }

    private void* Add<T>(DeviceRole role, DeviceBuffer<T> buffer, string name)
        where T : unmanaged
    {
        Debug.Assert(
            role == DeviceRole.Input || _buffers == _outputs + (role == DeviceRole.Output ? 0 : _replaceable),
            "Outputs come first, then what they may replace.");
        nint address = buffer.Pointer;
        if (buffer.Device != _device)
        {
            throw new ArgumentException($"{name} is on device {buffer.Device}, the stream on device {_device}.", name);
        }

        _names[_buffers] = name;
        _memories[_buffers] = buffer.Memory;
        _buffers++;
        _outputs += role == DeviceRole.Output ? 1 : 0;
        _replaceable += role == DeviceRole.Replaceable ? 1 : 0;
        return (void*)address;
    }

    [InlineArray(MostBuffers)]
    private struct Names
    {
        private string _first;
    }

    [InlineArray(MostBuffers)]
    private struct Memories
    {
        private DeviceMemory _first;
    }
}
