using System;

using Microsoft.ML.OnnxRuntime;

namespace NormKernels.Recipes.Tests;

/// <summary>The values of ONNX Runtime, in the user's guide.</summary>
internal static class OnnxRuntimeExample
{
    public static void Run()
    {
        // begin
        float[] memory = [3, 4, 6, 8];
        using OrtValue hidden = OrtValue.CreateTensorValueFromMemory(memory, [2, 2]);   // or a result of a session
        Span<float> x = hidden.GetTensorMutableDataAsSpan<float>();
        L2Normalize.Forward(x, x, AxisShape.Of(hidden.GetTensorTypeAndShape().Shape, axis: -1));
        Console.WriteLine($"{memory[0]} {memory[3]}");  // 0.6 0.8
        // end
    }
}
