using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Responses;

/// <summary>
/// Writes a batch as <c>{"embeddings": [[...], ...], "residual": [[...], ...]}</c>, each number with the fewest digits
/// that give its float32 back. One writer writes one body at a time.
/// </summary>
internal sealed class JsonBatchWriter : IDisposable
{
    private static readonly JsonEncodedText Embeddings = JsonEncodedText.Encode("embeddings");
    private static readonly JsonEncodedText Residual = JsonEncodedText.Encode("residual");

    // What it writes to while there is no body.
    private static readonly ArrayBufferWriter<byte> Nowhere = new();

    private readonly Utf8JsonWriter _json = new(Nowhere, new() { SkipValidation = true });

    /// <summary>Octets of the last body.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Writes it. The last octets only go when the response is completed.</summary>
    /// <returns>Whether the client is still there.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WriteAsync(PipeWriter body, Batch batch, CancellationToken cancellationToken)
    {
        _json.Reset(body);
        try
        {
            return await WriteTensorsAsync(body, batch, cancellationToken);
        }
        finally
        {
            BytesWritten = _json.BytesCommitted;
            _json.Reset(Nowhere);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteTensorsAsync(PipeWriter body, Batch batch, CancellationToken cancellationToken)
    {
        _json.WriteStartObject();
        long flushed = 0;
        BatchTensor last = batch.HasResidual ? BatchTensor.Residual : BatchTensor.Embeddings;
        for (BatchTensor tensor = BatchTensor.Embeddings; tensor <= last; tensor++)
        {
            _json.WriteStartArray(tensor == BatchTensor.Embeddings ? Embeddings : Residual);
            for (int row = 0; row < batch.Rows; row++)
            {
                if (_json.BytesCommitted + _json.BytesPending - flushed >= OctetWriter.ChunkBytes)
                {
                    flushed = Commit();
                    if ((await body.FlushAsync(cancellationToken)).IsCompleted)
                    {
                        return false;
                    }
                }

                WriteRow(batch, tensor, row);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndObject();
        _ = Commit();
        return true;
    }

    // Into the body's buffer; that is not waiting for anybody.
    private long Commit()
    {
        _json.Flush();
        return _json.BytesCommitted;
    }

    private void WriteRow(Batch batch, BatchTensor tensor, int row)
    {
        switch (batch.Type)
        {
            case ElementType.Float32:
                WriteRow<float>(batch, tensor, row);
                break;
            case ElementType.Float16:
                WriteRow<Half>(batch, tensor, row);
                break;
            default:
                WriteRow<BFloat16>(batch, tensor, row);
                break;
        }
    }

    private void WriteRow<T>(Batch batch, BatchTensor tensor, int row)
        where T : unmanaged
    {
        _json.WriteStartArray();
        foreach (T value in batch.Elements<T>(tensor).Slice(row * batch.Dimension, batch.Dimension))
        {
            _json.WriteNumberValue(Element.ToSingle(value));
        }

        _json.WriteEndArray();
    }
}
