using System;
using System.Numerics.Tensors;

using NormKernels.Tensors;

namespace NormKernels.Tests.House;

/// <summary>The example of NormKernels.Tensors in README.md.</summary>
internal static class ReadmeTensorsExample
{
    public static void Run()
    {
        // begin
        float[] memory = [1, 2, 3, 4, 9, 2, 4, 6, 8, 9], scale = [1, 1, 1, 2];
        TensorSpan<float> batch = new(memory, [2, 5]);
        TensorSpan<float> x = batch.Slice([0..2, 0..4]);         // rows of 4, 5 apart
        RmsNorm.Forward(x, x, normalizedShape: [4], new ReadOnlyTensorSpan<float>(scale), epsilon: 1e-6);
        L2Normalize.Forward(batch, batch, dim: 0);               // every column has length 1
        Console.WriteLine($"{batch[0, 3]:F4} {batch[1, 4]:F4}"); // 0.7071 0.7071
        // end
    }
}
