using System;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Http;

using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Responses;

/// <summary>
/// Writes a batch as <c>{"embeddings": [[...], ...], "residual": [[...], ...]}</c>, each number with the fewest digits
/// that give its float32 back.
/// </summary>
[SuppressMessage("Performance", "CA1849:Call async methods when in an async method",
    Justification = "Flush moves what is written into the buffer of the body; nothing is waited for.")]
internal static class JsonBatchWriter
{
    /// <summary>Writes it. The last octets only go when the response is completed.</summary>
    /// <exception cref="RequestException">A number is NaN or infinite, which JSON cannot say; nothing has been
    /// written.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, or the time is over.</exception>
    public static async Task WriteAsync(HttpResponse response, Batch batch, CancellationToken cancellationToken)
    {
        ThrowIfNotFinite(batch.EmbeddingsAs<float>(), "embeddings", batch.Dimension);
        ThrowIfNotFinite(batch.ResidualAs<float>(), "residual", batch.Dimension);
        response.ContentType = "application/json";
        PipeWriter body = response.BodyWriter;
        using Utf8JsonWriter json = new(body, new() { SkipValidation = true });
        json.WriteStartObject();
        await WriteTensorAsync("embeddings");
        if (batch.ResidualAt is not null)
        {
            await WriteTensorAsync("residual");
        }

        json.WriteEndObject();
        json.Flush();

        async Task WriteTensorAsync(string name)
        {
            json.WriteStartArray(name);
            for (int row = 0; row < batch.Rows; row++)
            {
                Span<float> tensor = name == "residual" ? batch.ResidualAs<float>() : batch.EmbeddingsAs<float>();
                json.WriteStartArray();
                foreach (float value in tensor.Slice(row * batch.Dimension, batch.Dimension))
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
                if (json.BytesPending + body.UnflushedBytes >= OctetBatchWriter.ChunkBytes)
                {
                    json.Flush();
                    _ = await body.FlushAsync(cancellationToken);
                }
            }

            json.WriteEndArray();
        }
    }

    private static void ThrowIfNotFinite(ReadOnlySpan<float> elements, string tensor, int dimension)
    {
        for (int i = 0; i < elements.Length; i++)
        {
            if (!float.IsFinite(elements[i]))
            {
                string pointer = $"#/{tensor}/{i / dimension}/{i % dimension}";
                throw new RequestException(
                    StatusCodes.Status422UnprocessableEntity,
                    $"{pointer}: the result is not finite, which JSON cannot say; octets can.", pointer);
            }
        }
    }
}
