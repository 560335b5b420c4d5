using System;

using NormKernels.Reference;

namespace Consumer;

/// <summary>The example in the README of NormKernels.Reference.</summary>
internal static class ReadmeReferenceExample
{
    public static void Run()
    {
        // begin
        double[] x = [1, 2, 3, 4, 2, 4, 6, 8], y = new double[8];  // 2 rows of 4 columns
        LayerNormReference.Forward(x, y, rows: 2, cols: 4);
        Console.WriteLine($"{y[0]:F4}");  // -1.3416
        // end
    }
}
