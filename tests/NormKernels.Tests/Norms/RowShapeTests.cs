using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.Norms;

[TestClass]
public sealed class RowShapeTests
{
    [TestMethod]
    [DataRow(-1L, 5L, "rows")]
    [DataRow(long.MinValue, 0L, "rows")]
    [DataRow(5L, -1L, "cols")]
    [DataRow(0L, long.MinValue, "cols")]
    [DataRow(1L << 32, 1L << 31, "cols")]
    [DataRow(2L, long.MaxValue, "cols")]
    [DataRow(long.MaxValue, 2L, "cols")]
    public void Impossible_sizes_are_refused(long rows, long cols, string name)
    {
        ArgumentException thrown = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RowShape(rows, cols));
        Assert.AreEqual(name, thrown.ParamName, thrown.Message);
    }

    [TestMethod]
    [DataRow(0L, long.MaxValue, 0L)]
    [DataRow(long.MaxValue, 0L, 0L)]
    [DataRow(long.MaxValue, 1L, long.MaxValue)]
    [DataRow(1L, long.MaxValue, long.MaxValue)]
    [DataRow(1L << 31, (1L << 32) - 1, long.MaxValue - (1L << 31) + 1)]
    public void Possible_sizes_are_taken(long rows, long cols, long count)
    {
        RowShape shape = new(rows, cols);
        Assert.AreEqual((rows, cols, count), (shape.Rows, shape.Cols, shape.Count));
        Assert.AreEqual(default, shape.Strides);
    }

    [TestMethod]
    [DataRow(new[] { 2L, 3, 4 }, 1, 6L, 4L)]
    [DataRow(new[] { 2L, 3, 4 }, 2, 2L, 12L)]
    [DataRow(new[] { 2L, 3, 4 }, 3, 1L, 24L)]
    [DataRow(new[] { 7L }, 1, 1L, 7L)]
    [DataRow(new[] { 2L, 0, 4 }, 1, 0L, 4L)]
    [DataRow(new[] { 2L, 0, 4 }, 2, 2L, 0L)]
    [DataRow(new[] { long.MaxValue >> 3, 0, 1 }, 1, 0L, 1L)]
    [DataRow(new[] { 1, 0, long.MaxValue >> 3 }, 1, 0L, long.MaxValue >> 3)]
    public void Trailing_axes_are_the_columns(long[] axes, int normalized, long rows, long cols) =>
        Assert.AreEqual(new RowShape(rows, cols), RowShape.Of(axes, normalized));

    [TestMethod]
    [DataRow(new[] { 2L, 3 }, 0, "normalizedAxes")]
    [DataRow(new[] { 2L, 3 }, -1, "normalizedAxes")]
    [DataRow(new[] { 2L, 3 }, 3, "normalizedAxes")]
    [DataRow(new long[0], 1, "normalizedAxes")]
    [DataRow(new[] { 2L, -3 }, 1, "tensorShape")]
    [DataRow(new[] { -2L, 3 }, 1, "tensorShape")]
    [DataRow(new[] { 0L, -3, 5 }, 1, "tensorShape")]
    [DataRow(new[] { 5L, 1L << 32, 1L << 32 }, 2, "tensorShape")]
    [DataRow(new[] { 1L << 32, 1L << 32, 5 }, 1, "tensorShape")]
    [DataRow(new[] { 1L << 40, 1L << 40 }, 1, "tensorShape")]
    public void Impossible_axes_are_refused(long[] axes, int normalized, string name)
    {
        ArgumentException thrown =
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RowShape.Of(axes, normalized));
        Assert.AreEqual(name, thrown.ParamName, thrown.Message);
    }

    [TestMethod]
    public void Every_matrix_of_every_verb_has_a_stride()
    {
        string[] matrices =
        [
            .. from norm in new[] { NormUnderTest.LayerNorm, NormUnderTest.RmsNorm }
               from verb in norm.Verbs
               from argument in verb.Arguments
               where argument.Extent == Extent.Tensor
               select char.ToUpperInvariant(argument.Name[0]) + argument.Name[1..],
        ];
        CollectionAssert.AreEquivalent(
            matrices.Distinct().ToArray(), typeof(RowStrides).GetProperties().Select(p => p.Name).ToArray());
    }
}
