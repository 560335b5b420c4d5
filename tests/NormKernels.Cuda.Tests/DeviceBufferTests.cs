using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;

namespace NormKernels.Cuda.Tests;

[TestClass]
public sealed class DeviceBufferTests : DeviceTests
{
    [TestMethod]
    public void Elements_come_back()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<int> buffer = new(1000, stream);
        using DeviceBuffer<int> copy = new(1000, stream);
        int[] elements = [.. Enumerable.Range(0, 1000)];
        buffer.CopyFrom(elements, stream);
        buffer.CopyTo(copy, stream);
        int[] back = new int[1000];
        copy.CopyTo(back, stream);
        CollectionAssert.AreEqual(elements, back);
        Assert.AreEqual(1000, buffer.Length);
        Assert.AreNotEqual(0, buffer.Pointer);
        Assert.AreEqual(stream.Device, buffer.Device);
    }

    [TestMethod]
    public void Parts_lie_where_they_say()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<short> buffer = new(10, stream);
        buffer.CopyFrom([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], stream);
        DeviceBuffer<short> part = buffer.Slice(2, 5).Slice(1);
        short[] back = new short[4];
        part.CopyTo(back, stream);
        CollectionAssert.AreEqual(new short[] { 3, 4, 5, 6 }, back);
        Assert.AreEqual(buffer.Pointer + 3 * sizeof(short), part.Pointer);
        buffer.Slice(0, 3).CopyTo(buffer.Slice(7, 3), stream);
        buffer.Slice(7).CopyTo(back.AsSpan(0, 3), stream);
        CollectionAssert.AreEqual(new short[] { 0, 1, 2 }, back[..3]);
        Assert.AreEqual(0, buffer.Slice(10).Length);
        // Disposing a part disposes of nothing else.
        part.Dispose();
        buffer.CopyTo(new short[10], stream);
    }

    [TestMethod]
    public void Parts_beyond_the_buffer_are_refused()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<short> buffer = new(10, stream);
        (long Start, long Length, string Name)[] bad =
        [
            (-1, 1, "start"), (11, 0, "start"), (long.MinValue, 1, "start"), (5, 6, "length"), (0, -1, "length"),
            (10, 1, "length"), (1, long.MaxValue, "length"),
        ];
        foreach ((long start, long length, string name) in bad)
        {
            ArgumentOutOfRangeException e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                () => buffer.Slice(start, length), $"{start}, {length}");
            Assert.AreEqual(name, e.ParamName);
        }
    }

    [TestMethod]
    public void Copies_check_lengths()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> buffer = new(3, stream);
        using DeviceBuffer<float> longer = new(4, stream);
        Assert.AreEqual(
            "source",
            Assert.ThrowsExactly<ArgumentException>(() => buffer.CopyFrom(new float[2], stream)).ParamName);
        Assert.AreEqual(
            "destination",
            Assert.ThrowsExactly<ArgumentException>(() => buffer.CopyTo(new float[4], stream)).ParamName);
        Assert.AreEqual(
            "destination", Assert.ThrowsExactly<ArgumentException>(() => buffer.CopyTo(longer, stream)).ParamName);
        Assert.AreEqual(
            "destination",
            Assert.ThrowsExactly<ArgumentException>(
                () => longer.Slice(0, 3).CopyTo(longer.Slice(1, 3), stream)).ParamName);
        Assert.AreEqual(
            "stream", Assert.ThrowsExactly<ArgumentNullException>(() => buffer.CopyFrom(new float[3], null!)).ParamName);
        Assert.AreEqual(
            "destination",
            Assert.ThrowsExactly<ArgumentNullException>(() => buffer.CopyTo(default(DeviceBuffer<float>)!, stream))
                .ParamName);
    }

    [TestMethod]
    public void Nothing_may_be_used_after_it_has_been_disposed()
    {
        using DeviceStream stream = new();
        DeviceBuffer<float> buffer = new(3, stream);
        DeviceBuffer<float> part = buffer.Slice(1);
        using DeviceBuffer<float> other = new(3, stream);
        buffer.Dispose();
        buffer.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.Pointer);
        Assert.ThrowsExactly<ObjectDisposedException>(() => part.Pointer);
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.Slice(0));
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.CopyFrom(new float[3], stream));
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.CopyTo(new float[3], stream));
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.CopyTo(other, stream));
        Assert.ThrowsExactly<ObjectDisposedException>(() => other.CopyTo(buffer, stream));
        Assert.ThrowsExactly<ObjectDisposedException>(() => part.CopyTo(new float[2], stream));
        Assert.AreEqual(3, buffer.Length);
    }

    [TestMethod]
    public void Lengths_that_cannot_be()
    {
        using DeviceStream stream = new();
        long[] lengths = [-1, long.MinValue, long.MaxValue, long.MaxValue / sizeof(float) + 1];
        foreach (long length in lengths)
        {
            Assert.AreEqual(
                "length",
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new DeviceBuffer<float>(length, stream))
                    .ParamName);
        }

        Assert.AreEqual(
            "stream", Assert.ThrowsExactly<ArgumentNullException>(() => new DeviceBuffer<float>(1, null!)).ParamName);
    }

    [TestMethod]
    public void More_memory_than_there_is_has_a_name()
    {
        using DeviceStream stream = new();
        CudaException e = Assert.Throws<CudaException>(() => new DeviceBuffer<byte>(1L << 60, stream));
        StringAssert.StartsWith(e.ErrorName, "cudaError", StringComparison.Ordinal);
        StringAssert.StartsWith(e.Message, e.ErrorName, StringComparison.Ordinal);
        // The next call is none the worse.
        new DeviceBuffer<byte>(1, stream).Dispose();
    }

    [TestMethod]
    public void No_elements_do()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> buffer = new(0, stream);
        buffer.CopyFrom([], stream);
        buffer.CopyTo([], stream);
        buffer.CopyTo(buffer.Slice(0), stream);
        Assert.AreEqual(0, buffer.Pointer);
        Assert.AreEqual(0, DeviceBuffer<float>.Wrap(0, 0, 0).Pointer);
    }

    [TestMethod]
    public void Foreign_memory_is_not_freed()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> owner = new(4, stream);
        owner.CopyFrom([1, 2, 3, 4], stream);
        var foreign = DeviceBuffer<float>.Wrap(owner.Pointer + sizeof(float), 2, owner.Device);
        float[] back = new float[2];
        foreign.CopyTo(back, stream);
        CollectionAssert.AreEqual(new float[] { 2, 3 }, back);
        foreign.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => foreign.CopyTo(back, stream));
        owner.CopyTo(new float[4], stream);
    }

    [TestMethod]
    public void Foreign_memory_has_to_be_memory()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> owner = new(4, stream);
        nint pointer = owner.Pointer;
        int device = owner.Device;
        (nint Pointer, long Length, int Device, string Name)[] bad =
        [
            (0, 1, device, "pointer"), (pointer + 1, 1, device, "pointer"), (pointer + 2, 1, device, "pointer"),
            (pointer, 1, device + 1, "pointer"), (pointer, -1, device, "length"), (pointer, 1, -1, "device"),
        ];
        foreach ((nint at, long length, int on, string name) in bad)
        {
            ArgumentException e = Assert.Throws<ArgumentException>(() => DeviceBuffer<float>.Wrap(at, length, on));
            Assert.AreEqual(name, e.ParamName, e.Message);
        }

        // Halves are aligned to two bytes.
        Assert.AreEqual(pointer + 2, DeviceBuffer<Half>.Wrap(pointer + 2, 1, device).Pointer);
    }

    [TestMethod]
    public void Memory_of_the_host_is_refused()
    {
        nint memory = Marshal.AllocHGlobal(64);
        try
        {
            Assert.AreEqual(
                "pointer",
                Assert.ThrowsExactly<ArgumentException>(() => DeviceBuffer<float>.Wrap(memory, 4, 0)).ParamName);
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    [TestMethod]
    public void Buffers_outlive_their_stream()
    {
        DeviceStream stream = new();
        DeviceStream other = new();
        DeviceBuffer<float> buffer = new(100, stream);
        buffer.CopyFrom(new float[100], other);
        stream.Dispose();
        other.Dispose();
        buffer.CopyTo(new float[100], DeviceStream.Default);
        Assert.ThrowsExactly<ObjectDisposedException>(() => buffer.CopyTo(new float[100], stream));
        buffer.Dispose();
    }

    [TestMethod]
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "That is the test.")]
    public void What_is_forgotten_is_freed()
    {
        using DeviceStream stream = new();
        DeviceBuffer<byte>? last = null;
        for (int i = 0; i < 1000; i++)
        {
            last = new(1 << 16, stream);
            last = last.Slice(1);
        }

        Assert.AreEqual((1 << 16) - 1, last!.Length);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        stream.Synchronize();
    }

    [TestMethod]
    public void Disposing_while_calls_are_made_is_safe()
    {
        using DeviceStream stream = new();
        for (int i = 0; i < 200; i++)
        {
            DeviceBuffer<float> buffer = new(256, stream);
            Task user = Task.Run(() =>
            {
                try
                {
                    while (true)
                    {
                        LayerNorm.Forward(stream, buffer, buffer, new RowShape(16, 16));
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            });
            buffer.Dispose();
            Assert.IsTrue(user.Wait(TimeSpan.FromMinutes(1)));
        }
    }
}
