using System;

namespace NormKernels.Tests.House.Guide;

/// <summary>Shapes, in the guide.</summary>
internal static class ShapesExample
{
    public static void Run()
    {
        // begin
        float[] x = [3, 0, 4, 0, 0, 6, 0, 8], y = new float[8], norms = new float[2];

        RmsNorm.Forward(x, y, RowShape.Of([2, 2, 2], normalizedAxes: 2));       // the last two axes of [2, 2, 2]
        GroupNorm.Forward(x, y, new ChannelShape(batch: 1, channels: 4, spatial: 2), groups: 2);
        L2Normalize.Forward(x, y, AxisShape.Of([2, 4], axis: -1));              // every row of [2, 4]
        VectorNorm.Forward(x, norms, ReductionShape.Of([2, 4], 1));             // the same norms: 5 and 10

        RowShape part = new(rows: 2, cols: 3) { Strides = new() { X = 4, Y = 4 } };   // the first 3 of 4 columns
        LayerNorm.Forward(x.AsSpan(0, 7), y.AsSpan(0, 7), part);
        Console.WriteLine($"{norms[0]} {norms[1]} {y[3]} {y[2]:F4}");  // 5 10 0 0.9806
        // end
    }
}
