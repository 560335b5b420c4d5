using System;
using System.Runtime.InteropServices;

using TorchSharp;

namespace NormKernels.Recipes.Tests;

/// <summary>The tensors of TorchSharp, in the user's guide.</summary>
internal static class TorchSharpExample
{
    public static void Run()
    {
        // begin
        using torch.Tensor hidden = torch.tensor(new float[] { 3, 4, 6, 8 }).reshape(2, 2);
        Span<float> x = MemoryMarshal.Cast<byte, float>(hidden.bytes);   // contiguous and on the CPU, or it throws
        L2Normalize.Forward(x, x, AxisShape.Of(hidden.shape, axis: -1));
        Console.WriteLine($"{hidden[0, 0].item<float>()} {hidden[1, 1].item<float>()}");  // 0.6 0.8
        // end
    }
}
