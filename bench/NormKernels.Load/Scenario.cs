using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

using NormKernels.Reference;

namespace NormKernels.Load;

/// <summary>One kind of request, all of it float32, and what its answer has to be.</summary>
internal sealed class Scenario
{
    /// <summary>Columns of all of them.</summary>
    public const int Dimension = 1024;

    private readonly string _norm;
    private readonly bool _isJson;
    private readonly double[] _expected;

    private Scenario(string norm, bool isJson, int rows, bool hasResidual)
    {
        (_norm, _isJson) = (norm, isJson);
        Name = $"{(hasResidual ? "add + " : "")}{norm}, {(isJson ? "JSON" : "octets")}, {rows} x {Dimension}";
        Random random = new(Seed: 7);
        float[] x = Draw(), residual = hasResidual ? Draw() : [];
        Request = MakeRequest(x, residual);
        _expected = Expected(x, residual, rows);

        float[] Draw() => [.. Enumerable.Range(0, rows * Dimension).Select(_ => random.NextSingle() * 4 - 2)];
    }

    /// <summary>What is measured.</summary>
    public static Scenario[] All { get; } =
    [
        new("rms-norm", isJson: false, rows: 1, hasResidual: false),
        new("rms-norm", isJson: false, rows: 64, hasResidual: true),
        new("layer-norm", isJson: false, rows: 512, hasResidual: false),
        new("l2-normalize", isJson: false, rows: 64, hasResidual: false),
        new("l2-normalize", isJson: true, rows: 16, hasResidual: false),
    ];

    /// <summary>What a person calls it.</summary>
    public string Name { get; }

    /// <summary>The request as it goes out: head and body.</summary>
    public byte[] Request { get; }

    /// <summary>Compares the body of a response with the reference.</summary>
    /// <exception cref="InvalidDataException">It is not the result.</exception>
    public void Check(ReadOnlySpan<byte> response)
    {
        float[] actual = _isJson ? FromJson(response) : MemoryMarshal.Cast<byte, float>(response).ToArray();
        if (actual.Length != _expected.Length
            || _expected.Zip(actual).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-5 * (1 + Math.Abs(pair.First))))
        {
            throw new InvalidDataException($"{Name}: this is not the result.");
        }
    }

    private byte[] MakeRequest(float[] x, float[] residual)
    {
        byte[] body = _isJson ? ToJson(x) : [.. MemoryMarshal.AsBytes<float>(x), .. MemoryMarshal.AsBytes<float>(residual)];
        string head = string.Create(CultureInfo.InvariantCulture,
            $"POST /v1/{_norm}{(residual.Length != 0 ? "?residual=true" : "")} HTTP/1.1\r\nHost: load\r\n"
            + $"Content-Type: application/{(_isJson ? "json" : "octet-stream")}\r\nContent-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private double[] Expected(float[] x, float[] residual, int rows)
    {
        // What is stored is what is normalized.
        double[] h = [.. residual.Zip(x, (left, right) => (double)(left + right))];
        double[] input = h.Length != 0 ? h : Array.ConvertAll(x, value => (double)value);
        double[] y = new double[input.Length];
        switch (_norm)
        {
            case "rms-norm":
                RmsNormReference.Forward(input, y, rows, Dimension, epsilon: 1e-5);
                break;
            case "layer-norm":
                LayerNormReference.Forward(input, y, rows, Dimension, epsilon: 1e-5);
                break;
            default:
                L2NormalizeReference.Forward(input, y, rows, Dimension, 1);
                break;
        }

        return [.. y, .. h];
    }

    private static byte[] ToJson(float[] values) =>
        JsonSerializer.SerializeToUtf8Bytes(new { embeddings = values.Chunk(Dimension) });

    private static float[] FromJson(ReadOnlySpan<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json.ToArray());
        return
        [
            .. document.RootElement.GetProperty("embeddings").EnumerateArray()
                .SelectMany(row => row.EnumerateArray()).Select(value => value.GetSingle()),
        ];
    }
}
