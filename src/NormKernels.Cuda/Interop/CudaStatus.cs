using System;
using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels.Cuda.Interop;

/// <summary>Turns what a native call answers into exceptions.</summary>
internal static unsafe class CudaStatus
{
    private const string InsufficientDriver = "cudaErrorInsufficientDriver";

    private const string NoDevice = "cudaErrorNoDevice";

    private const string VisibleDevices = "CUDA_VISIBLE_DEVICES";

    /// <summary>Throws unless the call succeeded.</summary>
    /// <exception cref="CudaUnavailableException">There is nothing to run on.</exception>
    /// <exception cref="CudaException">CUDA reported any other error.</exception>
    /// <exception cref="InvalidOperationException">The library refused arguments that should have been refused
    /// before.</exception>
    public static void Check(nk_status status)
    {
        if (status != nk_status.NK_OK)
        {
            throw Failure(status);
        }
    }

    /// <summary>The exception for the last error of the calling thread, whose text is
    /// <c>cudaErrorName: sentence</c>.</summary>
    public static CudaException Of(string error, int driver, int runtime)
    {
        int end = error.IndexOf(':', StringComparison.Ordinal);
        string name = end < 0 ? string.Empty : error[..end];
        return name is InsufficientDriver or NoDevice
            ? Unavailable(name, error, driver, runtime)
            : new CudaException(error, name);
    }

    /// <summary>The exception for a driver that answers but has no device.</summary>
    public static CudaUnavailableException NoDevices()
    {
        (int driver, int runtime) = Versions();
        return Unavailable(NoDevice, $"{NoDevice}: there are 0 devices", driver, runtime);
    }

    /// <summary>The versions of the driver (0: none) and of the library; 0 where they are not known.</summary>
    public static (int Driver, int Runtime) Versions()
    {
        (int driver, int runtime) = (0, 0);
        _ = NkCuda.nk_cuda_versions(&driver, &runtime);
        return (driver, runtime);
    }

    /// <summary>12040 as 12.4.</summary>
    public static Version ToVersion(int version) => new(version / 1000, version % 1000 / 10);

    private static Exception Failure(nk_status status)
    {
        if (status != nk_status.NK_ERROR_CUDA)
        {
            return new InvalidOperationException($"The CUDA library refused the call: {status}.");
        }

        // First of all: the text stays until the next call.
        string error = Marshal.PtrToStringUTF8((nint)NkCuda.nk_cuda_error()) ?? string.Empty;
        (int driver, int runtime) = Versions();
        return Of(error, driver, runtime);
    }

    private static CudaUnavailableException Unavailable(string name, string error, int driver, int runtime)
    {
        Version built = ToVersion(runtime);
        if (driver == 0)
        {
            return new(
                CudaState.DriverMissing,
                $"There is no CUDA driver here: libcuda was not found ({error}). Install the NVIDIA driver, one for "
                + $"CUDA {built} or newer.",
                name);
        }

        if (name == InsufficientDriver)
        {
            return new(
                CudaState.DriverTooOld,
                $"The CUDA driver is too old: it is for CUDA {ToVersion(driver)}, the library was built with CUDA {built} "
                + $"({error}). Install a driver for CUDA {built} or newer.",
                name);
        }

        string visible = Environment.GetEnvironmentVariable(VisibleDevices) is { } devices
            ? $"'{devices}'"
            : "not set";
        return new(
            CudaState.NoDevice,
            $"The CUDA driver (for CUDA {ToVersion(driver)}) has no device ({error}). See whether nvidia-smi lists one; "
            + $"{VisibleDevices}, which can hide them, is {visible}.",
            name);
    }
}
