using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Runtime.InteropServices;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Reference;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>Whatever way a batch comes and goes, the result is that of the norm.</summary>
[TestClass]
public sealed class NormTests
{
    // Not a multiple of anything.
    private const int Dimension = 37;

    private static readonly (NormKind Norm, string Path, bool Residual)[] Calls =
    [
        (NormKind.RmsNorm, "rms-norm", false), (NormKind.RmsNorm, "rms-norm", true),
        (NormKind.LayerNorm, "layer-norm", false), (NormKind.LayerNorm, "layer-norm", true),
        (NormKind.L2Normalize, "l2-normalize", false),
    ];

    private static readonly string[] Forms = ["json", "octet-stream"];

    [TestMethod]
    public Task Float32() => EveryWayAsync<float>("native", tolerance: 2e-6);

    [TestMethod]
    public Task Float16() => EveryWayAsync<Half>("native", tolerance: 6e-4);

    [TestMethod]
    public Task BFloat16() => EveryWayAsync<BFloat16>("native", tolerance: 5e-3);

    [TestMethod]
    public Task Managed() => EveryWayAsync<float>("managed", tolerance: 2e-6);

    [TestMethod]
    public async Task The_managed_path_has_float32_alone()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "2", "--path", "managed");
        using HttpResponseMessage response =
            await server.PostAsync("/v1/rms-norm?dtype=float16", "octet-stream", new byte[4]);
        Assert.Contains("float32 alone", (await Problem.ReadAsync(response, HttpStatusCode.BadRequest)).Detail);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(700)]
    public async Task Any_number_of_rows(int rows)
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", $"{Dimension}");
        Tensors<float> input = Tensors<float>.Random(rows, Dimension, residual: true);
        foreach (string form in Forms)
        {
            foreach (bool chunked in (bool[])[false, true])
            {
                Tensors<float> output = await PostAsync(server, "rms-norm", input, form, chunked: chunked);
                AssertSameBits(input.Normed(NormKind.RmsNorm), output, $"{form}, chunked {chunked}");
            }
        }
    }

    [TestMethod]
    public async Task A_residual_may_come_first_or_be_null()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", $"{Dimension}");
        Tensors<float> input = Tensors<float>.Random(5, Dimension, residual: true);
        using HttpResponseMessage first =
            await server.PostAsync("/v1/layer-norm", "json", input.ToJson(residualFirst: true));
        byte[] json = await first.Content.ReadAsByteArrayAsync();
        AssertSameBits(input.Normed(NormKind.LayerNorm), Tensors<float>.FromJson(json, Dimension), "first");

        using HttpResponseMessage none = await server.PostAsync(
            "/v1/l2-normalize?dim=2", "json", "{\"residual\": null, \"embeddings\": [[3, 4]]}"u8.ToArray());
        Assert.AreEqual("{\"embeddings\":[[0.6,0.8]]}", await none.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task Octets_carry_nan_and_infinities_and_json_refuses_them()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "2");
        Tensors<float> input = new([1, 1, 1, float.NaN, float.PositiveInfinity, 1], null, 2);
        Tensors<float> output = await PostAsync(server, "layer-norm", input, "octet-stream");
        Assert.IsFalse(output.Embeddings[..2].Any(float.IsNaN));
        Assert.IsTrue(output.Embeddings[2..].All(float.IsNaN));

        // The sum overflows.
        using HttpResponseMessage sum = await server.PostAsync(
            "/v1/rms-norm", "json",
            "{\"embeddings\": [[1, 2], [3, 3e38]], \"residual\": [[1, 2], [3, 3e38]]}"u8.ToArray());
        Problem problem = await Problem.ReadAsync(sum, HttpStatusCode.UnprocessableEntity);
        Assert.StartsWith("#/embeddings/1/", problem.Pointer);
    }

    [TestMethod]
    public async Task L2_normalize_takes_any_number_of_columns()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "3");
        foreach (int dimension in (int[])[1, 2, 1000])
        {
            Tensors<float> input = Tensors<float>.Random(4, dimension, residual: false);
            foreach (string form in Forms)
            {
                Tensors<float> output =
                    await PostAsync(server, "l2-normalize", input, form, query: $"&dim={dimension}");
                AssertSameBits(input.Normed(NormKind.L2Normalize), output, $"{dimension}");
            }
        }
    }

    // Native results have the bits of the static norms, whatever the way; all agree with the reference.
    private static async Task EveryWayAsync<T>(string path, double tolerance)
        where T : unmanaged
    {
        await using RunningServer server =
            await RunningServer.StartAsync("--dimension", $"{Dimension}", "--path", path);
        foreach ((NormKind norm, string name, bool residual) in Calls)
        {
            Tensors<T> input = Tensors<T>.Random(7, Dimension, residual);
            foreach (string form in typeof(T) == typeof(float) ? Forms : ["octet-stream"])
            {
                string what = $"{name}, residual {residual}, {form}";
                Tensors<T> output = await PostAsync(server, name, input, form);
                AssertNear(norm, input, output, tolerance, what);
                if (path == "native")
                {
                    AssertSameBits(input.Normed(norm), output, what);
                }
            }
        }
    }

    private static async Task<Tensors<T>> PostAsync<T>(
        RunningServer server, string norm, Tensors<T> input, string form, bool chunked = false, string query = "")
        where T : unmanaged
    {
        bool isJson = form == "json";
        bool residual = input.Residual is not null;
        string flag = residual && !isJson ? "&residual=true" : "";
        using HttpResponseMessage response = await server.PostAsync(
            $"/v1/{norm}?dtype={Tensors<T>.Dtype}{flag}{query}", form, isJson ? input.ToJson() : input.ToOctets(), chunked);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, norm);
        Assert.AreEqual($"application/{form}", response.Content.Headers.ContentType?.ToString());
        return isJson
            ? Tensors<T>.FromJson(body, input.Dimension)
            : Tensors<T>.FromOctets(body, input.Dimension, residual);
    }

    private static void AssertSameBits<T>(Tensors<T> expected, Tensors<T> actual, string what)
        where T : unmanaged
    {
        CollectionAssert.AreEqual(expected.ToOctets(), actual.ToOctets(), what);
        Assert.AreEqual(expected.Residual is null, actual.Residual is null, what);
    }

    private static void AssertNear<T>(
        NormKind norm, Tensors<T> input, Tensors<T> output, double tolerance, string what)
        where T : unmanaged
    {
        double[] x = Tensors<T>.Doubles(input.Embeddings);
        if (input.Residual is not null)
        {
            // The sum, rounded to the type, is what is normalized.
            T[] h = [.. x.Zip(Tensors<T>.Doubles(input.Residual), (left, right) => Tensors<T>.From(left + right))];
            CollectionAssert.AreEqual(
                MemoryMarshal.AsBytes<T>(h).ToArray(), MemoryMarshal.AsBytes<T>(output.Residual).ToArray(), what);
            x = Tensors<T>.Doubles(h);
        }

        double[] y = new double[x.Length];
        switch (norm)
        {
            case NormKind.RmsNorm:
                RmsNormReference.Forward(x, y, input.Rows, input.Dimension);
                break;
            case NormKind.LayerNorm:
                LayerNormReference.Forward(x, y, input.Rows, input.Dimension);
                break;
            default:
                L2NormalizeReference.Forward(x, y, input.Rows, input.Dimension, 1);
                break;
        }

        IEnumerable<double> errors = y.Zip(
            Tensors<T>.Doubles(output.Embeddings),
            (expected, actual) => Math.Abs(actual - expected) - tolerance * Math.Abs(expected));
        Assert.HasCount(y.Length, output.Embeddings);
        Assert.IsLessThan(2e-6, errors.Max(), what);
    }
}
