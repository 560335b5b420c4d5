using System;
using System.IO;

using NormKernels.Cli.Operations;
using NormKernels.Cuda;
using NormKernels.Cuda.Interop;

namespace NormKernels.Cli.Commands;

/// <summary>Whether the CUDA kernels can be run, on a device or by the processor.</summary>
internal static class DeviceState
{
    /// <summary>Loads the library of a backend and makes sure that there is a device.</summary>
    /// <param name="backend">emu or cuda.</param>
    /// <exception cref="InvalidDataException">It cannot be used; one line says why.</exception>
    public static void Require(BackendKind backend)
    {
        string name = Names.Of(backend);
        AppContext.SetData(CudaLibraryLoader.DataName, name);
        CudaAvailability availability = CudaDevice.Availability;
        if (!availability.IsAvailable)
        {
            throw new InvalidDataException($"--backend {name}: {availability.Description}");
        }

        // A library that was chosen before stays.
        if (CudaLibraryLoader.LoadedName != CudaLibraryLoader.NameFor(variable: null, name))
        {
            throw new InvalidDataException(
                $"--backend {name}: {CudaLibraryLoader.LoadedPath} has been loaded already; "
                + $"{CudaLibraryLoader.Variable} is "
                + (Environment.GetEnvironmentVariable(CudaLibraryLoader.Variable) ?? "not set"));
        }
    }
}
