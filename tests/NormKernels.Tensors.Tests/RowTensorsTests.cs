using System;
using System.Linq;
using System.Numerics;
using System.Numerics.Tensors;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using static NormKernels.Tensors.Tests.Refusal;

namespace NormKernels.Tensors.Tests;

/// <summary>Norms over the last axes: the bits of the methods on spans, for whole tensors and for slices.</summary>
[TestClass]
public sealed class RowTensorsTests
{
    [TestMethod]
    [DataRow(new[] { 8 })]
    [DataRow(new[] { 4, 8 })]
    [DataRow(new[] { 3, 4, 8 })]
    public void The_last_axes_are_normalized(int[] normalized)
    {
        nint[] lengths = [3, 4, 8], normalizedShape = [.. normalized.Select(length => (nint)length)];
        int cols = normalized.Aggregate((a, b) => a * b);
        RowShape shape = new(96 / cols, cols);
        float[] x = Data.Random<float>(96, 1), weight = Data.Random<float>(cols, 2), bias = Data.Random<float>(cols, 3);
        float[] y = new float[96], expected = new float[96], rstd = new float[96 / cols];
        LayerNorm.Forward(x, expected, shape, weight, bias, 1e-3);
        LayerNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, lengths), new TensorSpan<float>(y, lengths), normalizedShape,
            new ReadOnlyTensorSpan<float>(weight, normalizedShape), new ReadOnlyTensorSpan<float>(bias, normalizedShape),
            1e-3, rstd: rstd);
        CollectionAssert.AreEqual(expected, y);
        Assert.DoesNotContain(0f, rstd);

        RmsNorm.Forward(x, expected, shape, weight, epsilon: 1e-3, zeroCentered: true);
        RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, lengths), new TensorSpan<float>(y, lengths), normalizedShape,
            new ReadOnlyTensorSpan<float>(weight, normalizedShape), epsilon: 1e-3, zeroCentered: true);
        CollectionAssert.AreEqual(expected, y);
    }

    [TestMethod]
    public void Slices_are_walked_without_a_copy()
    {
        // The last 8 of 12 columns of rows 1 and 2 of three; and of the whole, every other row.
        float[] x = Data.Random<float>(3 * 5 * 12, 1), y = new float[x.Length];
        TensorSpan<float> whole = new(x, [3, 5, 12]), output = new(y, [3, 5, 12]);
        ReadOnlyTensorSpan<float> part = whole.Slice([0..3, 0..5, 4..12]);
        TensorSpan<float> place = output.Slice([0..3, 0..5, 2..10]);
        RmsNorm.Forward(part, place, [8]);
        for (int row = 0; row < 15; row++)
        {
            float[] expected = new float[8];
            RmsNorm.Forward(x.AsSpan((row * 12) + 4, 8), expected, new RowShape(1, 8));
            CollectionAssert.AreEqual(expected, y[((row * 12) + 2)..((row * 12) + 10)]);
            CollectionAssert.AreEqual(new float[2], y[(row * 12)..((row * 12) + 2)]);
        }

        Array.Clear(y);
        RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [7, 12], [24, 1]), new TensorSpan<float>(y, [7, 12], [24, 1]), [12]);
        float[] second = new float[12];
        RmsNorm.Forward(x.AsSpan(24, 12), second, new RowShape(1, 12));
        CollectionAssert.AreEqual(second, y[24..36]);
        CollectionAssert.AreEqual(new float[12], y[12..24]);

        // One row, whatever the strides of its axes of one element.
        RmsNorm.Forward(whole.Slice([1..2, 3..4, 4..12]), output.Slice([0..1, 0..1, 0..8]), [8]);
        RmsNorm.Forward(x.AsSpan((8 * 12) + 4, 8), second.AsSpan(0, 8), new RowShape(1, 8));
        CollectionAssert.AreEqual(second[..8], y[..8]);
    }

    [TestMethod]
    public void Residuals_and_gradients()
    {
        AddAndBackward<float>();
        AddAndBackward<Half>();
    }

    [TestMethod]
    public void What_cannot_be_walked_is_refused_by_name()
    {
        float[] x = Data.Random<float>(96, 1), y = new float[96];
        // Transposed: the normalized axis is a column.
        Refused("x", "[12, 8] with strides [1, 12]", () => RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [12, 8], [1, 12]), new TensorSpan<float>(y, [12, 8]), [8]));
        // Rows at two distances.
        Refused("y", "not all the same distance apart", () => RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [2, 3, 8]), new TensorSpan<float>(y, [2, 3, 8], [40, 8, 1]), [8]));
        // The same row again and again.
        Refused("x", "not all the same distance apart", () => RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [12, 8], [0, 1]), new TensorSpan<float>(y, [12, 8]), [8]));
        Refused("y", "[8, 12], it should be [12, 8]", () => RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [12, 8]), new TensorSpan<float>(y, [8, 12]), [8]));
        Refused("weight", "[12], it should be [8]", () => RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [12, 8]), new TensorSpan<float>(y, [12, 8]), [8],
            new ReadOnlyTensorSpan<float>(x, [12])));
        Refused("weight", "do not lie one after the other", () => RmsNorm.Forward(
            new ReadOnlyTensorSpan<float>(x, [12, 8]), new TensorSpan<float>(y, [12, 8]), [8],
            new ReadOnlyTensorSpan<float>(x, [8], [2])));
        foreach (nint[] normalizedShape in (nint[][])[[], [7], [12], [1, 12, 8]])
        {
            Refused("normalizedShape", "its last axes are not", () => RmsNorm.Forward(
                new ReadOnlyTensorSpan<float>(x, [12, 8]), new TensorSpan<float>(y, [12, 8]), normalizedShape));
        }

        Refused("normalizedShape", "", () => RmsNorm.Forward(default, new TensorSpan<float>(y, [12, 8]), [8]));
        CollectionAssert.AreEqual(new float[96], y);
    }

    [TestMethod]
    public void Tensors_without_elements_are_nothing_to_do()
    {
        float[] memory = [1, 2, 3, 4, 5, 6, 7, 8];
        TensorSpan<float> rows = new TensorSpan<float>(memory, [2, 4]).Slice([1..1, 0..4]);
        RmsNorm.Forward(rows, rows, [4], new ReadOnlyTensorSpan<float>(memory, [4]));
        TensorSpan<float> columns = new TensorSpan<float>(memory, [2, 4]).Slice([0..2, 4..4]);
        RmsNorm.Forward(columns, columns, [0]);
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5, 6, 7, 8 }, memory);
    }

    private static void AddAndBackward<T>()
        where T : unmanaged, IFloatingPoint<T>
    {
        const int Rows = 6, Cols = 40;
        nint[] lengths = [2, 3, Cols];
        RowShape shape = new(Rows, Cols);
        T[] x = Data.Random<T>(Rows * Cols, 1), residual = Data.Random<T>(Rows * Cols, 2);
        float[] weight = Data.Random<float>(Cols, 3);
        T[] h = new T[x.Length], y = new T[x.Length], dx = new T[x.Length];
        T[] expectedH = new T[x.Length], expectedY = new T[x.Length], expectedDx = new T[x.Length];
        float[] dweight = new float[Cols], expectedDweight = new float[Cols];

        LayerNorm.AddForward(x, residual, expectedH, expectedY, shape, (ReadOnlySpan<float>)weight);
        LayerNorm.AddForward(
            new ReadOnlyTensorSpan<T>(x, lengths), new ReadOnlyTensorSpan<T>(residual, lengths),
            new TensorSpan<T>(h, lengths), new TensorSpan<T>(y, lengths), [Cols], (ReadOnlyTensorSpan<float>)weight);
        CollectionAssert.AreEqual(expectedH, h);
        CollectionAssert.AreEqual(expectedY, y);

        RmsNorm.Backward(residual, x, expectedDx, shape, (ReadOnlySpan<float>)weight, dweight: expectedDweight);
        RmsNorm.Backward(
            new ReadOnlyTensorSpan<T>(residual, lengths), new ReadOnlyTensorSpan<T>(x, lengths),
            new TensorSpan<T>(dx, lengths), [Cols], (ReadOnlyTensorSpan<float>)weight, dweight: dweight);
        CollectionAssert.AreEqual(expectedDx, dx);
        CollectionAssert.AreEqual(expectedDweight, dweight);
    }
}
