using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

/// <summary>What the norms that keep running statistics check before they write.</summary>
internal static class RunningStatisticsChecks
{
    public delegate void Call(
        double[] x, double[] y, int batch, int channels, int spatial,
        double[] runningMean, double[] runningVar, double momentum);

    public static void Run(Call call, (int Batch, int Spatial) oneValue)
    {
        const double Untouched = 42.5;
        Rejects<ArgumentException>("runningMean", 2, 3, [], new double[2], 0.1);
        Rejects<ArgumentException>("runningVar", 2, 3, new double[2], [], 0.1);
        Rejects<ArgumentException>("runningMean", 2, 3, new double[3], new double[2], 0.1);
        Rejects<ArgumentException>("runningVar", 2, 3, new double[2], new double[1], 0.1);
        Rejects<ArgumentException>("runningVar", oneValue.Batch, oneValue.Spatial, new double[2], new double[2], 0.1);
        foreach (double momentum in new[] { -0.1, 1.1, double.NaN })
        {
            Rejects<ArgumentOutOfRangeException>("momentum", 2, 3, new double[2], new double[2], momentum);
        }

        // One value is enough where no unbiased variance is wanted.
        call(Ones(oneValue.Batch, oneValue.Spatial), Ones(oneValue.Batch, oneValue.Spatial),
            oneValue.Batch, 2, oneValue.Spatial, [], [], 0.1);

        // Nothing to average over changes nothing.
        foreach ((int batch, int spatial) in new[] { (0, 3), (0, 1), (2, 0) })
        {
            double[] mean = [1, 2];
            double[] variance = [3, 4];
            call([], [], batch, 2, spatial, mean, variance, 0.1);
            Check.SameBits([1, 2], mean, "running mean");
            Check.SameBits([3, 4], variance, "running variance");
        }

        void Rejects<T>(string name, int batch, int spatial, double[] mean, double[] variance, double momentum)
            where T : ArgumentException
        {
            double[] y = Ones(batch, spatial);
            Array.Fill(y, Untouched);
            T thrown = Assert.ThrowsExactly<T>(
                () => call(Ones(batch, spatial), y, batch, 2, spatial, mean, variance, momentum), name);
            Assert.AreEqual(name, thrown.ParamName);
            Assert.IsTrue(y.All(v => v == Untouched) && mean.Concat(variance).All(v => v == 0), name);
        }

        static double[] Ones(int batch, int spatial) => [.. Enumerable.Repeat(1.0, batch * 2 * spatial)];
    }
}
