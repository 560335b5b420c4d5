using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Interop;

namespace NormKernels.Cuda.Tests.Interop;

/// <summary>What errors of CUDA become. Needs no library.</summary>
[TestClass]
public sealed class CudaStatusTests
{
    private const string Insufficient =
        "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version";

    private const string NoDevice = "cudaErrorNoDevice: no CUDA-capable device is detected";

    [TestMethod]
    public void An_error_keeps_its_name_and_its_sentence()
    {
        const string Text = "cudaErrorIllegalAddress: an illegal memory access was encountered";
        CudaException e = CudaStatus.Of(Text, 12040, 12040);
        Assert.AreEqual("cudaErrorIllegalAddress", e.ErrorName);
        Assert.AreEqual(Text, e.Message);
        Assert.AreEqual(typeof(CudaException), e.GetType());
        Assert.AreEqual(string.Empty, CudaStatus.Of("something else", 12040, 12040).ErrorName);
    }

    [TestMethod]
    [DataRow(Insufficient, 0, CudaState.DriverMissing, "no CUDA driver here: libcuda was not found", "for CUDA 12.4")]
    [DataRow(NoDevice, 0, CudaState.DriverMissing, "no CUDA driver here", "Install the NVIDIA driver")]
    [DataRow(Insufficient, 11040, CudaState.DriverTooOld, "is for CUDA 11.4, the library was built with CUDA 12.4",
        "Install a driver for CUDA 12.4 or newer")]
    [DataRow(NoDevice, 12040, CudaState.NoDevice, "(for CUDA 12.4) has no device", "CUDA_VISIBLE_DEVICES")]
    public void Nothing_to_run_on_says_what_is_missing(string error, int driver, CudaState state, string found, string remedy)
    {
        CudaException e = CudaStatus.Of(error, driver, 12040);
        Assert.IsInstanceOfType<CudaUnavailableException>(e);
        Assert.AreEqual(state, ((CudaUnavailableException)e).State);
        StringAssert.Contains(e.Message, found, StringComparison.Ordinal);
        StringAssert.Contains(e.Message, remedy, StringComparison.Ordinal);
        StringAssert.Contains(e.Message, e.ErrorName, StringComparison.Ordinal);
        StringAssert.StartsWith(error, e.ErrorName, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Versions_are_read_as_cuda_writes_them()
    {
        Assert.AreEqual(new Version(12, 4), CudaStatus.ToVersion(12040));
        Assert.AreEqual(new Version(0, 0), CudaStatus.ToVersion(0));
    }

    [TestMethod]
    public void Availability_is_one_line_and_never_throws()
    {
        CudaAvailability availability = CudaDevice.Availability;
        Assert.AreNotEqual(string.Empty, availability.Description);
        Assert.IsFalse(availability.Description.Contains('\n', StringComparison.Ordinal), availability.Description);
        Assert.AreEqual(availability.State == CudaState.Available, availability.IsAvailable);
    }
}
