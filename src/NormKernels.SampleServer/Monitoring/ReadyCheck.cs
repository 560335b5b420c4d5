using System.Threading;
using System.Threading.Tasks;

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>Whether new requests should be sent here: until the server is told to stop. That the norms work was found
/// out before it listened.</summary>
internal sealed class ReadyCheck(Lifetime lifetime) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            lifetime.IsStopping ? HealthCheckResult.Unhealthy("The server is stopping.") : HealthCheckResult.Healthy());
}
