using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>Whether a request would be served now: the server is not stopping, and a norm gives what it should.</summary>
internal sealed class ReadyCheck(INormPath norms, TensorBufferPool buffers, Lifetime lifetime, ILogger<ReadyCheck> logger)
    : IHealthCheck
{
    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever it is, it is why the server is not ready.")]
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (lifetime.IsStopping)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("The server is stopping."));
        }

        try
        {
            return Task.FromResult(
                NormIsRight() ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("(3, 4) was not normed."));
        }
        catch (Exception e)
        {
            Log.NotReady(logger, e);
            return Task.FromResult(HealthCheckResult.Unhealthy(exception: e));
        }
    }

    private bool NormIsRight()
    {
        Batch batch = new(buffers);
        try
        {
            batch.Begin(ElementType.Float32, dimension: 2);
            batch.Reserve(used: 0, 2 * sizeof(float));
            batch.Rows = 1;
            ReadOnlySpan<float> vector = [3, 4];
            vector.CopyTo(batch.Elements<float>(BatchTensor.Embeddings));
            norms.Run(NormKind.L2Normalize, batch);
            Span<float> unit = batch.Elements<float>(BatchTensor.Embeddings);
            return MathF.Abs(unit[0] - 0.6f) < 1e-6f && MathF.Abs(unit[1] - 0.8f) < 1e-6f;
        }
        finally
        {
            batch.Clear();
        }
    }
}
