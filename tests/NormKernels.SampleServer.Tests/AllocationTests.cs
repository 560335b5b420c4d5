using System;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Requests;
using NormKernels.SampleServer.Responses;
using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>What the server does with a request, apart from what ASP.NET Core does, allocates no managed memory.</summary>
[TestClass]
public sealed class AllocationTests
{
    private const int Dimension = 48;

    // More than is written before the client is waited for.
    private const int Rows = 400;

    [TestMethod]
    [DoNotParallelize]
    public void The_kernel_path_allocates_nothing()
    {
        using NativeNorms norms = new(new ServerOptions { Dimension = Dimension });
        using TensorBufferPool buffers = new(1 << 22);
        Batch batch = new(buffers);
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            foreach (NormKind norm in Enum.GetValues<NormKind>())
            {
                foreach (bool residual in (bool[])(norm == NormKind.L2Normalize ? [false] : [false, true]))
                {
                    Assert.AreEqual(0, LeastAllocated(() =>
                    {
                        batch.Begin(type, Dimension);
                        batch.Reserve(used: 0, 2 * Rows * Dimension * Element.SizeOf(type));
                        (batch.Rows, batch.HasResidual) = (Rows, residual);
                        norms.Run(norm, batch);
                        batch.Clear();
                    }), $"{norm} of {type}, residual {residual}");
                }
            }
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void From_octets_to_octets_nothing_is_allocated()
    {
        LimitOptions limits = new();
        byte[] octets = Tensors<float>.Random(Rows, Dimension, residual: true).ToOctets();
        AssertNothing(octets, (body, batch, token) => OctetReader.ReadAsync(
            body, octets.Length, new(ElementType.Float32, null, null, Residual: true), batch, limits, token),
            OctetWriter.WriteAsync, expected: octets.Length);
    }

    [TestMethod]
    [DoNotParallelize]
    public void From_json_to_json_nothing_is_allocated()
    {
        LimitOptions limits = new();
        JsonBatchReader reader = new();
        using JsonBatchWriter writer = new();
        byte[] json = Tensors<float>.Random(Rows, Dimension, residual: true).ToJson();
        AssertNothing(
            json, (body, batch, token) => reader.ReadAsync(body, default, batch, limits, token), writer.WriteAsync,
            expected: 2 * Rows * Dimension * 5);
    }

    private static void AssertNothing(
        byte[] body, Func<PipeReader, Batch, CancellationToken, ValueTask<RequestProblem?>> read,
        Func<PipeWriter, Batch, CancellationToken, ValueTask<bool>> write, int expected)
    {
        using NativeNorms norms = new(new ServerOptions { Dimension = Dimension });
        using TensorBufferPool buffers = new(1 << 22);
        using Deadline deadline = new();
        Batch batch = new(buffers);
        FixedReader reader = new(body);
        FixedWriter writer = new(1 << 22);
        Assert.AreEqual(0, LeastAllocated(() =>
        {
            reader.Rewind();
            writer.Rewind();
            CancellationToken token = deadline.Start(TimeSpan.FromMinutes(1), CancellationToken.None);
            batch.Begin(ElementType.Float32, Dimension);
            Assert.IsNull(Done(read(reader, batch, token)));
            norms.Run(NormKind.RmsNorm, batch);
            Assert.IsTrue(Done(write(writer, batch, token)));
            batch.Clear();
            deadline.Stop();
        }));
        Assert.IsGreaterThanOrEqualTo(expected, writer.Written);
    }

    // Nothing is waited for, so this is done already.
    private static T Done<T>(ValueTask<T> task) =>
        task.IsCompleted ? task.Result : throw new InvalidOperationException("It waits.");

    // The least of some attempts: what a call allocates it allocates every time, while the test host and code that is
    // compiled anew do so now and then.
    private static long LeastAllocated(Action call)
    {
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 100 && least != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
