using System;
using System.Linq;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Memory;

namespace NormKernels.SampleServer.Tests;

/// <summary>Tensor memory is used again, and what is kept is bounded.</summary>
[TestClass]
public sealed class TensorBufferPoolTests
{
    [TestMethod]
    [DataRow(0, 4096)]
    [DataRow(1, 4096)]
    [DataRow(4096, 4096)]
    [DataRow(4097, 8192)]
    [DataRow(1 << 20, 1 << 20)]
    [DataRow((1 << 20) + 1, 1 << 21)]
    [DataRow(1 << 30, 1 << 30)]
    public void Sizes(int bytes, int capacity)
    {
        using TensorBufferPool pool = new(mostRetained: 0);
        TensorBuffer buffer = pool.Rent(bytes);
        Assert.AreEqual((capacity, capacity), (buffer.Capacity, buffer.Span.Length));
        Assert.AreEqual((capacity, 0), (pool.RentedBytes, pool.RetainedBytes));
        buffer.Span[^1] = 1;
        pool.Return(buffer);
        Assert.AreEqual((0, 0), (pool.RentedBytes, pool.RetainedBytes));
        Assert.IsTrue(buffer.IsClosed);
    }

    [TestMethod]
    public void More_than_there_can_be()
    {
        using TensorBufferPool pool = new(mostRetained: 0);
        _ = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => pool.Rent((1 << 30) + 1));
        Assert.AreEqual(0, pool.RentedBytes);
    }

    [TestMethod]
    public void The_last_one_returned_is_the_next_one_rented_of_its_size()
    {
        using TensorBufferPool pool = new(1 << 20);
        TensorBuffer[] buffers = [pool.Rent(5000), pool.Rent(5000), pool.Rent(100)];
        Array.ForEach(buffers, pool.Return);
        Assert.AreEqual(8192 + 8192 + 4096, pool.RetainedBytes);
        Assert.AreSame(buffers[1], pool.Rent(8192));
        Assert.AreSame(buffers[2], pool.Rent(1));
        Assert.AreSame(buffers[0], pool.Rent(4097));
        Array.ForEach(buffers, pool.Return);
    }

    [TestMethod]
    public void What_is_kept_is_bounded_and_goes_with_the_pool()
    {
        TensorBufferPool pool = new(mostRetained: 10_000);
        TensorBuffer[] buffers = [pool.Rent(4096), pool.Rent(4096), pool.Rent(4096), pool.Rent(4096)];
        Array.ForEach(buffers[..3], pool.Return);
        Assert.AreEqual(8192, pool.RetainedBytes);
        CollectionAssert.AreEqual(
            (bool[])[false, false, true, false], Array.ConvertAll(buffers, buffer => buffer.IsClosed));
        pool.Dispose();
        Assert.AreEqual(0, pool.RetainedBytes);
        pool.Return(buffers[3]);
        Assert.IsTrue(buffers.All(buffer => buffer.IsClosed));
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => pool.Rent(1));
    }

    [TestMethod]
    public void Nobody_gets_what_another_has()
    {
        using TensorBufferPool pool = new(1 << 20);
        _ = Parallel.For(0, 8, worker =>
        {
            for (int i = 0; i < 2000; i++)
            {
                TensorBuffer buffer = pool.Rent(1 << (12 + i % 4));
                buffer.Span.Fill((byte)worker);
                Assert.AreEqual(-1, buffer.Span.IndexOfAnyExcept((byte)worker));
                pool.Return(buffer);
            }
        });
        Assert.AreEqual(0, pool.RentedBytes);
        Assert.IsLessThanOrEqualTo(1 << 20, pool.RetainedBytes);
    }
}
