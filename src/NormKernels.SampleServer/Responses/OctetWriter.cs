using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Responses;

/// <summary>Writes a batch as it came: all rows of the embeddings, then all rows of the sum, if there is one.</summary>
internal static class OctetWriter
{
    /// <summary>What is written before the client is waited for.</summary>
    public const int ChunkBytes = 64 << 10;

    /// <summary>Octets that are written.</summary>
    public static long LengthOf(Batch batch) => batch.HasResidual ? 2L * batch.TensorBytes : batch.TensorBytes;

    /// <summary>Writes them. The last ones only go when the response is completed.</summary>
    /// <returns>Whether the client is still there.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> WriteAsync(PipeWriter body, Batch batch, CancellationToken cancellationToken)
    {
        int unflushed = 0;
        for (BatchTensor tensor = BatchTensor.Embeddings; tensor <= BatchTensor.Residual; tensor++)
        {
            int length = batch.Bytes(tensor).Length;
            for (int written = 0; written < length;)
            {
                if (unflushed == ChunkBytes)
                {
                    if ((await body.FlushAsync(cancellationToken)).IsCompleted)
                    {
                        return false;
                    }

                    unflushed = 0;
                }

                int count = Math.Min(length - written, ChunkBytes - unflushed);
                body.Write(batch.Bytes(tensor).Slice(written, count));
                written += count;
                unflushed += count;
            }
        }

        return true;
    }
}
