using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Monitoring;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Requests;
using NormKernels.SampleServer.Responses;

namespace NormKernels.SampleServer.Endpoints;

/// <summary><c>POST /v1/rms-norm</c>, <c>/v1/layer-norm</c> and <c>/v1/l2-normalize</c>: a batch comes in, is normed in
/// place, and goes out.</summary>
internal sealed class NormEndpoint(
    ServerOptions options, INormPath norms, ObjectPool<NormRequest> requests, ConcurrencyGate gate,
    ServerMetrics metrics, ILogger<NormEndpoint> logger)
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
            // RequestDelegates: nothing is bound, so nothing is allocated for it. Other methods have an endpoint of their
            // own: the middleware that explains any status costs every request more than all the rest.
            string path = $"/v1/{NameOf(norm)}";
            _ = endpoints.MapPost(path, context => HandleAsync(context, norm));
            _ = endpoints.Map(path, RefuseMethodAsync);
        }
    }

    private static Task RefuseMethodAsync(HttpContext context)
    {
        context.Response.Headers.Allow = HttpMethods.Post;
        return Problems.WriteAsync(
            context, new(StatusCodes.Status405MethodNotAllowed, $"Tensors come with {HttpMethods.Post}."));
    }

    private async Task HandleAsync(HttpContext context, NormKind norm)
    {
        // The last octets of a result leave when all that the request held has been given back: a client that has its
        // answer finds room for its next request. Kestrel flushes the end of what is chunked, as JSON is, and only that.
        if (await ServeAsync(context, norm) && context.Response.ContentLength is not null)
        {
            _ = await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    // Whether there is a result.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ServeAsync(HttpContext context, NormKind norm)
    {
        long start = Stopwatch.GetTimestamp();
        int status = StatusCodes.Status500InternalServerError;
        bool entered = gate.TryEnter();
        NormRequest? request = null;
        try
        {
            RequestProblem? problem;
            if (entered)
            {
                request = requests.Get();
                problem = await RunAsync(context, norm, request);
            }
            else
            {
                problem = new(
                    StatusCodes.Status503ServiceUnavailable,
                    $"{_limits.MaxConcurrentRequests} requests are being worked on, and more are not taken.")
                {
                    RetryAfter = _limits.RetryAfter,
                };
            }

            status = problem?.Status ?? StatusCodes.Status200OK;
            if (problem is not null)
            {
                await RefuseAsync(context, norm, problem);
            }

            return problem is null;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Nobody to tell: the client has gone, or did not take its result in time. Half a result must not look like
            // a whole one.
            status = ClientClosedRequest;
            Log.ClientGone(logger, NameOf(norm));
            context.Abort();
            return false;
        }
        finally
        {
            bool succeeded = status == StatusCodes.Status200OK;
            metrics.CountRequest(
                norm, status, Stopwatch.GetTimestamp() - start, succeeded ? request!.Received : 0,
                succeeded ? request!.Sent : 0, succeeded ? request!.Batch.Rows : 0);
            if (request is not null)
            {
                requests.Return(request);
            }

            if (entered)
            {
                gate.Exit();
            }
        }
    }

    // What is wrong with the request, or null if the result is on its way.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RequestProblem?> RunAsync(HttpContext context, NormKind norm, NormRequest request)
    {
        if (TensorForms.OfContent(context.Request, out TensorForm given) is { } unsupported)
        {
            return unsupported;
        }

        if (TensorForms.OfAccept(context.Request, given, out TensorForm wanted) is { } notAcceptable)
        {
            return notAcceptable;
        }

        if (context.Request.ContentLength > _limits.MaxBodyBytes)
        {
            return RequestProblem.TooLarge(_limits.MaxBodyBytes);
        }

        if (BatchQuery.Parse(context.Request.QueryString.Value, out BatchQuery query) is { } badQuery)
        {
            return badQuery;
        }

        int dimension = query.Dimension ?? options.Dimension;
        if (WrongDimension(norm, dimension) is { } wrongDimension)
        {
            return wrongDimension;
        }

        CancellationToken token = request.Deadline.Start(_limits.RequestTimeout, context.RequestAborted);
        bool isRead = false;
        try
        {
            request.Batch.Begin(query.Type, dimension);
            if (await request.ReadAsync(context.Request, given, query, _limits, token) is { } badBody)
            {
                return badBody;
            }

            isRead = true;
            return Run(norm, request.Batch, wanted) ?? await request.WriteAsync(context.Response, wanted, token);
        }
        catch (BadHttpRequestException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Too large, too slow, cut short, or not HTTP: the server said so while the body was read.
            return e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? RequestProblem.TooLarge(_limits.MaxBodyBytes)
                : new(e.StatusCode, e.Message) { ClosesConnection = true };
        }
        catch (OperationCanceledException) when (
            !context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            Log.TimedOut(logger, NameOf(norm), _limits.RequestTimeout);
            return isRead
                ? new(StatusCodes.Status503ServiceUnavailable, $"The result was not ready in {_limits.RequestTimeout}.")
                {
                    RetryAfter = _limits.RetryAfter,
                    ClosesConnection = true,
                }
                : new(
                    StatusCodes.Status408RequestTimeout,
                    $"The body had not come in full in {_limits.RequestTimeout}.")
                {
                    ClosesConnection = true,
                };
        }
    }

    // The kernel path: nothing in it allocates managed memory, and a metric says if it ever does.
    private RequestProblem? Run(NormKind norm, Batch batch, TensorForm wanted)
    {
        if (batch.HasResidual && norm == NormKind.L2Normalize)
        {
            return RequestProblem.Bad($"{NameOf(norm)} takes no residual.");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        norms.Run(norm, batch);
        long ticks = Stopwatch.GetTimestamp() - start;
        metrics.CountNorm(norm, ticks, GC.GetAllocatedBytesForCurrentThread() - allocated);
        return wanted == TensorForm.Json && batch.TryFindNonFinite(out BatchTensor tensor, out int row, out int column)
            ? RequestProblem.At(
                tensor, row, column, "the result is not finite, which JSON cannot say; octets can",
                StatusCodes.Status422UnprocessableEntity)
            : null;
    }

    private RequestProblem? WrongDimension(NormKind norm, int dimension) =>
        norm != NormKind.L2Normalize
            ? dimension == options.Dimension
                ? null
                : RequestProblem.Bad($"The model has {options.Dimension} columns; the query says {dimension}.")
            : dimension <= Math.Max(_limits.MaxDimension, options.Dimension)
                ? null
                : RequestProblem.Bad($"A request may have {_limits.MaxDimension} columns; the query says {dimension}.");

    private Task RefuseAsync(HttpContext context, NormKind norm, RequestProblem problem)
    {
        Log.Refused(logger, NameOf(norm), problem.Status, problem.Detail);
        return Problems.WriteAsync(context, problem);
    }
}
