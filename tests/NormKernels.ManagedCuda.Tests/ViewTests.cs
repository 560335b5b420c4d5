using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda;

namespace NormKernels.ManagedCuda.Tests;

[TestClass]
public sealed class ViewTests : DeviceTests
{
    [TestMethod]
    public void Views_show_the_same_memory()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> buffer = new(4, stream);
        using CudaDeviceVariable<float> variable = buffer.View();
        Assert.AreEqual((ulong)buffer.Pointer, (ulong)variable.DevicePointer.Pointer);
        Assert.AreEqual(4ul, (ulong)variable.Size);
        Assert.AreEqual(16ul, (ulong)variable.SizeInBytes);
        Assert.IsFalse(variable.IsOwner);

        DeviceBuffer<float> view = variable.View(buffer.Device);
        Assert.AreEqual((buffer.Pointer, 4L, buffer.Device), (view.Pointer, view.Length, view.Device));
        view.CopyFrom([1, 2, 3, 4], stream);
        view.Dispose();
        float[] seen = new float[4];
        buffer.CopyTo(seen, stream);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4 }, seen);
    }

    [TestMethod]
    public void A_part_of_a_variable_is_a_view_too()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<Half> buffer = new(8, stream);
        using CudaDeviceVariable<Half> part = buffer.Slice(3, 2).View();
        using DeviceBuffer<Half> view = part.View(buffer.Device);
        Assert.AreEqual((buffer.Pointer + 6, 2L), (view.Pointer, view.Length));
    }

    [TestMethod]
    public void What_is_not_passed_is_not_there()
    {
        Assert.IsNull(ManagedCudaViews.View((CudaDeviceVariable<float>?)null, 0));
        using CudaDeviceVariable<float> nothing = Fake<float>(0, 0);
        using DeviceBuffer<float> empty = nothing.View(0);
        Assert.AreEqual(0, empty.Length);
    }

    [TestMethod]
    public void Other_memory_is_refused()
    {
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Fake<float>(0x7000, 16).View(0)).Message, "host",
            StringComparison.Ordinal);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Fake<float>(0x7002, 16).View(0)).Message, "aligned",
            StringComparison.Ordinal);
        Assert.ThrowsExactly<ArgumentException>(() => Fake<float>(0, 16).View(0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Fake<float>(0x7000, 16).View(-1));
        using DeviceStream stream = new();
        using DeviceBuffer<float> buffer = new(4, stream);
        using CudaDeviceVariable<float> variable = buffer.View();
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => variable.View(buffer.Device + 1)).Message,
            $"device {buffer.Device}", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Elements_that_ManagedCuda_counts_otherwise_are_refused()
    {
        // Marshalled, a bool has four bytes and a char one.
        Assert.ThrowsExactly<ArgumentException>(() => Fake<bool>(0x7000, 16).View(0));
        Assert.ThrowsExactly<ArgumentException>(() => Fake<char>(0x7000, 16).View(0));
    }

    [TestMethod]
    public void Null_is_refused()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => Fake<float>(0x7000, 16).View(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => ManagedCudaViews.View((DeviceBuffer<float>)null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => ManagedCudaViews.View((DeviceStream)null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => ManagedCudaViews.View((CudaStream)null!, 0));
        using CudaStream stream = new(new CUstream());
        Assert.ThrowsExactly<ArgumentNullException>(() => stream.View(null!));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => stream.View(-1));
    }

    [TestMethod]
    public void A_disposed_buffer_has_no_view()
    {
        using DeviceStream stream = new();
        DeviceBuffer<float> buffer = new(4, stream);
        buffer.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.View());
        DeviceStream gone = new();
        gone.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => gone.View());
    }

    [TestMethod]
    public void Streams_are_the_same_streams()
    {
        using DeviceStream stream = new();
        using CudaStream view = stream.View();
        Assert.AreEqual(stream.Pointer, view.Stream.Pointer);
        using DeviceStream back = view.View(stream.Device);
        Assert.AreEqual((stream.Pointer, stream.Device), (back.Pointer, back.Device));
        back.Synchronize();
        Assert.Throws<Cuda.CudaException>(() => view.View(1000));
    }

    internal static CudaDeviceVariable<T> Fake<T>(ulong address, ulong bytes)
        where T : unmanaged => new(new CUdeviceptr((SizeT)address), false, (SizeT)bytes);
}
