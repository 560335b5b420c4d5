using System;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Endpoints;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>
/// How the server stops: first it says that it is not ready and serves on for the drain delay, then Kestrel takes no
/// more connections and waits for the requests in flight.
/// </summary>
internal sealed class Lifetime(ServerOptions options, ConcurrencyGate gate, ILogger<Lifetime> logger)
    : IHostedLifecycleService
{
    private volatile bool _isStopping;

    /// <summary>Whether the server has been told to stop.</summary>
    public bool IsStopping => _isStopping;

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        LimitOptions limits = options.Limits;
        if (limits.DrainDelay > TimeSpan.Zero)
        {
            Log.Draining(logger, limits.DrainDelay);
            // Whoever cancels it is in a hurry, which is no error.
            await Task.Delay(limits.DrainDelay, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Log.Stopping(logger, gate.InFlight);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
