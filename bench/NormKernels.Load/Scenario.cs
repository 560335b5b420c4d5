using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

using NormKernels.Reference;

namespace NormKernels.Load;

/// <summary>One kind of request, and what its answer has to be.</summary>
/// <param name="Norm">rms-norm, layer-norm or l2-normalize.</param>
/// <param name="IsJson">Whether it is JSON, or octets.</param>
/// <param name="Type">float32, float16 or bfloat16.</param>
/// <param name="Rows">Rows.</param>
/// <param name="HasResidual">Whether there is a residual.</param>
internal sealed record Scenario(string Norm, bool IsJson, string Type, int Rows, bool HasResidual)
{
    /// <summary>Columns of all of them.</summary>
    public const int Dimension = 1024;

    private const double Epsilon = 1e-5;

    private Lazy<(double[] X, double[] Residual)>? _inputs;

    /// <summary>What is measured where nothing else is asked for.</summary>
    public static readonly Scenario[] Usual =
    [
        new("rms-norm", IsJson: false, "float32", 1, HasResidual: false),
        new("rms-norm", IsJson: false, "float32", 64, HasResidual: true),
        new("rms-norm", IsJson: false, "float32", 1024, HasResidual: true),
        new("layer-norm", IsJson: false, "bfloat16", 64, HasResidual: false),
        new("layer-norm", IsJson: false, "bfloat16", 1024, HasResidual: false),
        new("l2-normalize", IsJson: false, "float32", 64, HasResidual: false),
        new("l2-normalize", IsJson: true, "float32", 1, HasResidual: false),
        new("l2-normalize", IsJson: true, "float32", 64, HasResidual: false),
    ];

    /// <summary>What a person calls it.</summary>
    public string Name =>
        $"{(HasResidual ? "add + " : "")}{Norm}, {(IsJson ? "JSON" : $"octets {Type}")}, {Rows} x {Dimension}";

    /// <summary>Octets of a body.</summary>
    public int BodyLength => Body().Length;

    /// <summary>The request as it goes out.</summary>
    public byte[] Request()
    {
        byte[] body = Body();
        string head = string.Create(CultureInfo.InvariantCulture,
            $"POST /v1/{Norm}?dtype={Type}{(HasResidual && !IsJson ? "&residual=true" : "")} HTTP/1.1\r\nHost: load\r\n"
            + $"Content-Type: application/{(IsJson ? "json" : "octet-stream")}\r\nContent-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Compares the body of a response with the reference.</summary>
    /// <exception cref="InvalidDataException">It is not the result.</exception>
    public void Check(ReadOnlySpan<byte> response)
    {
        (double[] x, double[] residual) = Inputs();
        double[] y = new double[x.Length], h = new double[x.Length];
        if (HasResidual)
        {
            for (int i = 0; i < x.Length; i++)
            {
                // What is stored is what is normalized.
                h[i] = Round(x[i] + residual[i]);
            }
        }

        double[] input = HasResidual ? h : x;
        switch (Norm)
        {
            case "rms-norm":
                RmsNormReference.Forward(input, y, Rows, Dimension, epsilon: Epsilon);
                break;
            case "layer-norm":
                LayerNormReference.Forward(input, y, Rows, Dimension, epsilon: Epsilon);
                break;
            default:
                L2NormalizeReference.Forward(input, y, Rows, Dimension, 1);
                break;
        }

        double[] expected = HasResidual ? [.. y, .. h] : y;
        double[] actual = IsJson ? FromJson(response) : FromOctets(response);
        // Half a unit in the last place, and for float32 what sums of 1024 elements may be off.
        double tolerance = Type switch { "float32" => 1e-5, "float16" => 1e-3, _ => 8e-3 };
        if (actual.Length != expected.Length
            || expected.Zip(actual).Any(pair => Math.Abs(pair.First - pair.Second) > tolerance * (1 + Math.Abs(pair.First))))
        {
            throw new InvalidDataException($"{Name}: this is not the result.");
        }
    }

    private byte[] Body()
    {
        (double[] x, double[] residual) = Inputs();
        if (!IsJson)
        {
            return [.. ToOctets(x), .. ToOctets(HasResidual ? residual : [])];
        }

        string tensors = $"{{\"embeddings\":{Rendered(x)}{(HasResidual ? $",\"residual\":{Rendered(residual)}" : "")}}}";
        return Encoding.ASCII.GetBytes(tensors);

        static string Rendered(double[] values) => $"[{string.Join(',', values.Chunk(Dimension).Select(row =>
            $"[{string.Join(',', row.Select(value => ((float)value).ToString("R", CultureInfo.InvariantCulture)))}]"))}]";
    }

    private (double[] X, double[] Residual) Inputs() => (_inputs ??= new(() =>
    {
        Random random = new(Seed: 7);
        return (Draw(), Draw());

        double[] Draw() =>
            [.. Enumerable.Range(0, Rows * Dimension).Select(_ => Round(random.NextDouble() * 4 - 2))];
    })).Value;

    private double Round(double value) => Type switch
    {
        "float32" => (float)value,
        "float16" => (double)(Half)value,
        _ => (BFloat16)value,
    };

    private byte[] ToOctets(double[] values) => Type switch
    {
        "float32" => MemoryMarshal.AsBytes<float>(Array.ConvertAll(values, value => (float)value)).ToArray(),
        "float16" => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(values, value => (Half)value)).ToArray(),
        _ => MemoryMarshal.AsBytes<BFloat16>(Array.ConvertAll(values, value => (BFloat16)value)).ToArray(),
    };

    private double[] FromOctets(ReadOnlySpan<byte> octets) => Type switch
    {
        "float32" => Array.ConvertAll(MemoryMarshal.Cast<byte, float>(octets).ToArray(), value => (double)value),
        "float16" => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(octets).ToArray(), value => (double)value),
        _ => Array.ConvertAll(MemoryMarshal.Cast<byte, BFloat16>(octets).ToArray(), value => (double)value),
    };

    private double[] FromJson(ReadOnlySpan<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json.ToArray());
        string[] tensors = HasResidual ? ["embeddings", "residual"] : ["embeddings"];
        return
        [
            .. tensors.SelectMany(tensor => document.RootElement.GetProperty(tensor).EnumerateArray())
                .SelectMany(row => row.EnumerateArray()).Select(value => (double)value.GetSingle()),
        ];
    }
}
