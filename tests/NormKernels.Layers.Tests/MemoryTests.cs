using System;
using System.Diagnostics;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

/// <summary>What layers keep grows to the largest call and stays.</summary>
[TestClass]
public sealed class MemoryTests : DeviceTests
{
    private const int Calls = 10;

    private static readonly TimeSpan _attempt = TimeSpan.FromMilliseconds(20);

    [TestMethod]
    [DoNotParallelize]
    [DataRow(false, true)]
    [DataRow(false, false)]
    [DataRow(true, true)]
    [DataRow(true, false)]
    public void After_the_first_call_nothing_is_allocated(bool onDevice, bool training)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            layer.IsTraining = training;
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            Tensor<float> y = place.Put(new float[LayerCase.Count]);
            Assert.AreEqual(0, LeastAllocated(() =>
            {
                c.Forward(place, layer, x, y);
                c.Backward(place, layer, x, x, y);
                place.ZeroGradients(layer);
            }), c.Name);
        }
    }

    [TestMethod]
    [DoNotParallelize]
    [DataRow(false)]
    [DataRow(true)]
    public void Shapes_may_take_turns(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using LayerNormLayer<float> rows = new([4], device: place.Device);
        using GroupNormLayer<float> groups = new(2, 4, device: place.Device);
        Tensor<float>[] x = [.. ((int[])[8, 800, 80, 8000]).Select(count => place.Put(LayerCase.Random("x", count)))];
        Tensor<float>[] y = [.. x.Select(tensor => place.Put(new float[place.Get(tensor).Length]))];
        ChannelShape[] shapes = [.. y.Select(tensor => new ChannelShape(1, 4, place.Get(tensor).Length / 4))];
        Assert.AreEqual(0, LeastAllocated(() =>
        {
            for (int i = 0; i < x.Length; i++)
            {
                place.Forward(rows, x[i], y[i]);
                place.Backward(rows, x[i], x[i], y[i]);
                place.Forward(groups, x[i], y[i], shapes[i]);
                place.Backward(groups, x[i], x[i], y[i], shapes[i]);
            }
        }));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_call_does_not_depend_on_larger_ones_before_it(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using LayerNormLayer<float> layer = new([5], device: place.Device);
        using LayerNormLayer<float> other = new([5], device: place.Device);
        Tensor<float> large = place.Put(LayerCase.Random("large", 4000));
        Tensor<float> small = place.Put(LayerCase.Random("small", 15));
        Tensor<float> largeY = place.Put(new float[4000]);
        place.Forward(layer, large, largeY);
        float[][] results = [.. ((RowNormLayer<float>[])[layer, other]).Select(one =>
        {
            Tensor<float> y = place.Put(new float[15]);
            place.Forward(one, small, y);
            place.Backward(one, small, small, y);
            return place.Get(y);
        })];
        CollectionAssert.AreEqual(results[1], results[0]);
    }

    // The least of some attempts: what a call allocates it allocates every time, while the test host and code that is
    // compiled anew do so now and then.
    private static long LeastAllocated(Action call)
    {
        call();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 100 && least != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls && Stopwatch.GetElapsedTime(start) < _attempt; i++)
            {
                call();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
