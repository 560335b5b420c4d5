using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class QuantizeReferenceTests
{
    private const double Inf = double.PositiveInfinity;

    [TestMethod]
    public void Halves_go_to_even()
    {
        // A maximum of 127 makes the scale 1.
        AssertRow([127, 0.5, 1.5, -0.5, -2.5, 3.4999, -126.5], 1, [127, 0, 2, 0, -2, 3, -126]);
        AssertRow([-254, 1, 3, 5], 2, [-127, 0, 2, 2]);
    }

    [TestMethod]
    public void Rows_without_a_scale_are_zeros()
    {
        AssertRow([0, -0.0, 0], 0, [0, 0, 0]);
        AssertRow([1, double.NaN, Inf], double.NaN, [0, 0, 0]);
        AssertRow([1, -Inf, 2], Inf, [0, 0, 0]);
        AssertRow([], 0, []);
    }

    [TestMethod]
    [DataRow(1e300)]
    [DataRow(1e-300)]
    [DataRow(double.Epsilon)]
    public void Every_magnitude_stays_in_range(double largest)
    {
        sbyte[] quantized = new sbyte[3];
        double[] scale = new double[1];
        QuantizeReference.ToInt8([largest, -largest, 0], quantized, scale, 1, 3);
        Assert.AreEqual(-quantized[0], quantized[1]);
        Assert.AreEqual(scale[0] > 0 ? 127 : 0, quantized[0]);
    }

    [TestMethod]
    public void Rows_have_scales_of_their_own()
    {
        sbyte[] quantized = new sbyte[4];
        double[] scale = new double[2];
        QuantizeReference.ToInt8([127, 1, 1270, -10], quantized, scale, 2, 2);
        Check.SameBits([1, 10], scale, "scale");
        CollectionAssert.AreEqual(new sbyte[] { 127, 1, 127, -1 }, quantized);
    }

    [TestMethod]
    public void Bad_arguments_are_named_before_anything_is_written()
    {
        Rejects<ArgumentOutOfRangeException>("rows", 6, 6, 2, -2, 3);
        Rejects<ArgumentOutOfRangeException>("cols", 6, 6, 2, 2, -3);
        Rejects<ArgumentException>("y", 5, 6, 2, 2, 3);
        Rejects<ArgumentException>("quantized", 6, 7, 2, 2, 3);
        Rejects<ArgumentException>("scale", 6, 6, 0, 2, 3);
        Rejects<ArgumentException>("y", 0, 0, 1 << 16, 1 << 16, 1 << 16);

        static void Rejects<T>(string name, int ys, int quantizeds, int scales, int rows, int cols)
            where T : ArgumentException
        {
            double[] y = [.. Enumerable.Repeat(1.0, ys)];
            sbyte[] quantized = new sbyte[quantizeds];
            double[] scale = new double[scales];
            T thrown = Assert.ThrowsExactly<T>(() => QuantizeReference.ToInt8(y, quantized, scale, rows, cols));
            Assert.AreEqual(name, thrown.ParamName);
            Assert.IsTrue(quantized.All(q => q == 0) && scale.All(s => s == 0));
        }
    }

    private static void AssertRow(double[] y, double scale, sbyte[] expected)
    {
        sbyte[] quantized = new sbyte[y.Length];
        double[] actualScale = new double[1];
        QuantizeReference.ToInt8(y, quantized, actualScale, 1, y.Length);
        Assert.AreEqual(scale, actualScale[0]);
        CollectionAssert.AreEqual(expected, quantized);
    }
}

[TestClass]
public sealed class SiluReferenceTests
{
    [TestMethod]
    [DataRow(0.0, 0.0)]
    [DataRow(1.0, 0.73105857863000488)]
    [DataRow(-1.0, -0.26894142136999512)]
    [DataRow(800.0, 800.0)]
    [DataRow(-800.0, 0.0)]
    [DataRow(1e300, 1e300)]
    [DataRow(-1e300, 0.0)]
    [DataRow(double.PositiveInfinity, double.PositiveInfinity)]
    [DataRow(double.NegativeInfinity, 0.0)]
    [DataRow(double.NaN, double.NaN)]
    public void Gates(double z, double silu)
    {
        double[] result = new double[2];
        SiluReference.Gate([1, -2], [z, z], result);
        double tolerance = double.IsFinite(silu) ? 1e-15 * Math.Abs(silu) : 0;
        Assert.AreEqual(silu, result[0], tolerance);
        Assert.AreEqual(-2 * silu, result[1], 2 * tolerance);
    }

    [TestMethod]
    public void In_place_is_out_of_place_bit_for_bit()
    {
        double[] y = [1, -2, 3];
        double[] z = [0.5, -4, 20];
        double[] expected = new double[3];
        SiluReference.Gate(y, z, expected);
        double[] overY = [.. y];
        double[] overZ = [.. z];
        SiluReference.Gate(overY, z, overY);
        SiluReference.Gate(y, overZ, overZ);
        Check.SameBits(expected, overY, "y");
        Check.SameBits(expected, overZ, "z");
    }

    [TestMethod]
    public void Lengths_are_checked()
    {
        Assert.AreEqual("z", Assert.ThrowsExactly<ArgumentException>(
            () => SiluReference.Gate(new double[2], new double[3], new double[2])).ParamName);
        Assert.AreEqual("result", Assert.ThrowsExactly<ArgumentException>(
            () => SiluReference.Gate(new double[2], new double[2], new double[1])).ParamName);
    }
}
