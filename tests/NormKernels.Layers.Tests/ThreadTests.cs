using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

/// <summary>Many threads in inference, one in training.</summary>
[TestClass]
public sealed class ThreadTests : DeviceTests
{
    private const int Threads = 16;

    [TestMethod]
    [DataRow(false, false)]
    [DataRow(true, false)]
    [DataRow(true, true)]
    public void Sixteen_threads_infer_with_one_layer(bool onDevice, bool oneStream)
    {
        const int calls = 20;
        using Place<float> shared = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(shared.Device);
            layer.IsTraining = false;
            float[][] expected = [.. Enumerable.Range(0, Threads).Select(thread => Forward(shared, c, layer, thread))];
            Run(thread =>
            {
                using Place<float> own = oneStream ? Place<float>.On(shared) : Place<float>.Create(onDevice);
                for (int call = 0; call < calls; call++)
                {
                    CollectionAssert.AreEqual(expected[thread], Forward(own, c, layer, thread), c.Name);
                }
            });
        }
    }

    [TestMethod]
    public void Calls_on_one_stream_share_its_workspace_one_after_the_other()
    {
        // Slices that are summed in parts, by several kernels.
        var shape = AxisShape.Of([2, 30_000], 1);
        Assert.IsGreaterThan(0, Cuda.L2Normalize.WorkspaceSize(shape));
        using Place<float> shared = Place<float>.Create(onDevice: true);
        using L2NormalizeLayer<float> layer = new(device: shared.Device);
        Tensor<float>[] x =
        [
            .. Enumerable.Range(0, Threads)
                .Select(thread => shared.Put(LayerCase.Random($"{thread}", (int)shape.Count))),
        ];
        Tensor<float>[] y = [.. x.Select(_ => shared.Put(new float[shape.Count]))];
        float[][] expected = [.. x.Zip(y).Select(pair =>
        {
            shared.Forward(layer, pair.First, pair.Second, shape);
            return shared.Get(pair.Second);
        })];
        Run(thread =>
        {
            for (int call = 0; call < 10; call++)
            {
                shared.Forward(layer, x[thread], y[thread], shape);
                CollectionAssert.AreEqual(expected[thread], shared.Get(y[thread]));
            }
        });
    }

    [TestMethod]
    public void Threads_of_a_call_change_nothing()
    {
        const int rows = 3000;
        using Place<float> one = Place<float>.Create(onDevice: false);
        using Place<float> many = Place<float>.Create(onDevice: false, new() { MaxDegreeOfParallelism = 4 });
        float[][][] results = [.. ((Place<float>[])[one, many]).Select(place =>
        {
            using LayerNormLayer<float> layer = new([64]);
            Tensor<float> x = place.Put(LayerCase.Random("x", 64 * rows));
            Tensor<float> y = place.Put(new float[64 * rows]);
            Tensor<float> dx = place.Put(new float[64 * rows]);
            place.Forward(layer, x, y);
            place.Backward(layer, x, x, dx);
            return (float[][])[y.Host, dx.Host, layer.Weight!.Gradient!.ToArray(), layer.Bias!.Gradient!.ToArray()];
        })];
        for (int i = 0; i < results[0].Length; i++)
        {
            CollectionAssert.AreEqual(results[0][i], results[1][i]);
        }
    }

    [TestMethod]
    public void A_second_thread_that_trains_is_refused()
    {
        using LayerNormLayer<float> layer = new([4096]);
        float[] x = LayerCase.Random("x", 4096 * 64);
        ConcurrentBag<string> refused = [];
        int done = 0;
        long start = Stopwatch.GetTimestamp();
        Run(_ =>
        {
            float[] y = new float[x.Length];
            // Until two of them have met; on one processor that may take a while.
            while (refused.IsEmpty && Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1))
            {
                try
                {
                    layer.Forward(x, y);
                    layer.Backward(x, x, y);
                    _ = Interlocked.Increment(ref done);
                }
                catch (InvalidOperationException e)
                {
                    refused.Add(e.Message);
                }
            }
        });
        Assert.IsFalse(refused.IsEmpty);
        foreach (string message in refused)
        {
            Assert.Contains("Another thread is in a training call", message);
        }

        Assert.AreNotEqual(0, done);

        // And nobody holds it afterwards.
        layer.ZeroGradients();
        layer.Forward(x, x);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Disposing_a_layer_under_its_calls_is_an_exception_at_most(bool onDevice)
    {
        using Place<float> shared = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            NormLayer<float> layer = c.MakeTrained(shared.Device);
            layer.IsTraining = false;
            int called = 0;
            Run(thread =>
            {
                using Place<float> own = Place<float>.Create(onDevice);
                Tensor<float> x = own.Put(LayerCase.Random("x"));
                Tensor<float> y = own.Put(new float[LayerCase.Count]);
                try
                {
                    while (true)
                    {
                        c.Forward(own, layer, x, y);
                        if (Interlocked.Increment(ref called) == 4 * Threads)
                        {
                            layer.Dispose();
                        }
                    }
                }
                catch (ObjectDisposedException)
                {
                    // As it should be.
                }
            });
        }
    }

    private static float[] Forward(Place<float> place, LayerCase c, NormLayer<float> layer, int thread)
    {
        Tensor<float> x = place.Keep($"x{thread}", () => LayerCase.Random("x", LayerCase.Count + thread)[thread..]);
        Tensor<float> y = place.Keep($"y{thread}", () => new float[LayerCase.Count]);
        c.Forward(place, layer, x, y);
        return place.Get(y);
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever it is, the test fails with it.")]
    private static void Run(Action<int> work)
    {
        ConcurrentBag<Exception> thrown = [];
        using Barrier barrier = new(Threads);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            barrier.SignalAndWait();
            try
            {
                work(thread);
            }
            catch (Exception e)
            {
                thrown.Add(e);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.IsTrue(thrown.IsEmpty, string.Join('\n', thrown));
    }
}
