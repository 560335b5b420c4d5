using System;

namespace NormKernels.Tests.House.Guide;

/// <summary>Running statistics, in the guide.</summary>
internal static class BatchNormExample
{
    public static void Run()
    {
        // begin
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8], y = new float[8];                // [N, C, L] = [2, 2, 2]
        float[] mean = new float[2], variance = [1, 1];                        // running statistics
        ChannelShape shape = new(batch: 2, channels: 2, spatial: 2);
        BatchNorm.Forward(x, y, shape, runningMean: mean, runningVar: variance, momentum: 0.1);   // training
        BatchNorm.Inference(x, y, shape, mean, variance);                      // evaluation
        Console.WriteLine($"{mean[0]:F2} {variance[0]:F4} {y[0]:F4}");  // 0.35 1.4667 0.5367
        // end
    }
}
