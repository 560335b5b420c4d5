using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Conversions against a rounding that searches the nearest value among all of them, in double.</summary>
[TestClass]
public sealed class BFloat16Tests
{
    // What comes after the largest finite value, for the purpose of rounding.
    private const double Beyond = 3.402823669209385e38;

    // Every value from 0 up, by its bits.
    private static readonly double[] _values =
        [.. Enumerable.Range(0, 0x7F80).Select(bits => Value((ushort)bits)), Beyond];

    private static IEnumerable<ushort> Patterns => Enumerable.Range(0, 0x10000).Select(bits => (ushort)bits);

    [TestMethod]
    public unsafe void It_is_two_bytes() => Assert.AreEqual(2, sizeof(BFloat16));

    [TestMethod]
    public void Every_pattern_survives()
    {
        foreach (ushort bits in Patterns)
        {
            var value = BFloat16.FromBits(bits);
            Assert.AreEqual(bits, value.ToBits());
            Assert.AreEqual(BFloat16.IsNaN(value), float.IsNaN(value), $"{bits:X4}");
            ushort kept = BFloat16.IsNaN(value) ? (ushort)(bits | 0x40) : bits;
            Assert.AreEqual(kept, ((BFloat16)(float)value).ToBits(), $"{bits:X4}");
            if (!BFloat16.IsNaN(value))
            {
                Assert.AreEqual(bits, ((BFloat16)(double)value).ToBits(), $"{bits:X4}");
                Assert.AreEqual(Value(bits), (double)value, $"{bits:X4}");
            }
        }
    }

    [TestMethod]
    public void Float_is_rounded_to_the_nearest_value()
    {
        ushort[] fractions = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x1234, 0xABCD];
        foreach (ushort upper in Patterns)
        {
            foreach (ushort fraction in fractions)
            {
                float value = BitConverter.UInt32BitsToSingle((uint)upper << 16 | fraction);
                if (float.IsNaN(value))
                {
                    ushort bits = ((BFloat16)value).ToBits();
                    Assert.AreEqual(upper | 0x40, bits, "a NaN becomes quiet and keeps the upper bits of its payload");
                }
                else
                {
                    Assert.AreEqual(Nearest(value), ((BFloat16)value).ToBits(), $"{value:R}");
                }
            }
        }
    }

    [TestMethod]
    public void Double_is_rounded_once()
    {
        for (int i = 0; i + 1 < _values.Length; i++)
        {
            double tie = (_values[i] + _values[i + 1]) / 2;
            // The next float to a tie is closer to it than the next double: rounding to float first would make a tie.
            double[] near = [tie, Math.BitIncrement(tie), Math.BitDecrement(tie), tie * (1 + 1e-12), tie * (1 - 1e-12)];
            foreach (double value in near)
            {
                Assert.AreEqual(Nearest(value), ((BFloat16)value).ToBits(), $"{value:R}");
                Assert.AreEqual(Nearest(-value), ((BFloat16)(-value)).ToBits(), $"{-value:R}");
            }
        }

        double[] extremes =
            [0.0, -0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 1e39, 4e-41, 5e-41, 1e-300,
             double.PositiveInfinity, double.NegativeInfinity, float.MaxValue, float.Epsilon];
        foreach (double value in extremes)
        {
            Assert.AreEqual(Nearest(value), ((BFloat16)value).ToBits(), $"{value:R}");
        }

        Assert.IsTrue(BFloat16.IsNaN((BFloat16)double.NaN));
    }

    [TestMethod]
    public void Random_numbers_are_rounded_to_the_nearest_value()
    {
        RandomData random = new("bf16");
        for (int i = 0; i < 300_000; i++)
        {
            double value = random.Normal() * Math.ScaleB(1, random.Below(300) - 150);
            Assert.AreEqual(Nearest(value), ((BFloat16)value).ToBits(), $"{value:R}");
            Assert.AreEqual(Nearest((float)value), ((BFloat16)(float)value).ToBits(), $"{(float)value:R}");
        }
    }

    [TestMethod]
    public void Constants()
    {
        Assert.AreEqual(_values[^2], (double)BFloat16.MaxValue);
        Assert.AreEqual(_values[1], (double)BFloat16.Epsilon);
        Assert.AreEqual(double.PositiveInfinity, (double)BFloat16.PositiveInfinity);
        Assert.AreEqual(double.NegativeInfinity, (double)BFloat16.NegativeInfinity);
        Assert.IsTrue(BFloat16.IsNaN(BFloat16.NaN));
        Assert.AreEqual(0, default(BFloat16).ToBits());
    }

    [TestMethod]
    public void Comparisons_are_those_of_float()
    {
        float[] values =
            [0, -0f, 1, -1, 1.0078125f, 1e-45f, 3e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        foreach (float a in values)
        {
            foreach (float b in values)
            {
                (BFloat16 x, BFloat16 y) = ((BFloat16)a, (BFloat16)b);
                (float f, float g) = (x, y);
                string pair = $"{f}, {g}";
                Assert.AreEqual(f == g, x == y, pair);
                Assert.AreEqual(f != g, x != y, pair);
                Assert.AreEqual(f < g, x < y, pair);
                Assert.AreEqual(f > g, x > y, pair);
                Assert.AreEqual(f <= g, x <= y, pair);
                Assert.AreEqual(f >= g, x >= y, pair);
                Assert.AreEqual(f.Equals(g), x.Equals(y), pair);
                Assert.AreEqual(f.Equals(g), x.Equals((object)y), pair);
                Assert.AreEqual(Math.Sign(f.CompareTo(g)), Math.Sign(x.CompareTo(y)), pair);
                Assert.IsTrue(!x.Equals(y) || x.GetHashCode() == y.GetHashCode(), pair);
            }
        }

        Assert.IsFalse(default(BFloat16).Equals("0"));
        Assert.AreEqual("1.5", ((BFloat16)1.5f).ToString());
    }

    // By the definition of the format: sign, 8 bits of exponent, 7 of fraction.
    private static double Value(ushort bits)
    {
        int exponent = bits >> 7 & 0xFF;
        int fraction = bits & 0x7F;
        double magnitude = exponent == 0xFF ? (fraction == 0 ? double.PositiveInfinity : double.NaN)
            : exponent == 0 ? Math.ScaleB(fraction, -133)
            : Math.ScaleB(128 + fraction, exponent - 134);
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    private static ushort Nearest(double value)
    {
        double magnitude = Math.Abs(value);
        int at = Array.BinarySearch(_values, magnitude);
        if (at < 0)
        {
            int above = ~at;
            at = above == _values.Length ? above - 1 : above;
            if (above < _values.Length)
            {
                double down = magnitude - _values[above - 1];
                double up = _values[above] - magnitude;
                at = down < up || (down == up && above % 2 != 0) ? above - 1 : above;
            }
        }

        return (ushort)(at | (double.IsNegative(value) ? 0x8000 : 0));
    }
}
