using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda;

namespace NormKernels.ManagedCuda.Tests;

/// <summary>
/// Tests on memory of NormKernels, which is the emulation's unless NK_CUDA_LIBRARY says otherwise: ManagedCuda's
/// variables and streams are no more than addresses, and need no driver to be made.
/// </summary>
public abstract class DeviceTests
{
    protected const string Variable = "NK_CUDA_LIBRARY";

    [TestInitialize]
    public void RequireLibrary()
    {
        if (!CudaDevice.Availability.IsAvailable)
        {
            Assert.Inconclusive(CudaDevice.Availability.Description);
        }
    }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "The library has to be chosen before the first call.")]
    internal static void Choose()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)))
        {
            Environment.SetEnvironmentVariable(Variable, "emu");
        }
    }
}
