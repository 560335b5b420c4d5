using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Requests;
using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>The kernel path allocates no managed memory, called alone or by many requests at a time.</summary>
[TestClass]
[DoNotParallelize]
public sealed class AllocationTests
{
    private const int Dimension = 48;
    private const int Rows = 400;

    [TestMethod]
    public void The_kernel_path_and_its_memory_allocate_nothing()
    {
        using NativeNorms norms = new(new ServerOptions { Dimension = Dimension });
        using TensorBufferPool buffers = new(1 << 22);
        using RequestMemory memory = new(buffers);
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            int bytes = Rows * Dimension * Batch.SizeOf(type);
            foreach (NormKind norm in Enum.GetValues<NormKind>())
            {
                foreach (int? residualAt in (int?[])(norm == NormKind.L2Normalize ? [null] : [null, bytes]))
                {
                    Batch batch = new(memory, type, Rows, Dimension, ResidualAt: residualAt);
                    Assert.AreEqual(0, LeastAllocated(() =>
                    {
                        memory.Reserve(2 * bytes);
                        norms.Run(norm, batch);
                        memory.Dispose();
                    }), $"{norm} of {type}, residual at {residualAt}");
                }
            }
        }
    }

    [TestMethod]
    public async Task Under_load_the_kernel_path_allocates_nothing()
    {
        const int clients = 8;
        const int calls = 60;
        await using RunningServer server = await RunningServer.StartAsync("--dimension", $"{Dimension}");
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            byte[] octets = Tensors<Half>.Random(Rows, Dimension, residual: false).ToOctets();
            byte[] json = Tensors<float>.Random(1 + client, Dimension, residual: true).ToJson();
            for (int call = 0; call < calls; call++)
            {
                using HttpResponseMessage half =
                    await server.PostAsync("/v1/l2-normalize?dtype=float16", "octet-stream", octets);
                using HttpResponseMessage added = await server.PostAsync("/v1/rms-norm", "json", json);
                _ = half.EnsureSuccessStatusCode();
                _ = added.EnsureSuccessStatusCode();
            }
        })));
        Dictionary<string, double> metrics = await server.MetricsAsync();
        foreach (string norm in (string[])["rms-norm", "l2-normalize"])
        {
            Assert.AreEqual(clients * calls, metrics[$"normserver_norm_calls_total{{endpoint=\"{norm}\"}}"]);
            Assert.AreEqual(0, metrics[$"normserver_norm_allocated_bytes_total{{endpoint=\"{norm}\"}}"], norm);
        }
    }

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
