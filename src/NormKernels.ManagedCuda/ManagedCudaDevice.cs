using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;

using NormKernels.Cuda;

using CudaException = ManagedCuda.CudaException;
using DeviceException = NormKernels.Cuda.CudaException;

namespace NormKernels.ManagedCuda;

/// <summary>Devices by way of ManagedCuda.</summary>
public static class ManagedCudaDevice
{
    /// <summary>The primary context of a device, made the calling thread's: where variables and streams have to be made
    /// that norms are to run on.</summary>
    /// <param name="device">The number of the device.</param>
    /// <returns>The context; disposing it gives it back.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="device"/> is negative.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, it is too old, or it has no device.</exception>
    /// <exception cref="DeviceException">CUDA reported another error; there is no such device, for
    /// instance.</exception>
    public static PrimaryContext Open(int device = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(device);
        PrimaryContext? context = null;
        try
        {
            context = new(device);
            context.SetCurrent();
            return context;
        }
        catch (Exception e) when (Translate(e) is { } translated)
        {
            context?.Dispose();
            throw translated;
        }
    }

    /// <summary>ManagedCuda's errors as those of NormKernels; null for anything else.</summary>
    internal static DeviceException? Translate(Exception error) => error switch
    {
        DllNotFoundException => new CudaUnavailableException(
            CudaState.DriverMissing,
            $"There is no CUDA driver here (libcuda is missing; {error.Message})",
            string.Empty),
        EntryPointNotFoundException => new CudaUnavailableException(
            CudaState.DriverTooOld, $"The CUDA driver is too old for ManagedCuda ({error.Message})", string.Empty),
        CudaException { CudaError: CUResult.ErrorNoDevice } e => new CudaUnavailableException(
            CudaState.NoDevice, $"The CUDA driver has no device ({Said(e)})", Name(e)),
        CudaException
        {
            CudaError: CUResult.ErrorSystemDriverMismatch or CUResult.ErrorCompatNotSupportedOnDevice
        } e => new CudaUnavailableException(
            CudaState.DriverTooOld, $"The CUDA driver does not fit the system ({Said(e)})", Name(e)),
        CudaException e => new DeviceException(Said(e), Name(e)),
        CudaBlasException e => new DeviceException($"cuBLAS: {e.CudaBlasError}: {e.Message}", $"{e.CudaBlasError}"),
        _ => null,
    };

    private static string Said(CudaException error) => $"{Name(error)}: {error.Message}";

    private static string Name(CudaException error) => $"{error.CudaError}";
}
