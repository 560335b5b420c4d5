using System;

using NormKernels.Layers;

namespace NormKernels.Tests.House;

/// <summary>The example of the section "Layers" of README.md: a test compares the lines between the two marks with
/// it.</summary>
internal static class ReadmeLayersExample
{
    public static void Run()
    {
        // begin
        using LayerNormLayer<float> norm = new([4]);             // nn.LayerNorm(4): weight of ones, bias of zeros
        float[] x = [1, 2, 3, 4, 2, 4, 6, 8], y = new float[8], dx = new float[8];
        norm.Forward(x, y);                                      // 2 rows; keeps what Backward needs
        norm.Backward(dy: y, x, dx);                             // adds to the gradients of weight and bias
        norm.Weight!.Span[3] -= 0.1f * norm.Weight.Gradient!.Span[3];

        ParameterFileWriter writer = new();
        norm.Save(writer, "model.norm.");
        writer.Write("norm.safetensors");                        // or .npz

        using ParameterFile file = ParameterFile.Open("norm.safetensors");
        using LayerNormLayer<Half> half = new([4]) { IsTraining = false };
        half.Load(file, "model.norm.");                          // from any checkpoint with PyTorch's names
        Console.WriteLine($"{half.Weight!.Span[3]:F2} of {file.Names[1]}");  // 0.64 of model.norm.weight
        // end
    }
}
