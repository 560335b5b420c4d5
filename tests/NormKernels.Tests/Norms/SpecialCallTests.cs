using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

using static NormKernels.Tests.Norms.Refusals;

namespace NormKernels.Tests.Norms;

/// <summary>Methods that are other ways to say the same, and refusals that no single argument is to blame for.</summary>
[TestClass]
public sealed class SpecialCallTests
{
    private const int Channels = 19;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Folded_inference_has_the_bits_of_inference(bool last)
    {
        ChannelShape shape = new(3, Channels, 7, last ? ChannelLayout.ChannelsLast : ChannelLayout.ChannelsFirst);
        RandomData random = new("fold");
        Half[] x = [.. random.Normals((int)shape.Count, 100, 3).Select(v => (Half)v)];
        float[] mean = [.. random.Normals(Channels, 100, 2).Select(v => (float)v)];
        float[] variance = [.. random.Normals(Channels).Select(v => (float)(0.1 + Math.Abs(v)))];
        float[] weight = [.. random.Normals(Channels).Select(v => (float)v)];
        float[] bias = [.. random.Normals(Channels).Select(v => (float)v)];
        Half[] expected = new Half[x.Length];
        Half[] actual = new Half[x.Length];
        double[] scale = new double[Channels];
        double[] shift = new double[Channels];
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            CpuOptions options = new() { InstructionSet = isa };
            BatchNorm.Inference<Half>(x, expected, shape, mean, variance, (ReadOnlySpan<float>)weight, bias, 1e-5, options);
            BatchNorm.Fold<float>(mean, variance, weight, bias, 1e-5, scale, shift);
            BatchNorm.ApplyFolded<Half>(x, actual, shape, scale, shift, options);
            CollectionAssert.AreEqual(expected, actual, $"{isa}");
        }
    }

    [TestMethod]
    public void Fold_is_what_it_says()
    {
        float[] mean = [1, -2, 1e6f, 0];
        float[] variance = [0.25f, 4, 1e-3f, 0];
        float[] weight = [2, -1, 0.5f, 3];
        float[] bias = [1, 0, -1, 7];
        double[] scale = new double[4];
        double[] shift = new double[4];
        (bool Weight, bool Bias)[] passed = [(true, true), (true, false), (false, true), (false, false)];
        foreach ((bool withWeight, bool withBias) in passed)
        {
            BatchNorm.Fold<float>(mean, variance, withWeight ? weight : [], withBias ? bias : [], 1e-5, scale, shift);
            for (int i = 0; i < 4; i++)
            {
                double s = (withWeight ? weight[i] : 1) / Math.Sqrt(variance[i] + 1e-5);
                double t = (withBias ? bias[i] : 0) - mean[i] * s;
                Assert.AreEqual(s, scale[i], 1e-14 * Math.Abs(s));
                Assert.AreEqual(t, shift[i], 1e-14 * (Math.Abs(t) + Math.Abs(mean[i] * s) + 1));
            }
        }
    }

    [TestMethod]
    public void Fold_refuses()
    {
        float[] four = [1, 2, 3, 4];
        double[] scale = [9, 9, 9, 9];
        double[] shift = [9, 9, 9, 9];
        AssertRefused("runningVar", () => BatchNorm.Fold<float>(four, four.AsSpan(1), four, four, 0, scale, shift));
        AssertRefused("weight", () => BatchNorm.Fold<float>(four, four, four.AsSpan(1), four, 0, scale, shift));
        AssertRefused("bias", () => BatchNorm.Fold<float>(four, four, four, four.AsSpan(1), 0, scale, shift));
        AssertRefused("scale", () => BatchNorm.Fold<float>(four, four, four, four, 0, scale.AsSpan(1), shift));
        AssertRefused("shift", () => BatchNorm.Fold<float>(four, four, four, four, 0, scale, shift.AsSpan(1)));
        AssertRefused("scale", () => BatchNorm.Fold<float>(four, four, four, four, 0, scale, scale));
        AssertRefused("epsilon", () => BatchNorm.Fold<float>(four, four, four, four, -1, scale, shift));
        AssertRefused("epsilon", () => BatchNorm.Fold<float>(four, four, four, four, double.NaN, scale, shift));
        AssertRefused("weight", () => BatchNorm.Fold<int>(four, four, [], [], 0, scale, shift));
        Assert.IsTrue(scale.Concat(shift).All(v => v == 9));
    }

    [TestMethod]
    public void Unit_rows_are_rows_divided_by_their_norm()
    {
        float[] x = [.. new RandomData("unit").Normals(5 * 33).Select(v => (float)v)];
        float[] y = new float[x.Length];
        float[] expected = new float[x.Length];
        float[] norm = new float[5];
        float[] expectedNorm = new float[5];
        L2Normalize.UnitRows<float>(x, y, [5, 33], 1e-12, norm);
        L2Normalize.Forward<float>(x, expected, new AxisShape(5, 33, 1), 2, 1e-12, expectedNorm);
        CollectionAssert.AreEqual(expected, y);
        CollectionAssert.AreEqual(expectedNorm, norm);
        AssertRefused("tensorShape", () => L2Normalize.UnitRows<float>(x, y, [5 * 33]));
        AssertRefused("tensorShape", () => L2Normalize.UnitRows<float>(x, y, [5, 33, 1]));
        AssertRefused("tensorShape", () => L2Normalize.UnitRows<float>(x, y, [5, -33]));
        AssertRefused("x", () => L2Normalize.UnitRows<float>(x, y, [5, 32]));
    }

    [TestMethod]
    public void One_value_has_no_unbiased_variance()
    {
        float[] x = [1, 2];
        float[] y = [9, 9];
        float[] mean = [9, 9];
        float[] variance = [9, 9];
        AssertRefused("shape", () => BatchNorm.Forward<float>(
            x, y, new(1, 2, 1), (ReadOnlySpan<float>)[], runningMean: mean, runningVar: variance));
        AssertRefused("shape", () => InstanceNorm.Forward<float>(
            x, y, new(1, 2, 1), (ReadOnlySpan<float>)[], runningMean: mean, runningVar: variance));
        Assert.IsTrue(y.Concat(mean).Concat(variance).All(v => v == 9));
        BatchNorm.Forward<float>(x, y, new(1, 2, 1), (ReadOnlySpan<float>)[]);
        CollectionAssert.AreEqual(new float[2], y);
    }

    [TestMethod]
    public void Cumulative_momentum_is_that_of_an_average()
    {
        Assert.AreEqual(1, BatchNorm.CumulativeMomentum(0));
        Assert.AreEqual(0.25, BatchNorm.CumulativeMomentum(3));
        AssertRefused("batchesTracked", () => BatchNorm.CumulativeMomentum(-1));
    }

    [TestMethod]
    public void There_is_no_extreme_of_nothing()
    {
        float[] norm = [9, 9, 9];
        double[] orders = [double.PositiveInfinity, double.NegativeInfinity, -1];
        foreach (double p in orders)
        {
            AssertRefused("shape", () => VectorNorm.Forward<float>([], (Span<float>)norm, ReductionShape.Of([3, 0], 1), p));
        }

        IEnumerable<(MatrixNormOrder Order, MatrixShape Shape)> none =
        [
            (MatrixNormOrder.MaxColumnSum, MatrixShape.Of([3, 2, 0])), (MatrixNormOrder.MinColumnSum, MatrixShape.Of([3, 2, 0])),
            (MatrixNormOrder.MaxRowSum, MatrixShape.Of([3, 0, 2])), (MatrixNormOrder.MinRowSum, MatrixShape.Of([3, 0, 2])),
            (MatrixNormOrder.MaxSingularValue, MatrixShape.Of([3, 0, 2])), (MatrixNormOrder.MinSingularValue, MatrixShape.Of([3, 2, 0])),
        ];
        foreach ((MatrixNormOrder order, MatrixShape shape) in none)
        {
            AssertRefused("shape", () => MatrixNorm.Forward<float>([], (Span<float>)norm, shape, order));
        }

        Assert.IsTrue(norm.All(v => v == 9));
    }
}
