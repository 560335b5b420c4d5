using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda.Tests.Support;

/// <summary>Which library the tests run: the emulation, unless the environment asks for another.</summary>
internal static class DeviceLibrary
{
    public static bool IsEmulation =>
        Environment.GetEnvironmentVariable(CudaLibraryLoader.Variable) == "emu";

    /// <summary>Skips a test that needs a library if the emulation has not been built. A library that was asked for by
    /// name has to be there.</summary>
    public static void Require()
    {
        if (IsEmulation && !NativeLibraryLoader.Candidates(CudaLibraryLoader.EmulationName).Any(File.Exists))
        {
            Assert.Inconclusive($"lib{CudaLibraryLoader.EmulationName} has not been built.");
        }
    }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "The library has to be chosen before the first call.")]
    internal static void Choose()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(CudaLibraryLoader.Variable)))
        {
            Environment.SetEnvironmentVariable(CudaLibraryLoader.Variable, "emu");
        }
    }
}

/// <summary>Tests that need a library.</summary>
public abstract class DeviceTests
{
    [TestInitialize]
    public void RequireLibrary() => DeviceLibrary.Require();
}
