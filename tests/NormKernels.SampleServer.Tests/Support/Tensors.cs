using System;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

using NormKernels.SampleServer.Norms;
using NormKernels.Tests.Support;

namespace NormKernels.SampleServer.Tests.Support;

/// <summary>Embeddings, and a residual or none, as both sides of a test know them.</summary>
/// <typeparam name="T">float, Half or BFloat16.</typeparam>
internal sealed record Tensors<T>(T[] Embeddings, T[]? Residual, int Dimension)
    where T : unmanaged
{
    public static string Dtype => typeof(T) == typeof(float) ? "float32" : typeof(T) == typeof(Half) ? "float16" : "bfloat16";

    public int Rows => Embeddings.Length / Dimension;

    public static Tensors<T> Random(int rows, int dimension, bool residual)
    {
        RandomData random = new(Dtype, rows, dimension);
        return new(Draw(), residual ? Draw() : null, dimension);

        T[] Draw() => Array.ConvertAll(random.Normals(rows * dimension, mean: 0.5), From);
    }

    public static T From(double value) => (T)(object)(
        typeof(T) == typeof(float) ? (float)value : typeof(T) == typeof(Half) ? (Half)value : (BFloat16)value);

    public static double[] Doubles(T[] values) => Array.ConvertAll(values, value => (double)Single(value));

    /// <summary>What the static norm gives.</summary>
    public Tensors<T> Normed(NormKind norm, T[]? weight = null, T[]? bias = null, double epsilon = 1e-5)
    {
        T[] y = new T[Embeddings.Length];
        T[]? h = Residual is null ? null : new T[Embeddings.Length];
        RowShape shape = new(Rows, Dimension);
        switch (norm)
        {
            case NormKind.RmsNorm when h is null:
                NormKernels.RmsNorm.Forward<T>(Embeddings, y, shape, weight, bias, epsilon);
                break;
            case NormKind.RmsNorm:
                NormKernels.RmsNorm.AddForward<T>(Embeddings, Residual, h, y, shape, weight, bias, epsilon);
                break;
            case NormKind.LayerNorm when h is null:
                NormKernels.LayerNorm.Forward<T>(Embeddings, y, shape, weight, bias, epsilon);
                break;
            case NormKind.LayerNorm:
                NormKernels.LayerNorm.AddForward<T>(Embeddings, Residual, h, y, shape, weight, bias, epsilon);
                break;
            default:
                L2Normalize.UnitRows<T>(Embeddings, y, [Rows, Dimension]);
                break;
        }

        return new(y, h, Dimension);
    }

    public byte[] ToOctets() =>
        [.. MemoryMarshal.AsBytes<T>(Embeddings), .. MemoryMarshal.AsBytes<T>(Residual ?? [])];

    public static Tensors<T> FromOctets(byte[] octets, int dimension, bool residual)
    {
        T[] all = MemoryMarshal.Cast<byte, T>(octets).ToArray();
        return residual ? new(all[..(all.Length / 2)], all[(all.Length / 2)..], dimension) : new(all, null, dimension);
    }

    public byte[] ToJson(bool residualFirst = false)
    {
        string embeddings = $"\"embeddings\": {Text(Embeddings)}";
        string residual = $"\"residual\": {Text(Residual ?? [])}";
        return Encoding.UTF8.GetBytes(
            Residual is null ? $"{{{embeddings}}}"
            : residualFirst ? $"{{{residual}, {embeddings}}}"
            : $"{{{embeddings}, {residual}}}");
    }

    public static Tensors<T> FromJson(byte[] json, int dimension)
    {
        JsonElement root = JsonElement.Parse(json);
        return new(
            Values(root.GetProperty("embeddings")),
            root.TryGetProperty("residual", out JsonElement residual) ? Values(residual) : null, dimension);

        static T[] Values(JsonElement rows) =>
            [.. rows.EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => From(value.GetSingle()))];
    }

    private static float Single(T value) => value switch
    {
        float single => single,
        Half half => (float)half,
        _ => (BFloat16)(object)value,
    };

    private string Text(T[] values) => $"[{string.Join(", ", values.Chunk(Dimension).Select(row =>
        $"[{string.Join(", ", row.Select(value => Single(value).ToString("R", CultureInfo.InvariantCulture)))}]"))}]";
}
