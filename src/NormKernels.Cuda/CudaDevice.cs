using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

using NormKernels.Cuda.Interop;

namespace NormKernels.Cuda;

/// <summary>A CUDA device, and what this machine has of them.</summary>
public sealed unsafe class CudaDevice
{
    private CudaDevice(int index, in nk_device_info info)
    {
        Index = index;
        fixed (byte* name = info.name)
        {
            Name = Marshal.PtrToStringUTF8((nint)name)!;
        }

        ComputeCapability = new(info.compute_major, info.compute_minor);
        Multiprocessors = info.multiprocessors;
        Memory = checked((long)info.memory);
    }

    /// <summary>What there is, or why there is nothing. Never throws.</summary>
    public static CudaAvailability Availability
    {
        get
        {
            try
            {
                int count = Count;
                return count != 0
                    ? new(CudaState.Available, Describe(count))
                    : Because(CudaState.NoDevice, CudaStatus.NoDevices());
            }
            catch (CudaUnavailableException e)
            {
                return Because(e.State, e);
            }
            catch (CudaException e)
            {
                return Because(CudaState.Failed, e);
            }
            // The last is a choice of library that is none.
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException
                or EntryPointNotFoundException or InvalidOperationException)
            {
                return Because(CudaState.LibraryMissing, e);
            }
        }
    }

    /// <summary>Number of devices; 0 if the driver has none.</summary>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, or it is older than what the library was built
    /// with.</exception>
    /// <exception cref="CudaException">CUDA reported another error.</exception>
    public static int Count
    {
        get
        {
            int count = 0;
            try
            {
                CudaStatus.Check(NkCuda.nk_device_count(&count));
                return count;
            }
            catch (CudaUnavailableException e) when (e.State == CudaState.NoDevice)
            {
                return 0;
            }
        }
    }

    /// <summary>The device of the calling thread, where new streams and buffers are made.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, it is too old, or there is no device.</exception>
    /// <exception cref="CudaException">CUDA reported another error.</exception>
    public static CudaDevice Current
    {
        get => Get(CurrentIndex);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CudaStatus.Check(NkCuda.nk_device_select(value.Index));
        }
    }

    /// <summary>The CUDA version of the driver; 0.0 if there is none.</summary>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    public static Version DriverVersion => CudaStatus.ToVersion(CudaStatus.Versions().Driver);

    /// <summary>The CUDA version that the library was built with.</summary>
    /// <inheritdoc cref="DriverVersion" path="/exception"/>
    public static Version RuntimeVersion => CudaStatus.ToVersion(CudaStatus.Versions().Runtime);

    /// <summary>The file that the library was loaded from.</summary>
    /// <inheritdoc cref="DriverVersion" path="/exception"/>
    public static string LibraryPath
    {
        get
        {
            // A call makes sure that the library is loaded.
            _ = NkCuda.nk_cuda_abi_version();
            return CudaLibraryLoader.LoadedPath!;
        }
    }

    /// <summary>The number of the device, from 0.</summary>
    public int Index { get; }

    /// <summary>What the device is called.</summary>
    public string Name { get; }

    /// <summary>The compute capability: 9.0 is Hopper.</summary>
    public Version ComputeCapability { get; }

    /// <summary>Number of multiprocessors.</summary>
    public int Multiprocessors { get; }

    /// <summary>Bytes of memory.</summary>
    public long Memory { get; }

    /// <summary>The number of the calling thread's device.</summary>
    internal static int CurrentIndex
    {
        get
        {
            int index;
            CudaStatus.Check(NkCuda.nk_device_current(&index));
            return index;
        }
    }

    /// <summary>A device by its number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, or it is too old.</exception>
    /// <exception cref="CudaException">CUDA reported another error.</exception>
    public static CudaDevice Get(int index)
    {
        int count = Count;
        if (index < 0 || index >= count)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"There are {count} devices.");
        }

        nk_device_info info = default;
        CudaStatus.Check(NkCuda.nk_device_describe(index, &info));
        return new(index, info);
    }

    /// <summary>The device in one line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Name}, compute capability {ComputeCapability}, {Multiprocessors} multiprocessors, ")
        + FormattableString.Invariant($"{Memory / (double)(1L << 30):F1} GiB");

    private static string Describe(int count)
    {
        List<string> devices = [];
        for (int i = 0; i < count; i++)
        {
            devices.Add($"{i}: {Get(i)}");
        }

        return string.Join("; ", devices);
    }

    private static CudaAvailability Because(CudaState state, Exception e) =>
        new(state, string.Join(' ', e.Message.Split(
            ['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
}
