using System;
using System.Threading.Tasks;

namespace NormKernels.Tests.House.Guide;

/// <summary>Memory in async callers, in the guide.</summary>
internal static class AsyncExample
{
    public static void Run()
    {
        // begin
        static Task NormAsync(ReadOnlyMemory<float> x, Memory<float> y, RowShape shape) =>
            Task.Run(() => RmsNorm.Forward(x.Span, y.Span, shape));   // a span lives for the call, the memory for the task

        float[] x = [3, 4], y = new float[2];
        NormAsync(x, y, new RowShape(1, 2)).GetAwaiter().GetResult();  // in an async method: await
        Console.WriteLine($"{y[0]:F4}");  // 0.8485
        // end
    }
}
