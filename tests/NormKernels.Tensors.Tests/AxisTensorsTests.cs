using System;
using System.Numerics.Tensors;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using static NormKernels.Tensors.Tests.Refusal;

namespace NormKernels.Tensors.Tests;

/// <summary>Norms along an axis, and over some.</summary>
[TestClass]
public sealed class AxisTensorsTests
{
    private static readonly nint[] _lengths = [3, 4, 5];

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(-1)]
    public void Along_an_axis(int dim)
    {
        AxisShape shape = AxisShape.Of([3, 4, 5], dim);
        Half[] x = Data.Random<Half>(60, 1), dy = Data.Random<Half>(60, 2), y = new Half[60], expected = new Half[60];
        float[] weight = Data.Random<float>(60, 3), dweight = new float[60], expectedDweight = new float[60];
        ReadOnlyTensorSpan<Half> xTensor = new(x, _lengths), dyTensor = new(dy, _lengths);
        ReadOnlyTensorSpan<float> scale = new(weight, _lengths);
        TensorSpan<Half> yTensor = new(y, _lengths);

        L2Normalize.Forward(x, expected, shape);
        L2Normalize.Forward(xTensor, yTensor, dim);
        CollectionAssert.AreEqual(expected, y);
        L2Normalize.Backward(dy, x, expected, shape);
        L2Normalize.Backward(dyTensor, xTensor, yTensor, dim);
        CollectionAssert.AreEqual(expected, y);

        AxisNorm.Forward(x, expected, shape, (ReadOnlySpan<float>)weight);
        AxisNorm.Forward(xTensor, yTensor, dim, scale);
        CollectionAssert.AreEqual(expected, y);
        AxisNorm.Backward(dy, x, expected, shape, (ReadOnlySpan<float>)weight, dweight: expectedDweight);
        AxisNorm.Backward(dyTensor, xTensor, yTensor, dim, scale, dweight: dweight);
        CollectionAssert.AreEqual(expected, y);
        CollectionAssert.AreEqual(expectedDweight, dweight);
    }

    [TestMethod]
    public void Over_some_axes()
    {
        float[] x = Data.Random<float>(60, 1), norm = new float[4], expected = new float[4], all = new float[1];
        float[] dx = new float[60], expectedDx = new float[60];
        ReadOnlyTensorSpan<float> xTensor = new(x, _lengths);
        ReductionShape shape = ReductionShape.Of([3, 4, 5], 0, 2);
        VectorNorm.Forward(x, expected, shape, 3);
        VectorNorm.Forward(xTensor, norm, [0, -1], 3);
        CollectionAssert.AreEqual(expected, norm);
        VectorNorm.Backward(norm, x, expectedDx, shape, 3);
        VectorNorm.Backward(norm, xTensor, new TensorSpan<float>(dx, _lengths), [0, -1], 3);
        CollectionAssert.AreEqual(expectedDx, dx);
        VectorNorm.Forward(xTensor, all);
        Assert.AreEqual(Math.Sqrt(TensorPrimitives.SumOfSquares<float>(x)), all[0], 1e-5);
    }

    [TestMethod]
    public void What_has_gaps_is_refused_by_name()
    {
        float[] x = Data.Random<float>(120, 1), y = new float[120];
        nint[] apart = [40, 10, 2];
        Refused("x", "do not lie one after the other", () => L2Normalize.Forward(
            new ReadOnlyTensorSpan<float>(x, _lengths, apart), new TensorSpan<float>(y, _lengths), 1));
        Refused("dx", "do not lie one after the other", () => AxisNorm.Backward(
            new ReadOnlyTensorSpan<float>(x, _lengths), new ReadOnlyTensorSpan<float>(x, _lengths),
            new TensorSpan<float>(y, _lengths, apart), 1));
        Refused("x", "do not lie one after the other", () => VectorNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, _lengths, apart), y.AsSpan(0, 1)));
        Refused("weight", "[4], it should be [3, 4, 5]", () => AxisNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, _lengths), new TensorSpan<float>(y, _lengths), 1,
            new ReadOnlyTensorSpan<float>(x, [4])));
        Refused<ArgumentOutOfRangeException>("dim", "3 axes", () => L2Normalize.Forward(
            new ReadOnlyTensorSpan<float>(x, _lengths), new TensorSpan<float>(y, _lengths), 3));
        Refused<ArgumentOutOfRangeException>("dim", "3 axes", () => VectorNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, _lengths), y, [-4]));
        CollectionAssert.AreEqual(new float[120], y);
    }
}
