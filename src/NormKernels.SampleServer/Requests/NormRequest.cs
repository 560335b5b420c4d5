using System;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Responses;

namespace NormKernels.SampleServer.Requests;

/// <summary>What the server needs for one request, kept for the next one.</summary>
internal sealed class NormRequest(TensorBufferPool buffers) : IDisposable
{
    private readonly JsonBatchReader _jsonReader = new();
    private readonly JsonBatchWriter _jsonWriter = new();

    /// <summary>Its tensors.</summary>
    public Batch Batch { get; } = new(buffers);

    /// <summary>Its time.</summary>
    public Deadline Deadline { get; } = new();

    /// <summary>Octets of the body.</summary>
    public long Received { get; private set; }

    /// <summary>Octets of the result.</summary>
    public long Sent { get; private set; }

    /// <summary>Reads the body into the batch.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RequestProblem?> ReadAsync(
        HttpRequest request, TensorForm form, BatchQuery query, LimitOptions limits,
        CancellationToken cancellationToken)
    {
        PipeReader body = request.BodyReader;
        RequestProblem? problem = form == TensorForm.Json
            ? await _jsonReader.ReadAsync(body, query, Batch, limits, cancellationToken)
            : await OctetReader.ReadAsync(body, request.ContentLength, query, Batch, limits, cancellationToken);
        Received = form == TensorForm.Json ? _jsonReader.BytesRead : OctetWriter.LengthOf(Batch);
        return problem;
    }

    /// <summary>Writes the batch as the response.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or the time is over.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RequestProblem?> WriteAsync(
        HttpResponse response, TensorForm form, CancellationToken cancellationToken)
    {
        response.ContentType = TensorForms.MediaTypeOf(form);
        bool isThere;
        if (form == TensorForm.Json)
        {
            isThere = await _jsonWriter.WriteAsync(response.BodyWriter, Batch, cancellationToken);
            Sent = _jsonWriter.BytesWritten;
        }
        else
        {
            Sent = OctetWriter.LengthOf(Batch);
            response.ContentLength = Sent;
            isThere = await OctetWriter.WriteAsync(response.BodyWriter, Batch, cancellationToken);
        }

        return isThere ? null : throw new OperationCanceledException("The client has gone.");
    }

    /// <summary>Makes it ready for the next request.</summary>
    public void Clear()
    {
        Deadline.Stop();
        Batch.Clear();
        (Received, Sent) = (0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Batch.Clear();
        Deadline.Dispose();
        _jsonWriter.Dispose();
    }
}

/// <summary>Makes what the pool of <see cref="NormRequest"/> has none of.</summary>
internal sealed class NormRequestPolicy(TensorBufferPool buffers) : IPooledObjectPolicy<NormRequest>
{
    /// <inheritdoc/>
    public NormRequest Create() => new(buffers);

    /// <inheritdoc/>
    public bool Return(NormRequest obj)
    {
        obj.Clear();
        return true;
    }
}
