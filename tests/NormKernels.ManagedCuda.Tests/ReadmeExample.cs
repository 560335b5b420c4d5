using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;

using NormKernels.ManagedCuda;

using RmsNorm = NormKernels.Cuda.RmsNorm;

namespace NormKernels.ManagedCuda.Tests;

/// <summary>The example of README.md: compiled here, as it needs a GPU to run.</summary>
internal static class ReadmeExample
{
    public static void Run(
        long rows, int features, int outputs, CudaDeviceVariable<Half> residual, CudaDeviceVariable<Half> h,
        CudaDeviceVariable<Half> weight, CudaDeviceVariable<Half> z, CudaDeviceVariable<Half> scale)
    {
        // begin
        using PrimaryContext context = ManagedCudaDevice.Open();     // or an exception that says what is missing
        using CudaStream stream = new(CUStreamFlags.NonBlocking);
        using CudaDeviceVariable<Half> x = new(rows * features), y = new(rows * features);
        RmsNorm.Forward(stream.View(context), x.View(context), y.View(context), new RowShape(rows, features));

        using NormLinear<Half> layer = new(context, stream, LinearNorm.Rms, rows, features, outputs);
        layer.Run(x, residual, h, weight, z, rows, scale);           // h = x + residual; z = norm(h) weight^T
        // end
    }
}
