using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class MatrixNormReferenceTests : ReductionSuite
{
    private static readonly (int[] Shape, int Row, int Column)[] _shapes =
    [
        ([2, 3, 4], 1, 2), ([2, 4, 3], -1, -2), ([3, 2, 5], 0, 2), ([3, 3], 0, 1), ([1, 5], 0, 1), ([5, 1], 0, 1),
        ([1, 1], 0, 1), ([0, 2, 3], 1, 2),
    ];

    private protected override IEnumerable<Call> Problems =>
        from order in Enum.GetValues<MatrixNormOrder>()
        from s in _shapes
        select Problem(s.Shape, s.Row, s.Column, order);

    private protected override IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes =>
    [
        ("shape", new[] { 2, -3, 4 }, typeof(ArgumentOutOfRangeException)),
        ("rowAxis", 3, typeof(ArgumentOutOfRangeException)),
        ("columnAxis", -4, typeof(ArgumentOutOfRangeException)),
        ("columnAxis", -2, typeof(ArgumentException)),
        ("order", (MatrixNormOrder)8, typeof(ArgumentOutOfRangeException)),
    ];

    [TestMethod]
    public void Worked_examples()
    {
        double[] x = [3, -1, 2, 0, -5, 1];
        AssertSlice(Matrix(2, 3, MatrixNormOrder.MaxColumnSum), x, 6, [0, -1, 0, 0, -1, 0]);
        AssertSlice(Matrix(2, 3, MatrixNormOrder.MaxRowSum), x, 6, [0.5, -0.5, 0.5, 0, -0.5, 0.5]);
        AssertSlice(Matrix(2, 3, MatrixNormOrder.MinColumnSum), x, 3, [0.5, 0, 0.5, 0, 0, 0.5]);
        AssertSlice(Matrix(3, 2, MatrixNormOrder.MinRowSum), x, 2, [0, 0, 1, 0, 0, 0]);
        AssertSlice(Matrix(2, 2, MatrixNormOrder.Frobenius), [1, 1, -1, 1], 2, [0.5, 0.5, -0.5, 0.5]);

        // Rotations of diagonal matrices: [[0, 2], [-3, 0]] has u v^T with one element each.
        double[] turned = [0, 2, -3, 0];
        AssertSlice(Matrix(2, 2, MatrixNormOrder.Nuclear), turned, 5, [0, 1, -1, 0]);
        AssertSlice(Matrix(2, 2, MatrixNormOrder.MaxSingularValue), turned, 3, [0, 0, -1, 0]);
        AssertSlice(Matrix(2, 2, MatrixNormOrder.MinSingularValue), turned, 2, [0, 1, 0, 0]);
    }

    [TestMethod]
    public void Zero_has_a_derivative_of_zero()
    {
        foreach (MatrixNormOrder order in Enum.GetValues<MatrixNormOrder>())
        {
            AssertSlice(Matrix(2, 3, order), new double[6], 0, new double[6]);
        }
    }

    [TestMethod]
    public void Singular_values_of_zero_add_no_derivative()
    {
        // [2, -1, 2]^T [1, 2, -2, 4] of rank 1: its only value is 3 * 5, and u v^T is a 15th of it.
        double[] x = [2, 4, -4, 8, -1, -2, 2, -4, 2, 4, -4, 8];
        double[] unit = [.. x.Select(value => value / 15)];
        AssertSlice(Matrix(3, 4, MatrixNormOrder.Nuclear), x, 15, unit, 1e-14);
        AssertSlice(Matrix(3, 4, MatrixNormOrder.MaxSingularValue), x, 15, unit, 1e-14);
        AssertSlice(Matrix(3, 4, MatrixNormOrder.MinSingularValue), x, 0, new double[12], 1e-14);
    }

    [TestMethod]
    public void Singular_values_that_are_tied_share_equally()
    {
        // A rotation times 5.
        double[] x = [3, -4, 4, 3];
        double[] third = [.. x.Select(value => value / 10)];
        AssertSlice(Matrix(2, 2, MatrixNormOrder.MaxSingularValue), x, 5, third, 1e-15);
        AssertSlice(Matrix(2, 2, MatrixNormOrder.MinSingularValue), x, 5, third, 1e-15);
    }

    [TestMethod]
    public void Small_singular_values_are_accurate_too()
    {
        // The Hilbert matrix of order 6; its smallest singular value is 1.0827994845656e-7 (and its inverse is exact).
        double[] x = [.. Enumerable.Range(0, 36).Select(i => 1.0 / (i / 6 + i % 6 + 1))];
        double[] norm = new double[1];
        MatrixNormReference.Forward(x, norm, [6, 6], 0, 1, MatrixNormOrder.MinSingularValue);
        Assert.AreEqual(1.0827994845656e-7, norm[0], 1e-15);
        MatrixNormReference.Forward(x, norm, [6, 6], 0, 1, MatrixNormOrder.MaxSingularValue);
        Assert.AreEqual(1.6188998589243, norm[0], 1e-12);
    }

    [TestMethod]
    public void Empty_matrices_have_a_norm_of_zero_or_none()
    {
        foreach (MatrixNormOrder order in Enum.GetValues<MatrixNormOrder>())
        {
            foreach ((int rows, int columns) in new[] { (0, 3), (3, 0) })
            {
                bool exists = order switch
                {
                    MatrixNormOrder.Frobenius or MatrixNormOrder.Nuclear => true,
                    MatrixNormOrder.MaxColumnSum or MatrixNormOrder.MinColumnSum => columns > 0,
                    MatrixNormOrder.MaxRowSum or MatrixNormOrder.MinRowSum => rows > 0,
                    _ => false,
                };
                foreach (Method method in Methods)
                {
                    Call call = Ready(method, Matrix(rows, columns, order));
                    if (exists)
                    {
                        method.Run(call);
                        Assert.IsTrue(call.Get(method.Outputs[0]).All(value => value == 0));
                    }
                    else
                    {
                        Assert.AreEqual(
                            "order", Assert.ThrowsExactly<ArgumentException>(() => method.Run(call)).ParamName);
                    }
                }
            }
        }
    }

    private protected override int[] Reduced(Call problem)
    {
        int rank = problem.Attribute<int[]>("shape").Length;
        return [(problem.Int("rowAxis") + rank) % rank, (problem.Int("columnAxis") + rank) % rank];
    }

    private protected override void RunForward(Call a) => MatrixNormReference.Forward(
        a["x"], a["norm"], a.Attribute<int[]>("shape"), a.Int("rowAxis"), a.Int("columnAxis"),
        a.Attribute<MatrixNormOrder>("order"));

    private protected override void RunBackward(Call a) => MatrixNormReference.Backward(
        a["dnorm"], a["x"], a["dx"], a.Attribute<int[]>("shape"), a.Int("rowAxis"), a.Int("columnAxis"),
        a.Attribute<MatrixNormOrder>("order"));

    private protected override void RunJvp(Call a) => MatrixNormReference.Jvp(
        a["tanX"], a["x"], a["jvpNorm"], a.Attribute<int[]>("shape"), a.Int("rowAxis"), a.Int("columnAxis"),
        a.Attribute<MatrixNormOrder>("order"));

    private static Call Matrix(int rows, int columns, MatrixNormOrder order) => Problem([rows, columns], 0, 1, order);

    private static Call Problem(int[] shape, int rowAxis, int columnAxis, MatrixNormOrder order) =>
        new(("shape", shape), ("rowAxis", rowAxis), ("columnAxis", columnAxis), ("order", order));
}
