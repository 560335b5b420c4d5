using System;

namespace NormKernels.Tests.House;

/// <summary>The example of README.md: a test compares the lines between the two marks with it.</summary>
internal static class ReadmeExample
{
    public static void Run()
    {
        // begin
        float[] x = [1, 2, 3, 4, 2, 4, 6, 8];                 // 2 rows of 4 columns
        float[] weight = [1, 1, 1, 1];
        float[] y = new float[8], dx = new float[8], dweight = new float[4];
        RowShape shape = new(rows: 2, cols: 4);

        RmsNorm.Forward(x, y, shape, weight, epsilon: 1e-6);  // y = x / sqrt(mean(x^2) + epsilon) * weight
        RmsNorm.Backward(dy: y, x, dx, shape, weight, epsilon: 1e-6, dweight: dweight);
        LayerNorm.Forward(x, x, shape);                       // in place, no weight, no bias

        Console.WriteLine($"{y[0]:F4} {dweight[3]:F4} {x[0]:F4}");  // 0.3651 4.2667 -1.3416
        // end
    }
}
