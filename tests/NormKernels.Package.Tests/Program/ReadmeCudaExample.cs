using System;

using NormKernels;
using NormKernels.Cuda;

using RmsNorm = NormKernels.Cuda.RmsNorm;

namespace Consumer;

/// <summary>The example in the README of NormKernels.Cuda.</summary>
internal static class ReadmeCudaExample
{
    public static void Run()
    {
        // begin
        float[] input = [1, 2, 3, 4, 2, 4, 6, 8], output = new float[8];
        using DeviceStream stream = new();
        using DeviceBuffer<float> x = new(8, stream), y = new(8, stream);
        x.CopyFrom(input, stream);
        RmsNorm.Forward(stream, x, y, new RowShape(rows: 2, cols: 4));  // enqueues and returns
        y.CopyTo(output, stream);
        stream.Synchronize();
        Console.WriteLine($"{output[0]:F4}");  // 0.3651
        // end
    }
}
