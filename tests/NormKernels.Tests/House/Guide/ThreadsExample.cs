using System;
using System.Linq;

namespace NormKernels.Tests.House.Guide;

/// <summary>Threads, in the guide.</summary>
internal static class ThreadsExample
{
    public static void Run()
    {
        // begin
        float[] x = [.. Enumerable.Range(0, 4096 * 1024).Select(i => MathF.Sin(i))];
        float[] one = new float[x.Length], many = new float[x.Length];
        RowShape shape = new(rows: 4096, cols: 1024);
        LayerNorm.Forward(x, one, shape);                                                          // the calling thread
        LayerNorm.Forward(x, many, shape, options: new CpuOptions { MaxDegreeOfParallelism = -1 });  // all processors
        Console.WriteLine(one.AsSpan().SequenceEqual(many) ? "the same bits" : "other bits");        // the same bits
        // end
    }
}
