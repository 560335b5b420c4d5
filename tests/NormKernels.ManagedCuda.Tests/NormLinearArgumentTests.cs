using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.ManagedCuda.Tests;

/// <summary>What <see cref="NormLinear{T}"/> refuses before it touches a driver.</summary>
[TestClass]
public sealed class NormLinearArgumentTests
{
    [TestMethod]
    public void Sizes()
    {
        using CudaStream stream = new(new CUstream());
        foreach ((int rows, int features, int outputs, double epsilon) in new[]
        {
            (0, 1, 1, 0), (-1, 1, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0), (1, 1, -5, 0), (1, 1, 1, -1e-9),
            (1, 1, 1, double.NaN),
        })
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                () => new NormLinear<float>(null!, stream, LinearNorm.Rms, rows, features, outputs, epsilon));
        }

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => new NormLinear<Half>(null!, stream, (LinearNorm)2, 1, 1, 1));
        Assert.ThrowsExactly<NotSupportedException>(
            () => new NormLinear<double>(null!, stream, LinearNorm.Rms, 1, 1, 1));
        Assert.ThrowsExactly<ArgumentNullException>(
            () => new NormLinear<BFloat16>(null!, stream, LinearNorm.Layer, 1, 1, 1));
    }

    [TestMethod]
    public void Types_are_those_of_cuBLAS()
    {
        Assert.AreEqual(cudaDataType.CUDA_R_32F, LinearArguments.TypeOf<float>());
        Assert.AreEqual(cudaDataType.CUDA_R_16F, LinearArguments.TypeOf<Half>());
        Assert.AreEqual(cudaDataType.CUDA_R_16BF, LinearArguments.TypeOf<BFloat16>());
    }

    [TestMethod]
    public void Lengths_are_exact()
    {
        using CudaDeviceVariable<float> four = ViewTests.Fake<float>(0x1000, 16);
        LinearArguments.RequireLength(four, 4, "y");
        Assert.ThrowsExactly<ArgumentException>(() => LinearArguments.RequireLength(four, 3, "y"));
        Assert.ThrowsExactly<ArgumentException>(() => LinearArguments.RequireLength(four, 5, "y"));
        Assert.ThrowsExactly<ArgumentNullException>(() => LinearArguments.RequireLength<float>(null!, 5, "y"));
    }

    [TestMethod]
    public void Outputs_lie_apart()
    {
        using CudaDeviceVariable<float> output = ViewTests.Fake<float>(0x1000, 64);
        foreach ((ulong address, ulong bytes, bool apart) in new[]
        {
            (0x1000ul, 64ul, false), (0x1020ul, 4ul, false), (0xFFCul, 8ul, false), (0x103Cul, 64ul, false),
            (0xF00ul, 0x1000ul, false), (0x1040ul, 64ul, true), (0xFC0ul, 64ul, true),
        })
        {
            using CudaDeviceVariable<float> other = ViewTests.Fake<float>(address, bytes);
            if (apart)
            {
                LinearArguments.RequireApart(output, (other, "x"), (null, "offset"));
            }
            else
            {
                Assert.ThrowsExactly<ArgumentException>(() => LinearArguments.RequireApart(output, (other, "x")));
            }
        }
    }
}
