using System;
using System.IO;
using System.Net.Http;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Layers;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>Parameters come from a file, for each type rounded once.</summary>
[TestClass]
public sealed class ParameterTests
{
    private const int Dimension = 5;

    private static readonly float[] Weight = [0.1f, -2, 3.3f, 4, 5.7f];
    private static readonly float[] Bias = [0.5f, 0, -0.7f, 1, 2];

    [TestMethod]
    [DataRow("norm.safetensors")]
    [DataRow("norm.npz")]
    public async Task Of_a_model(string file)
    {
        using TempDirectory directory = new();
        string path = Write(directory, file);
        await using RunningServer server = await RunningServer.StartAsync(
            "--dimension", $"{Dimension}",
            "--NormServer:RmsNorm:File", path, "--NormServer:RmsNorm:Prefix", "model.rms.",
            "--NormServer:RmsNorm:Epsilon", "0.5",
            "--NormServer:LayerNorm:File", path, "--NormServer:LayerNorm:Prefix", "model.layer.",
            "--NormServer:LayerNorm:Epsilon", "0.25");
        await AssertAsync<float>(server);
        await AssertAsync<Half>(server);
        await AssertAsync<BFloat16>(server);

        static async Task AssertAsync<T>(RunningServer server)
            where T : unmanaged
        {
            T[] weight = Array.ConvertAll(Weight, value => Tensors<T>.From(value));
            T[] bias = Array.ConvertAll(Bias, value => Tensors<T>.From(value));
            Tensors<T> input = Tensors<T>.Random(3, Dimension, residual: false);
            CollectionAssert.AreEqual(
                input.Normed(NormKind.RmsNorm, weight, bias: null, epsilon: 0.5).ToOctets(),
                await PostAsync(server, "rms-norm", input));
            CollectionAssert.AreEqual(
                input.Normed(NormKind.LayerNorm, weight, bias, epsilon: 0.25).ToOctets(),
                await PostAsync(server, "layer-norm", input));
        }
    }

    [TestMethod]
    public void That_do_not_fit()
    {
        using TempDirectory directory = new();
        string path = Write(directory, "norm.safetensors");
        InvalidDataException error = Assert.ThrowsExactly<InvalidDataException>(() => _ = NormServer.Create(
            RunningServer.Quiet(
                "--dimension", "6", "--NormServer:RmsNorm:File", path, "--NormServer:RmsNorm:Prefix", "model.rms.")));
        Assert.Contains("'model.rms.weight' has the shape '[5]', the layer [6]", error.Message);
        error = Assert.ThrowsExactly<InvalidDataException>(() => _ = NormServer.Create(
            RunningServer.Quiet("--dimension", "5", "--NormServer:LayerNorm:File", path)));
        Assert.Contains("missing: 'weight', 'bias'; unexpected: 'model.layer.bias'", error.Message);
    }

    private static string Write(TempDirectory directory, string file)
    {
        ParameterFileWriter writer = new();
        writer.Add<float>("model.rms.weight", Weight, Dimension);
        writer.Add<float>("model.layer.weight", Weight, Dimension);
        writer.Add<float>("model.layer.bias", Bias, Dimension);
        string path = directory.PathOf(file);
        writer.Write(path);
        return path;
    }

    private static async Task<byte[]> PostAsync<T>(RunningServer server, string norm, Tensors<T> input)
        where T : unmanaged
    {
        using HttpResponseMessage response = await server.PostAsync(
            $"/v1/{norm}?dtype={Tensors<T>.Dtype}", "octet-stream", input.ToOctets());
        return await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
    }
}
