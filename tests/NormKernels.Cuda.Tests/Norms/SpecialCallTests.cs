using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>What only some methods have: strides, rows of a fused matrix, shapes as spans, sizes beyond 31 bits.</summary>
[TestClass]
public sealed class SpecialCallTests : DeviceTests
{
    private const int Rows = 4;

    private const int Cols = 6;

    [TestMethod]
    public void Strided_rows()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> fused = new(Rows * 2 * Cols, stream);
        float[] before = [.. new RandomData("fused").Normals(Rows * 2 * Cols).Select(value => (float)value)];
        fused.CopyFrom(before, stream);
        // x is the left half of each row, y the right one.
        RowShape shape = new(Rows, Cols) { Strides = new() { X = 2 * Cols, Y = 2 * Cols } };
        LayerNorm.Forward(stream, fused.Slice(0, (2 * Rows - 1) * Cols), fused.Slice(Cols), shape);
        float[] after = new float[before.Length];
        fused.CopyTo(after, stream);
        for (int row = 0; row < Rows; row++)
        {
            double[] x = [.. before.Skip(row * 2 * Cols).Take(Cols).Select(value => (double)value)];
            double[] y = new double[Cols];
            LayerNormReference.Forward(x, y, 1, Cols);
            for (int col = 0; col < Cols; col++)
            {
                int at = row * 2 * Cols + col;
                Assert.AreEqual(before[at], after[at]);
                Assert.AreEqual(y[col], after[at + Cols], 1e-5);
            }
        }
    }

    [TestMethod]
    public void Strides_are_checked()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> x = new(Rows * Cols, stream);
        using DeviceBuffer<float> y = new(Rows * Cols, stream);
        long[] strides = [Cols - 1, Cols + 1, -1, long.MaxValue];
        foreach (long stride in strides)
        {
            RowShape shape = new(Rows, Cols) { Strides = new() { X = stride } };
            ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => RmsNorm.Forward(stream, x, y, shape));
            Assert.AreEqual("x", e.ParamName, e.Message);
        }
    }

    [TestMethod]
    public void Unit_rows()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> x = new(3, stream);
        x.CopyFrom([3, 0, 4], stream);
        using DeviceBuffer<float> norm = new(1, stream);
        using DeviceBuffer<byte> workspace = new(L2Normalize.WorkspaceSize(AxisShape.Of([1, 3], 1)), stream);
        L2Normalize.UnitRows(stream, x, x, [1, 3], norm: norm, workspace: workspace);
        float[] values = new float[3];
        x.CopyTo(values, stream);
        Assert.AreEqual(0.6f, values[0], 1e-6f);
        Assert.AreEqual(0.8f, values[2], 1e-6f);
        norm.CopyTo(values.AsSpan(0, 1), stream);
        Assert.AreEqual(5f, values[0], 1e-5f);
        Assert.AreEqual(
            "tensorShape",
            Assert.ThrowsExactly<ArgumentException>(() => L2Normalize.UnitRows(stream, x, x, [3])).ParamName);
    }

    [TestMethod]
    public void Sizes_beyond_31_bits_are_checked_in_full()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> memory = new(4, stream);
        const long Rows = 1L << 20;
        const long Cols = (1L << 12) + 1;
        // Nothing is read: the lengths do not fit.
        var x = DeviceBuffer<float>.Wrap(memory.Pointer, Rows * Cols, stream.Device);
        var y = DeviceBuffer<float>.Wrap(memory.Pointer, Rows * Cols - (1L << 32), stream.Device);
        ArgumentException e = Assert.ThrowsExactly<ArgumentException>(
            () => LayerNorm.Forward(stream, x, y, new RowShape(Rows, Cols)));
        Assert.AreEqual("y", e.ParamName, e.Message);
        Assert.AreEqual(4 * (1L << 32), x.Slice(1L << 32).Pointer - memory.Pointer);
        Assert.AreEqual(Rows * Cols - (1L << 32), x.Slice(1L << 32).Length);
    }

    [TestMethod]
    public void Calls_allocate_nothing_on_the_managed_heap()
    {
        using DeviceStream stream = new();
        using DeviceStream other = new();
        using DeviceBuffer<float> x = new(64, stream);
        using DeviceBuffer<float> mean = new(8, other);
        using DeviceBuffer<float> rstd = new(8, stream);
        using DeviceBuffer<byte> workspace = new(
            Math.Max(
                BatchNorm.WorkspaceSize(new ChannelShape(1, 8, 8)),
                VectorNorm.WorkspaceSize(ReductionShape.Of([8, 8], 1))),
            stream);
        long allocated = long.MaxValue;
        for (int i = 0; i < 5 && allocated != 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            LayerNorm.Forward(stream, x, x, new RowShape(8, 8), mean: mean, rstd: rstd);
            BatchNorm.Forward(stream, x, x, new ChannelShape(1, 8, 8), workspace: workspace);
            VectorNorm.Forward(stream, x, mean, ReductionShape.Of([8, 8], 1), workspace: workspace);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.AreEqual(0, allocated);
    }

    [TestMethod]
    public void Momentum_of_the_average_is_that_of_the_cpu() =>
        Assert.AreEqual(0.25, BatchNorm.CumulativeMomentum(3));
}
