using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

/// <summary>Comparisons of tensors.</summary>
internal static class Check
{
    public static void SameBits(double[] expected, double[] actual, string what) =>
        Assert.IsTrue(
            Bits(expected).SequenceEqual(Bits(actual)),
            $"{what}: expected [{string.Join(", ", expected)}] but was [{string.Join(", ", actual)}]");

    public static void Close(double[] expected, double[] actual, double tolerance, string what = "")
    {
        Assert.HasCount(expected.Length, actual, what);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], tolerance * (1 + Math.Abs(expected[i])), $"{what} element {i}");
        }
    }

    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>The derivative at 0 of a function of a distance, by the central stencil of fourth order.</summary>
    public static double[] Slope(Func<double, double[]> function)
    {
        const double Step = 1.0 / 2048;
        double[] Difference(int steps) =>
            [.. function(steps * Step).Zip(
                function(-steps * Step), (after, before) => (after - before) / (2 * steps * Step))];

        return [.. Difference(1).Zip(Difference(2), (one, two) => (4 * one - two) / 3)];
    }

    private static IEnumerable<long> Bits(double[] a) => a.Select(BitConverter.DoubleToInt64Bits);
}
