using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda;
using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.ManagedCuda.Tests;

/// <summary>The norm and the linear layer on a device (NK_CUDA_LIBRARY=cuda): skipped where there is none.</summary>
[TestClass]
[DoNotParallelize]
public sealed class NormLinearTests
{
    private const int Rows = 37;

    private const int Features = 96;

    private const int Outputs = 40;

    [TestMethod]
    [DataRow(LinearNorm.Rms)]
    [DataRow(LinearNorm.Layer)]
    public void Float_agrees_with_the_reference(LinearNorm norm) => Agrees(norm, x => (float)x, x => x, 1e-5);

    [TestMethod]
    [DataRow(LinearNorm.Rms)]
    [DataRow(LinearNorm.Layer)]
    public void Half_agrees_with_the_reference(LinearNorm norm) => Agrees(norm, x => (Half)x, x => (double)x, 4e-3);

    [TestMethod]
    [DataRow(LinearNorm.Rms)]
    [DataRow(LinearNorm.Layer)]
    public void BFloat16_agrees_with_the_reference(LinearNorm norm) =>
        Agrees(norm, x => (BFloat16)(float)x, x => (float)x, 3e-2);

    // Run, then captured and replayed twice on other inputs: the graph gives what the calls give, to the bit.
    private static void Agrees<T>(LinearNorm norm, Func<double, T> round, Func<T, double> widen, double tolerance)
        where T : unmanaged
    {
        using PrimaryContext context = Open();
        using CudaStream stream = new(CUStreamFlags.NonBlocking);
        using NormLinear<T> layer = new(context, stream, norm, Rows, Features, Outputs);
        RandomData random = new(nameof(NormLinearTests), (int)norm);
        T[] weight = Array.ConvertAll(random.Normals(Outputs * Features, deviation: 0.1), x => round(x));
        T[] scale = Array.ConvertAll(random.Normals(Features, mean: 1, deviation: 0.2), x => round(x));
        using CudaDeviceVariable<T> x = new(Rows * Features), residual = new(Rows * Features), h = new(Rows * Features);
        using CudaDeviceVariable<T> y = new(Rows * Outputs), weights = weight, scales = scale;
        T[] result = new T[Rows * Outputs];
        T[] first = Fill(random, x, residual, round, widen, norm, scale, weight, out double[] expected);
        // Copies from ordinary memory may still be on their way, and this stream does not wait for the default one.
        context.Synchronize();
        layer.Run(x, residual, h, weights, y, Rows, scales);
        stream.Synchronize();
        y.CopyToHost(result);
        for (int i = 0; i < result.Length; i++)
        {
            Assert.AreEqual(expected[i], widen(result[i]), tolerance * Math.Max(1, Math.Abs(expected[i])), $"{i}");
        }

        T[] sums = h;
        CollectionAssert.AreEqual(first, sums);
        CUgraph graph = new();
        Check(DriverAPINativeMethods.Streams.cuStreamBeginCapture(stream.Stream, CUstreamCaptureMode.Local));
        layer.Run(x, residual, h, weights, y, Rows, scales);
        Check(DriverAPINativeMethods.Streams.cuStreamEndCapture(stream.Stream, ref graph));
        CUgraphExec executable = new();
        Check(DriverAPINativeMethods.GraphManagment.cuGraphInstantiate(
            ref executable, graph, CUgraphInstantiate_flags.None));
        for (int replay = 0; replay < 2; replay++)
        {
            _ = Fill(random, x, residual, round, widen, norm, scale, weight, out _);
            context.Synchronize();
            layer.Run(x, residual, h, weights, y, Rows, scales);
            stream.Synchronize();
            T[] called = y;
            y.Memset((byte)0);
            context.Synchronize();
            Check(DriverAPINativeMethods.GraphManagment.cuGraphLaunch(executable, stream.Stream));
            stream.Synchronize();
            y.CopyToHost(result);
            CollectionAssert.AreEqual(called, result);
        }

        Check(DriverAPINativeMethods.GraphManagment.cuGraphExecDestroy(executable));
        Check(DriverAPINativeMethods.GraphManagment.cuGraphDestroy(graph));
    }

    // New inputs; gives their sum as the device is to round it, and what is expected of them.
    private static T[] Fill<T>(
        RandomData random,
        CudaDeviceVariable<T> x,
        CudaDeviceVariable<T> residual,
        Func<double, T> round,
        Func<T, double> widen,
        LinearNorm norm,
        T[] scale,
        T[] weight,
        out double[] expected)
        where T : unmanaged
    {
        T[] values = Array.ConvertAll(random.Normals(Rows * Features), v => round(v));
        T[] added = Array.ConvertAll(random.Normals(Rows * Features), v => round(v));
        x.CopyToDevice(values);
        residual.CopyToDevice(added);
        T[] sum = new T[values.Length];
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] = round((float)widen(values[i]) + (float)widen(added[i]));
        }

        double[] wide = Array.ConvertAll(sum, v => widen(v)), normalized = new double[sum.Length];
        double[] gamma = Array.ConvertAll(scale, v => widen(v));
        if (norm == LinearNorm.Rms)
        {
            RmsNormReference.Forward(wide, normalized, Rows, Features, gamma);
        }
        else
        {
            LayerNormReference.Forward(wide, normalized, Rows, Features, gamma);
        }

        expected = new double[Rows * Outputs];
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < Outputs; output++)
            {
                double total = 0;
                for (int i = 0; i < Features; i++)
                {
                    total += normalized[row * Features + i] * widen(weight[output * Features + i]);
                }

                expected[row * Outputs + output] = total;
            }
        }

        return sum;
    }

    private static PrimaryContext Open()
    {
        if (Environment.GetEnvironmentVariable("NK_CUDA_LIBRARY") != "cuda")
        {
            Assert.Inconclusive("NK_CUDA_LIBRARY is not cuda.");
        }

        try
        {
            return ManagedCudaDevice.Open();
        }
        catch (CudaUnavailableException e)
        {
            Assert.Inconclusive(e.Message);
            throw;
        }
    }

    private static void Check(CUResult result) => Assert.AreEqual(CUResult.Success, result);
}
