using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.CaseSets;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Tests.CaseSets;

[TestClass]
public sealed class TensorComparisonTests
{
    private const double Inf = double.PositiveInfinity;
    private const double NaN = double.NaN;

    // Powers of two, so that the bounds below are exact: at a reference of 1 and a scale of 2, 0.25 + 0.25 + 0.125.
    private static readonly Tolerance Row = new(0.25, 0.125, 0.125);

    public static IEnumerable<(double Actual, double Reference, double? Scale, bool Passes, double Fraction)> Finite()
    {
        yield return (1, 1, 2, true, 0);
        yield return (1.625, 1, 2, true, 1);
        yield return (0.375, 1, 2, true, 1);
        yield return (-1.625, -1, 2, true, 1);
        yield return (1.3125, 1, 2, true, 0.5);
        yield return (Math.BitIncrement(1.625), 1, 2, false, 1);
        yield return (0.375 - Math.ScaleB(1, -53), 1, 2, false, 1);
        yield return (2.25, 1, 2, false, 2);

        // Without a scale it is the largest reference, here 1.
        yield return (1.5, 1, null, true, 1);
        yield return (1.5625, 1, null, false, 1.125);

        // A reference of 0 is softened by scale and atol_abs, but not when the scale is 0.
        yield return (0.375, 0, 2, true, 1);
        yield return (0.5, 0, 2, false, 4.0 / 3);
        yield return (0, 0, 0, true, 0);
        yield return (-0.0, 0, 0, true, 0);
        yield return (0, 0, null, true, 0);
        yield return (double.Epsilon, 0, 0, false, Inf);
        yield return (double.Epsilon, 0, null, false, Inf);
        yield return (1.375, 1, 0, true, 1);

        yield return (double.MaxValue, -double.MaxValue, 1, false, Inf);
        foreach (double nonfinite in (double[])[NaN, Inf, -Inf])
        {
            yield return (nonfinite, 1, 2, false, Inf);
            yield return (nonfinite, 0, 0, false, Inf);
            yield return (nonfinite, double.MaxValue, double.MaxValue, false, Inf);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Finite))]
    public void An_element_passes_within_the_tolerance(
        double actual,
        double reference,
        double? scale,
        bool passes,
        double fraction)
    {
        foreach (TensorRole role in Enum.GetValues<TensorRole>())
        {
            TensorComparison result = TensorComparison.Compare([actual], [reference], role, scale, Row);
            Assert.AreEqual(passes, result.Passed);
            Assert.AreEqual(fraction, result.WorstFraction, 1e-15);
            Assert.AreEqual(passes, result.Message is null, result.Message);
            Assert.AreEqual((0L, actual, reference), (result.WorstIndex, result.Value, result.Reference));
        }
    }

    [TestMethod]
    public void Outputs_that_are_not_finite_must_be_of_the_class_of_the_reference()
    {
        double[] values = [NaN, Inf, -Inf, 0, double.MaxValue];
        foreach (double actual in values)
        {
            foreach (double reference in values.Take(3))
            {
                bool same = actual.Equals(reference);
                TensorComparison output = TensorComparison.Compare([actual], [reference], TensorRole.Output, 1, Row);
                Assert.AreEqual(same, output.Passed);
                Assert.AreEqual(same ? 0 : Inf, output.WorstFraction);
                foreach (TensorRole role in (TensorRole[])[TensorRole.Stat, TensorRole.Grad, TensorRole.Jvp])
                {
                    TensorComparison other = TensorComparison.Compare([actual], [reference], role, 1, Row);
                    Assert.IsTrue(other.Passed);
                    Assert.AreEqual((-1L, 0.0), (other.WorstIndex, other.WorstFraction));
                }
            }
        }
    }

    [TestMethod]
    public void The_worst_element_is_found_and_described()
    {
        double[] reference = [NaN, 1, 1, 1, 1, -Inf];
        double[] actual = [5, 1.25, 3.5, 1, 2.25, 0];
        TensorComparison result = TensorComparison.Compare(actual, reference, TensorRole.Grad, 2, Row);
        Assert.AreEqual(
            new TensorComparison(
                false,
                4,
                2,
                3.5,
                1,
                "element 2 is 3.5 where the reference is 1 (4 of the tolerance)"),
            result);
    }

    [TestMethod]
    public void The_scale_is_that_of_the_largest_finite_reference_when_there_is_none()
    {
        // 0.125 * 8 + 0.125 at the reference 0.
        TensorComparison result =
            TensorComparison.Compare([1.125, -8, NaN], [0, -8, NaN], TensorRole.Output, null, Row);
        Assert.AreEqual((true, 1.0), (result.Passed, result.WorstFraction));
    }

    [TestMethod]
    public void Nothing_to_compare_passes() =>
        Assert.AreEqual(
            (true, -1L),
            (TensorComparison.Compare([], [], TensorRole.Output, null, Row).Passed,
             TensorComparison.Compare([], [], TensorRole.Output, null, Row).WorstIndex));

    [TestMethod]
    [DataRow(2.0, 0.5, false, 1.625)]
    [DataRow(2.0, 0.5, true, 1.4375)]
    [DataRow(2.0, null, true, 1.625)]
    [DataRow(null, 0.0, true, 1.375)]
    [DataRow(null, 0.0, false, 1.5)]
    public void Strict_uses_the_strict_scale_where_there_is_one(
        double? scale,
        double? strictScale,
        bool strict,
        double edge)
    {
        CaseTensor tensor = Tensor([1], scale, strictScale);
        NpyArray reference = new([1.0], 1);
        Assert.IsTrue(TensorComparison.Compare(new NpyArray([edge], 1), reference, tensor, Row, strict).Passed);
        edge = Math.BitIncrement(edge);
        Assert.IsFalse(TensorComparison.Compare(new NpyArray([edge], 1), reference, tensor, Row, strict).Passed);
    }

    [TestMethod]
    public void Another_shape_fails()
    {
        NpyArray reference = new([1.0, 1.0], 2);
        foreach (NpyArray actual in (NpyArray[])[new([1.0, 1.0], 2, 1), new([1.0], 1), new([1.0], [])])
        {
            TensorComparison result = TensorComparison.Compare(actual, reference, Tensor([2], 1, null), Row);
            Assert.AreEqual((false, Inf, -1L), (result.Passed, result.WorstFraction, result.WorstIndex));
            Assert.AreEqual(
                $"has the shape {NpyArray.FormatShape(actual.Shape)} where the reference has (2,)",
                result.Message);
        }
    }

    [TestMethod]
    public void Half_the_unit_in_the_last_place_is_half_the_tolerance_of_a_16_bit_format()
    {
        Tolerance row = Tolerance.Default(CaseDtype.Float16);
        TensorComparison half = TensorComparison.Compare([1.0], [1 + (1.0 / 2048)], TensorRole.Output, 0, row);
        Assert.IsInRange(0.49, 0.5, half.WorstFraction);
        Assert.AreEqual(new Tolerance(0.0078125, 1e-6, 0), Tolerance.Default(CaseDtype.BFloat16));
        Assert.AreEqual(new Tolerance(0.0009765625, 1e-6, 6e-8), row);
    }

    private static CaseTensor Tensor(ImmutableArray<long> shape, double? scale, double? strictScale) =>
        new("case", "y", "y.npy", null, CaseDtype.Float64, shape, TensorRole.Output, scale, strictScale);
}
