using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace NormKernels.ManagedCuda.Interop;

/// <summary>
/// Finds, on Linux, the libraries that ManagedCuda does not: it asks for libcuda and libcublas without a version, which
/// are there where a toolkit is installed, but not where only a driver and the libraries to run with are.
/// </summary>
/// <remarks>ManagedCuda's assemblies have resolvers of their own, and .NET takes no second one; but when everything
/// else has failed the load context is asked.</remarks>
internal static class DriverLibraries
{
    private static readonly ConcurrentDictionary<string, nint> _handles = new(StringComparer.Ordinal);

    /// <summary>The files to try for a name that ManagedCuda asks for, in order.</summary>
    public static IReadOnlyList<string> FilesFor(string name) => name switch
    {
        "libcuda" or "nvcuda" => ["libcuda.so.1"],
        "cublas" or "cublas64_12" => ["libcublas.so.12", "libcublas.so.13"],
        _ => [],
    };

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "It has to be there before ManagedCuda's first call, and costs nothing.")]
    internal static void Register()
    {
        if (OperatingSystem.IsLinux())
        {
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
        }
    }

    // Called for every function that is bound, so what was found is kept; what was not may be there later.
    private static nint Resolve(Assembly assembly, string name)
    {
        if (_handles.TryGetValue(name, out nint known))
        {
            return known;
        }

        foreach (string file in FilesFor(name))
        {
            if (NativeLibrary.TryLoad(file, out nint handle))
            {
                return _handles.GetOrAdd(name, handle);
            }
        }

        return 0;
    }
}
