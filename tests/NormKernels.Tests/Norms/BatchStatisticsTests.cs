using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

using static NormKernels.Tests.Norms.Refusals;

namespace NormKernels.Tests.Norms;

/// <summary>The statistics of a batch without its normalized values.</summary>
[TestClass]
public sealed class BatchStatisticsTests
{
    public static IEnumerable<(int Batch, int Channels, int Spatial, ChannelLayout Layout)> Shapes =>
        from layout in Enum.GetValues<ChannelLayout>()
        from shape in new[] { (3, 5, 7), (2, 19, 64), (40, 3, 1), (1, 600, 2), (4, 2, 5000) }
        select (shape.Item1, shape.Item2, shape.Item3, layout);

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void Have_the_bits_of_forward(int batch, int channels, int spatial, ChannelLayout layout)
    {
        double[] values = new RandomData("statistics", batch, channels, spatial).Normals(batch * channels * spatial, 30, 2);
        values[^1] = double.NaN;
        ChannelShape shape = new(batch, channels, spatial, layout);
        Compare<float>([.. values.Select(v => (float)v)], shape);
        Compare<Half>([.. values.Select(v => (Half)v)], shape);
        Compare<BFloat16>([.. values.Select(v => (BFloat16)(float)v)], shape);
    }

    [TestMethod]
    public void Any_of_them_alone()
    {
        float[] x = [.. new RandomData("alone").Normals(4 * 3 * 5).Select(v => (float)v)];
        ChannelShape shape = new(4, 3, 5);
        Outputs all = new(3);
        BatchNorm.Statistics<float>(x, shape, all.Mean, all.Rstd, 1e-3, all.RunningMean, all.RunningVar, 0.25);
        Outputs some = new(3);
        BatchNorm.Statistics<float>(x, shape, some.Mean, epsilon: 1e-3);
        BatchNorm.Statistics<float>(x, shape, rstd: some.Rstd, epsilon: 1e-3);
        BatchNorm.Statistics<float>(
            x, shape, epsilon: 1e-3, runningMean: some.RunningMean, runningVar: some.RunningVar, momentum: 0.25);
        all.AssertSame(some, "one by one");
    }

    [TestMethod]
    public void An_empty_batch_has_none()
    {
        Outputs outputs = new(2);
        BatchNorm.Statistics<float>(
            [], new(0, 2, 3), outputs.Mean, outputs.Rstd, 1e-5, outputs.RunningMean, outputs.RunningVar);
        Assert.IsTrue(outputs.Mean.Concat(outputs.Rstd).All(float.IsNaN));
        Assert.IsTrue(outputs.RunningMean.Concat(outputs.RunningVar).All(v => v == Outputs.Before));
        BatchNorm.Statistics<float>([], new(3, 0, 4));
    }

    [TestMethod]
    public void What_cannot_be_is_refused()
    {
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8];
        float[] kept = [.. x];
        ChannelShape shape = new(2, 2, 2);
        Outputs o = new(2);
        AssertRefused("mean", () => BatchNorm.Statistics<float>(x, shape));
        AssertRefused("x", () => BatchNorm.Statistics<float>(x.AsSpan(1), shape, o.Mean));
        AssertRefused("mean", () => BatchNorm.Statistics<float>(x, shape, o.Mean.AsSpan(1)));
        AssertRefused("rstd", () => BatchNorm.Statistics<float>(x, shape, o.Mean, o.Rstd.AsSpan(1)));
        AssertRefused("runningVar", () => BatchNorm.Statistics<float>(x, shape, runningMean: o.RunningMean));
        AssertRefused("epsilon", () => BatchNorm.Statistics<float>(x, shape, o.Mean, epsilon: double.NaN));
        AssertRefused("momentum", () => BatchNorm.Statistics<float>(x, shape, o.Mean, momentum: 1.5));
        AssertRefused("mean", () => BatchNorm.Statistics<float>(x, shape, x.AsSpan(2, 2)));
        AssertRefused("mean", () => BatchNorm.Statistics<float>(x, shape, o.Mean, o.Mean));
        AssertRefused("x", () => BatchNorm.Statistics<int>(new int[8], shape, o.Mean));
        AssertRefused("shape", () => BatchNorm.Statistics<float>(
            x, new(1, 8, 1), epsilon: 1e-5, runningMean: new float[8], runningVar: new float[8]));
        CollectionAssert.AreEqual(kept, x);
        Assert.IsTrue(o.All.All(v => v == Outputs.Before));
    }

    private static void Compare<T>(T[] x, ChannelShape shape)
        where T : unmanaged
    {
        int channels = (int)shape.Channels;
        T[] y = new T[x.Length];
        Outputs expected = new(channels);
        BatchNorm.Forward<T>(
            x, y, shape, (ReadOnlySpan<T>)[], [], 1e-5, expected.Mean, expected.Rstd, expected.RunningMean,
            expected.RunningVar, 0.2);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            foreach (int threads in new[] { 1, 3 })
            {
                Outputs actual = new(channels);
                BatchNorm.Statistics<T>(
                    x, shape, actual.Mean, actual.Rstd, 1e-5, actual.RunningMean, actual.RunningVar, 0.2,
                    new() { InstructionSet = isa, MaxDegreeOfParallelism = threads });
                expected.AssertSame(actual, $"{typeof(T).Name} {shape} {isa}, {threads} threads");
            }
        }
    }

    private sealed class Outputs
    {
        public const float Before = 9;

        public Outputs(int channels) =>
            (Mean, Rstd, RunningMean, RunningVar) =
                (Filled(channels), Filled(channels), Filled(channels), Filled(channels));

        public float[] Mean { get; }

        public float[] Rstd { get; }

        public float[] RunningMean { get; }

        public float[] RunningVar { get; }

        public IEnumerable<float> All => Mean.Concat(Rstd).Concat(RunningMean).Concat(RunningVar);

        public void AssertSame(Outputs other, string message) =>
            CollectionAssert.AreEqual(Bits(All), Bits(other.All), message);

        private static int[] Bits(IEnumerable<float> values) =>
            [.. values.Select(v => float.IsNaN(v) ? -1 : BitConverter.SingleToInt32Bits(v))];

        private static float[] Filled(int channels) => [.. Enumerable.Repeat(Before, channels)];
    }
}
