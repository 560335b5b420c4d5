using System;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels.Cuda.Interop;

/// <summary>
/// Finds the CUDA library, where that of the CPU is looked for. Its emulation on the CPU takes its place if the
/// environment variable NK_CUDA_LIBRARY, or else the data NormKernels.Cuda.Library of the AppContext, says so before
/// the first call. Never falls back to anything.
/// </summary>
internal static class CudaLibraryLoader
{
    /// <summary>The name that calls are declared with, and that of the library which runs on devices.</summary>
    public const string Name = "normkernels_cuda";

    /// <summary>The library that runs the same kernels on the CPU.</summary>
    public const string EmulationName = "normkernels_emu";

    public const string Variable = "NK_CUDA_LIBRARY";

    public const string DataName = "NormKernels.Cuda.Library";

    private const string Cuda = "cuda";

    private const string Emulation = "emu";

    /// <summary>The file that was loaded, or null before the first call.</summary>
    public static string? LoadedPath { get; private set; }

    /// <summary>The name of the library that was loaded, or null before the first call.</summary>
    public static string? LoadedName { get; private set; }

    /// <summary>The name of the library for what <see cref="Variable"/> and <see cref="DataName"/> say.</summary>
    /// <exception cref="InvalidOperationException">They say something unknown.</exception>
    public static string NameFor(string? variable, object? data)
    {
        (string source, object? choice) = string.IsNullOrEmpty(variable)
            ? ($"The AppContext data {DataName}", data)
            : ($"The environment variable {Variable}", variable);
        return choice switch
        {
            null or Cuda => Name,
            Emulation => EmulationName,
            _ => throw new InvalidOperationException($"{source} is '{choice}'; it may be {Cuda} or {Emulation}."),
        };
    }

    /// <summary>Loads the library of this name.</summary>
    /// <exception cref="DllNotFoundException">There is none that fits; the message lists what was tried.</exception>
    public static (nint Handle, string Path) Load(string name) => NativeLibraryLoader.Load(
        name,
        name == EmulationName
            ? "The emulation of the CUDA library of NormKernels"
            : "The CUDA library of NormKernels",
        "The package NormKernels.Cuda brings it only for the platforms that its description names, if any: build "
        + $"{name} from the sources with ./build.sh build (it needs a CUDA toolkit and -DNK_CUDA=AUTO, but for the "
        + "emulation) and put it beside the program.",
        nameof(NkCuda.nk_cuda_abi_version));

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "The resolver has to be there before the first call, whichever that is, and costs nothing.")]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(CudaLibraryLoader).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Name)
        {
            return 0;
        }

        string chosen = NameFor(Environment.GetEnvironmentVariable(Variable), AppContext.GetData(DataName));
        (nint handle, LoadedPath) = Load(chosen);
        LoadedName = chosen;
        return handle;
    }
}
