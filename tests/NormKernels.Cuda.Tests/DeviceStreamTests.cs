using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Tests.Support;
using NormKernels.Interop;

namespace NormKernels.Cuda.Tests;

[TestClass]
public sealed class DeviceStreamTests : DeviceTests
{
    [TestMethod]
    public void A_stream_belongs_to_the_current_device()
    {
        using DeviceStream stream = new();
        Assert.AreEqual(CudaDevice.Current.Index, stream.Device);
        Assert.AreEqual(CudaDevice.Current.Index, DeviceStream.Default.Device);
        stream.Synchronize();
    }

    [TestMethod]
    public void A_disposed_stream_takes_no_work()
    {
        DeviceStream stream = new();
        stream.Dispose();
        stream.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(stream.Synchronize);
        Assert.ThrowsExactly<ObjectDisposedException>(() => stream.Device);
        Assert.ThrowsExactly<ObjectDisposedException>(() => stream.Pointer);
        Assert.ThrowsExactly<ObjectDisposedException>(() => new DeviceBuffer<float>(1, stream));
    }

    [TestMethod]
    public void The_default_stream_cannot_be_disposed()
    {
        DeviceStream.Default.Dispose();
        DeviceStream.Default.Synchronize();
        Assert.AreEqual(0, DeviceStream.Default.Pointer);
    }

    [TestMethod]
    public void A_wrapped_stream_is_not_destroyed()
    {
        using DeviceStream owner = new();
        var wrapped = DeviceStream.Wrap(owner.Pointer);
        Assert.AreEqual(owner.Pointer, wrapped.Pointer);
        using (DeviceBuffer<int> buffer = new(3, wrapped))
        {
            buffer.CopyFrom([1, 2, 3], wrapped);
        }

        wrapped.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(wrapped.Synchronize);
        owner.Synchronize();
    }

    [TestMethod]
    public void Devices_describe_themselves()
    {
        Assert.IsGreaterThan(0, CudaDevice.Count);
        CudaDevice device = CudaDevice.Get(0);
        Assert.AreEqual(0, device.Index);
        Assert.AreNotEqual(string.Empty, device.Name);
        Assert.IsGreaterThan(0, device.ComputeCapability.Major);
        Assert.IsGreaterThan(0, device.Multiprocessors);
        Assert.IsGreaterThan(0, device.Memory);
        StringAssert.Contains(CudaDevice.Availability.Description, device.Name, StringComparison.Ordinal);
        CudaDevice.Current = device;
        Assert.AreEqual(0, CudaDevice.Current.Index);
        int[] none = [-1, CudaDevice.Count, int.MaxValue];
        foreach (int index in none)
        {
            Assert.AreEqual(
                "index", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => CudaDevice.Get(index)).ParamName);
        }
    }

    [TestMethod]
    public void The_library_is_the_one_that_was_asked_for()
    {
        string name = DeviceLibrary.IsEmulation ? CudaLibraryLoader.EmulationName : CudaLibraryLoader.Name;
        Assert.Contains(CudaDevice.LibraryPath, NativeLibraryLoader.Candidates(name));
        Assert.IsGreaterThanOrEqualTo(new Version(0, 0), CudaDevice.DriverVersion);
        Assert.IsGreaterThanOrEqualTo(new Version(0, 0), CudaDevice.RuntimeVersion);
    }
}
