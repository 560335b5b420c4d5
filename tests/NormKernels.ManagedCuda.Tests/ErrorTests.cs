using System;
using System.Runtime.InteropServices;

using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda;
using NormKernels.ManagedCuda.Interop;

using CudaException = ManagedCuda.CudaException;
using DeviceException = NormKernels.Cuda.CudaException;

namespace NormKernels.ManagedCuda.Tests;

[TestClass]
public sealed class ErrorTests
{
    [TestMethod]
    public void What_is_missing_is_said()
    {
        (Exception Error, CudaState State)[] cases =
        [
            (new DllNotFoundException("nvcuda"), CudaState.DriverMissing),
            (new EntryPointNotFoundException("cuNew"), CudaState.DriverTooOld),
            (new CudaException(CUResult.ErrorSystemDriverMismatch), CudaState.DriverTooOld),
            (new CudaException(CUResult.ErrorCompatNotSupportedOnDevice), CudaState.DriverTooOld),
            (new CudaException(CUResult.ErrorNoDevice), CudaState.NoDevice),
        ];
        foreach ((Exception error, CudaState state) in cases)
        {
            DeviceException? translated = ManagedCudaDevice.Translate(error);
            Assert.IsInstanceOfType<CudaUnavailableException>(translated, $"{error}");
            Assert.AreEqual(state, ((CudaUnavailableException)translated).State);
        }
    }

    [TestMethod]
    public void Other_errors_keep_their_names()
    {
        DeviceException? cuda = ManagedCudaDevice.Translate(new CudaException(CUResult.ErrorOutOfMemory));
        Assert.AreEqual("ErrorOutOfMemory", cuda?.ErrorName);
        DeviceException? blas = ManagedCudaDevice.Translate(new CudaBlasException(CublasStatus.NotInitialized));
        Assert.AreEqual("NotInitialized", blas?.ErrorName);
        Assert.Contains("cuBLAS", blas!.Message);
        Assert.IsNull(ManagedCudaDevice.Translate(new InvalidOperationException()));
    }

    [TestMethod]
    public void A_context_opens_or_says_why_not()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ManagedCudaDevice.Open(-1));
        bool driver = NativeLibrary.TryLoad("libcuda.so.1", out _) || NativeLibrary.TryLoad("nvcuda.dll", out _);
        try
        {
            using PrimaryContext context = ManagedCudaDevice.Open();
            Assert.IsTrue(driver);
            Assert.AreEqual(0, context.DeviceId);
        }
        catch (CudaUnavailableException e)
        {
            Assert.AreEqual(driver, e.State != CudaState.DriverMissing, e.Message);
        }
    }

    [TestMethod]
    public void Versioned_libraries_are_tried()
    {
        Assert.AreEqual("libcuda.so.1", DriverLibraries.FilesFor("libcuda")[0]);
        Assert.AreEqual("libcuda.so.1", DriverLibraries.FilesFor("nvcuda")[0]);
        Assert.AreEqual("libcublas.so.12", DriverLibraries.FilesFor("cublas")[0]);
        Assert.AreEqual("libcublas.so.12", DriverLibraries.FilesFor("cublas64_12")[0]);
        Assert.IsEmpty(DriverLibraries.FilesFor("normkernels"));
    }
}
