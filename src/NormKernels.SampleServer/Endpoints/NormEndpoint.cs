using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Monitoring;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Requests;
using NormKernels.SampleServer.Responses;

namespace NormKernels.SampleServer.Endpoints;

/// <summary><c>POST /v1/rms-norm</c>, <c>/v1/layer-norm</c> and <c>/v1/l2-normalize</c>: a batch comes in, is normed in
/// place, and goes out in the form in which it came.</summary>
internal sealed class NormEndpoint(
    ServerOptions options, INormPath norms, TensorBufferPool buffers, ConcurrencyGate gate, ServerMetrics metrics,
    ILogger<NormEndpoint> logger)
{
    // What nginx calls it when the client closes the connection; it is only counted.
    private const int ClientClosedRequest = 499;

    private readonly LimitOptions _limits = options.Limits;

    /// <summary>The last part of the path, and the name in metrics and logs.</summary>
    public static string NameOf(NormKind norm) => norm switch
    {
        NormKind.RmsNorm => "rms-norm",
        NormKind.LayerNorm => "layer-norm",
        _ => "l2-normalize",
    };

    /// <summary>Adds the three endpoints.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (NormKind norm in Enum.GetValues<NormKind>())
        {
            _ = endpoints.MapPost($"/v1/{NameOf(norm)}", context => HandleAsync(context, norm));
        }
    }

    private async Task HandleAsync(HttpContext context, NormKind norm)
    {
        long start = Stopwatch.GetTimestamp();
        int status = StatusCodes.Status500InternalServerError;
        bool entered = gate.TryEnter();
        try
        {
            // What is too much is turned away at once: whoever balances the load knows better where it should go.
            status = await (entered
                ? ServeAsync(context, norm)
                : RefuseAsync(context, norm, new RequestException(
                    StatusCodes.Status503ServiceUnavailable,
                    $"{_limits.MaxConcurrentRequests} requests are being worked on, and more are not taken.")));
        }
        finally
        {
            metrics.CountRequest(norm, status, Stopwatch.GetTimestamp() - start);
            if (entered)
            {
                gate.Exit();
            }
        }

        // The last octets leave when all that the request held has been given back: a client that has its answer finds
        // room for its next request. Kestrel flushes the end of what is chunked, as JSON is, and only that.
        if (status == StatusCodes.Status200OK && context.Response.ContentLength is not null)
        {
            _ = await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    // The status that the request ends with.
    private async Task<int> ServeAsync(HttpContext context, NormKind norm)
    {
        CancellationToken aborted = context.RequestAborted;
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        deadline.CancelAfter(_limits.RequestTimeout);
        try
        {
            await NormAsync(context, norm, deadline.Token);
            return StatusCodes.Status200OK;
        }
        catch (BadHttpRequestException e) when (!aborted.IsCancellationRequested)
        {
            // Ours, or Kestrel's: too large, too slow, cut short, or not HTTP.
            return await RefuseAsync(context, norm, e);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Nobody to tell: the client has gone, or did not take its result in time. Half a result must not look like
            // a whole one.
            Log.ClientGone(logger, NameOf(norm));
            context.Abort();
            return ClientClosedRequest;
        }
    }

    private async Task NormAsync(HttpContext context, NormKind norm, CancellationToken cancellationToken)
    {
        bool isJson = IsJson(context.Request);
        BatchQuery query = BatchQuery.Parse(context.Request.Query);
        int dimension = Check(query, norm, isJson);
        using RequestMemory body = new(buffers), tensors = new(buffers);
        int length = await ReadAsync(body, context, cancellationToken);
        Batch batch = isJson
            ? JsonBatchReader.Read(body.Span[..length], tensors, dimension, _limits.MaxRows)
            : OctetBatchReader.Read(body, length, query, dimension, _limits.MaxRows);
        if (batch.ResidualAt is not null && norm == NormKind.L2Normalize)
        {
            throw RequestException.Bad($"{NameOf(norm)} takes no residual.");
        }

        Run(norm, batch);
        await (isJson
            ? JsonBatchWriter.WriteAsync(context.Response, batch, cancellationToken)
            : OctetBatchWriter.WriteAsync(context.Response, batch, cancellationToken));
    }

    private async ValueTask<int> ReadAsync(RequestMemory body, HttpContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(context.Request, _limits.MaxBodyBytes, cancellationToken);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new RequestException(
                StatusCodes.Status408RequestTimeout, $"The body had not come in full in {_limits.RequestTimeout}.");
        }
    }

    // The kernel path: nothing in it allocates managed memory, and a metric says if it ever does.
    private void Run(NormKind norm, Batch batch)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        norms.Run(norm, batch);
        long ticks = Stopwatch.GetTimestamp() - start;
        metrics.CountNorm(norm, batch.Rows, ticks, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    private static bool IsJson(HttpRequest request)
    {
        bool isJson = request.HasJsonContentType();
        bool isOctets = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase);
        // Compressed octets could have the length of a batch.
        return (isJson || isOctets) && request.Headers.ContentEncoding.Count == 0
            ? isJson
            : throw new RequestException(
                StatusCodes.Status415UnsupportedMediaType,
                "The body has to be application/json or application/octet-stream, without Content-Encoding.");
    }

    // The columns of the batch.
    private int Check(BatchQuery query, NormKind norm, bool isJson)
    {
        int dimension = query.Dimension ?? options.Dimension;
        return isJson && (query.Type != ElementType.Float32 || query.HasResidual)
            ? throw RequestException.Bad("JSON is float32, and has its residual in the body.")
            : norm != NormKind.L2Normalize && dimension != options.Dimension
            ? throw RequestException.Bad($"The model has {options.Dimension} columns; the query says {dimension}.")
            : dimension > Math.Max(_limits.MaxDimension, options.Dimension)
            ? throw RequestException.Bad(
                $"A request may have {_limits.MaxDimension} columns; the query says {dimension}.")
            : dimension;
    }

    // As application/problem+json (RFC 9457).
    private async Task<int> RefuseAsync(HttpContext context, NormKind norm, BadHttpRequestException problem)
    {
        Log.Refused(logger, NameOf(norm), problem.StatusCode, problem.Message);
        if (problem.StatusCode is StatusCodes.Status413PayloadTooLarge or StatusCodes.Status408RequestTimeout)
        {
            // What is still on its way is not worth waiting for.
            context.Response.Headers.Connection = "close";
        }
        else if (problem.StatusCode == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        Dictionary<string, object?>? extensions =
            problem is RequestException { Pointer: string pointer } ? new() { ["pointer"] = pointer } : null;
        await TypedResults.Problem(problem.Message, statusCode: problem.StatusCode, extensions: extensions)
            .ExecuteAsync(context);
        return problem.StatusCode;
    }
}
