using System;

using NormKernels.Cuda.Interop;

namespace NormKernels.Cuda.Memory;

/// <summary>Makes a device that of the calling thread until it is disposed.</summary>
internal readonly ref struct DeviceScope : IDisposable
{
    private readonly int _before;

    public DeviceScope(int device)
    {
        int current = CudaDevice.CurrentIndex;
        _before = current;
        Device = device;
        if (current != device)
        {
            CudaStatus.Check(NkCuda.nk_device_select(device));
        }
    }

    public int Device { get; }

    public void Dispose()
    {
        if (_before != Device)
        {
            _ = NkCuda.nk_device_select(_before);
        }
    }
}
