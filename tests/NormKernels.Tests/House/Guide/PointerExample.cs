using System;
using System.Runtime.InteropServices;

namespace NormKernels.Tests.House.Guide;

/// <summary>Memory of others, in the guide.</summary>
internal static class PointerExample
{
    public static void Run()
    {
        // begin
        unsafe
        {
            const int Rows = 2, Cols = 4;
            void* data = NativeMemory.AlignedAlloc(Rows * Cols * sizeof(float), 64);   // or whoever has the tensor
            Span<float> x = new(data, Rows * Cols);
            x.Fill(2);
            RmsNorm.Forward(x, x, new RowShape(Rows, Cols));                            // in place, no copy
            Console.WriteLine($"{x[0]:F4}");  // 1.0000
            NativeMemory.AlignedFree(data);
        }
        // end
    }
}
