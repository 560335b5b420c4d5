using System;
using System.Threading;

namespace NormKernels.SampleServer.Requests;

/// <summary>The time a request has; used by one request after the other, without allocating.</summary>
internal sealed class Deadline : IDisposable
{
    private CancellationTokenSource _source = new();
    private CancellationTokenRegistration _aborted;

    /// <summary>Starts it.</summary>
    /// <param name="time">How long the request may take.</param>
    /// <param name="aborted">The client has gone.</param>
    /// <returns>Either of the two.</returns>
    public CancellationToken Start(TimeSpan time, CancellationToken aborted)
    {
        _source.CancelAfter(time);
        _aborted = aborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        return _source.Token;
    }

    /// <summary>Stops it, however far it is.</summary>
    public void Stop()
    {
        _aborted.Dispose();
        _aborted = default;
        if (!_source.TryReset())
        {
            _source.Dispose();
            _source = new();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _aborted.Dispose();
        _source.Dispose();
    }
}
