using System;
using System.Numerics.Tensors;

namespace NormKernels.Tests.House.Guide;

/// <summary>Migration from TensorPrimitives, in the guide.</summary>
internal static class FromTensorPrimitivesExample
{
    public static void Run()
    {
        // begin
        float[] x = [1, 2, 3, 4], weight = [1, 1, 2, 2], y = new float[4], z = new float[4];

        // before: three passes over the row
        float rms = MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(x) / x.Length) + 1e-6f);
        TensorPrimitives.Divide(x, rms, z);
        TensorPrimitives.Multiply(z, weight, z);

        // after: one call for all rows
        RmsNorm.Forward(x, y, new RowShape(rows: 1, cols: 4), weight, epsilon: 1e-6);
        Console.WriteLine($"{MathF.Abs(y[3] - z[3]) < 1e-6f} {y[3]:F4}");  // True 2.9212
        // end
    }
}
