using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class VectorNormReferenceTests : ReductionSuite
{
    private const double Inf = double.PositiveInfinity;

    private static readonly double[] _orders = [2, 0.5, 1, 3, -1, -2.5, Inf, -Inf];

    private static readonly (int[] Shape, int[] Axes)[] _shapes =
    [
        ([3, 4], [1]), ([3, 4], [0]), ([2, 3, 4], [-1, 0]), ([2, 3, 2, 3], [1, 3]), ([2, 3], []), ([5], [0]), ([], []),
        ([2, 1], [1]), ([0, 3], [1]),
    ];

    private protected override IEnumerable<Call> Problems =>
        from ord in _orders
        from s in _shapes
        select Problem(s.Shape, s.Axes, ord);

    private protected override IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes =>
    [
        ("shape", new[] { 3, -4 }, typeof(ArgumentOutOfRangeException)),
        ("axes", new[] { 2 }, typeof(ArgumentOutOfRangeException)),
        ("axes", new[] { -3 }, typeof(ArgumentOutOfRangeException)),
        ("axes", new[] { 1, -1 }, typeof(ArgumentException)),
        ("ord", double.NaN, typeof(ArgumentOutOfRangeException)),
    ];

    [TestMethod]
    public void Worked_examples()
    {
        AssertSlice(Row(2, 2), [3, -4], 5, [0.6, -0.8], 1e-15);
        AssertSlice(Row(2, 1), [3, -4], 7, [1, -1]);
        AssertSlice(Row(2, 0.5), [1, -4], 9, [3, -1.5], 1e-15);
        AssertSlice(Row(2, -1), [1, -4], 0.8, [0.64, -0.04], 1e-15);
        AssertSlice(Row(2, Inf), [3, -4], 4, [0, -1]);
        AssertSlice(Row(2, -Inf), [3, -4], 3, [1, 0]);
    }

    [TestMethod]
    public void Zero_has_a_derivative_of_zero()
    {
        foreach (double ord in _orders)
        {
            AssertSlice(Row(3, ord), [0, 0, 0], 0, [0, 0, 0]);
            if (ord < 0)
            {
                AssertSlice(Row(3, ord), [1, 0, -2], 0, [0, 0, 0]);
            }
        }

        AssertSlice(Row(3, 0.5), [1, 0, -4], 9, [3, 0, -1.5], 1e-15);
    }

    [TestMethod]
    public void Ties_share_equally()
    {
        AssertSlice(Row(4, Inf), [2, -2, 1, 2], 2, [1.0 / 3, -1.0 / 3, 0, 1.0 / 3]);
        AssertSlice(Row(4, -Inf), [2, -2, 3, 5], 2, [0.5, -0.5, 0, 0]);
    }

    [TestMethod]
    public void The_order_zero_counts_and_has_no_derivative()
    {
        double[] norm = new double[2];
        VectorNormReference.Forward([0, -0.0, 3, double.NaN, Inf, 0], norm, [2, 3], [1], ord: 0);
        Check.SameBits([1, 2], norm, "norm");
        foreach (Method method in new[] { Backward, Jvp })
        {
            Call call = Ready(method, Row(3, 0));
            ArgumentException thrown =
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => method.Run(call));
            Assert.AreEqual("ord", thrown.ParamName);
            Assert.IsTrue(call.Get(method.Outputs[0]).All(value => value == Untouched));
        }
    }

    [TestMethod]
    public void Empty_slices_have_a_norm_of_zero_or_none()
    {
        foreach (double ord in _orders)
        {
            foreach (Method method in Methods)
            {
                Call call = Ready(method, Problem([2, 0], [1], ord));
                if (ord < 0 || double.IsInfinity(ord))
                {
                    ArgumentException thrown = Assert.ThrowsExactly<ArgumentException>(() => method.Run(call));
                    Assert.AreEqual("ord", thrown.ParamName);
                }
                else
                {
                    method.Run(call);
                    Assert.IsTrue(call.Get(method.Outputs[0]).All(value => value == 0));
                }
            }
        }
    }

    [TestMethod]
    public void Infinities_count_as_they_should()
    {
        AssertNorm(2, [1, -Inf], Inf);
        AssertNorm(Inf, [1, -Inf], Inf);
        AssertNorm(-Inf, [1, -Inf], 1);
        AssertNorm(-1, [1, -Inf], 1);
        AssertNorm(-1, [Inf, -Inf], Inf);
        AssertNorm(2, [double.NaN, Inf], double.NaN);
        AssertNorm(-1, [double.NaN, 0], double.NaN);

        static void AssertNorm(double ord, double[] x, double expected)
        {
            double[] norm = new double[1];
            VectorNormReference.Forward(x, norm, [2], [], ord);
            Assert.AreEqual(expected, norm[0]);
        }
    }

    private protected override int[] Reduced(Call problem)
    {
        int rank = problem.Attribute<int[]>("shape").Length;
        int[] axes = problem.Attribute<int[]>("axes");
        return axes.Length == 0
            ? [.. Enumerable.Range(0, rank)]
            : [.. axes.Select(axis => (axis + rank) % rank)];
    }

    private protected override void RunForward(Call a) => VectorNormReference.Forward(
        a["x"], a["norm"], a.Attribute<int[]>("shape"), a.Attribute<int[]>("axes"), a.Real("ord"));

    private protected override void RunBackward(Call a) => VectorNormReference.Backward(
        a["dnorm"], a["x"], a["dx"], a.Attribute<int[]>("shape"), a.Attribute<int[]>("axes"), a.Real("ord"));

    private protected override void RunJvp(Call a) => VectorNormReference.Jvp(
        a["tanX"], a["x"], a["jvpNorm"], a.Attribute<int[]>("shape"), a.Attribute<int[]>("axes"), a.Real("ord"));

    private static Call Row(int length, double ord) => Problem([length], [], ord);

    private static Call Problem(int[] shape, int[] axes, double ord) =>
        new(("shape", shape), ("axes", axes), ("ord", ord));
}
