using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Http;

using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Responses;

/// <summary>Writes a batch as it came: all rows of the embeddings, then all rows of the sum, if there is one.</summary>
internal static class OctetBatchWriter
{
    /// <summary>What is written before the client is waited for.</summary>
    public const int ChunkBytes = 64 << 10;

    /// <summary>Writes it. The last octets only go when the response is completed.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or the time is over.</exception>
    public static async Task WriteAsync(HttpResponse response, Batch batch, CancellationToken cancellationToken)
    {
        response.ContentType = "application/octet-stream";
        response.ContentLength = batch.Embeddings.Length + (long)batch.Residual.Length;
        await WriteTensorAsync(batch.EmbeddingsAt, batch.Embeddings.Length);
        await WriteTensorAsync(batch.ResidualAt ?? 0, batch.Residual.Length);

        async Task WriteTensorAsync(int at, int length)
        {
            for (int end = at + length; at < end; at += ChunkBytes)
            {
                PipeWriter body = response.BodyWriter;
                if (body.UnflushedBytes >= ChunkBytes)
                {
                    _ = await body.FlushAsync(cancellationToken);
                }

                body.Write(batch.Memory.Span[at..Math.Min(at + ChunkBytes, end)]);
            }
        }
    }
}
