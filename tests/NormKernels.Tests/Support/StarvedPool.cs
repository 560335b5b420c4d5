using System;
using System.Threading;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.Support;

/// <summary>The .NET thread pool without a free thread, until disposed. For tests that run alone.</summary>
internal sealed class StarvedPool : IDisposable
{
    // Never disposed: a pool thread may come to it late.
    private static readonly ManualResetEventSlim _release = new();
    private readonly int _most;
    private readonly int _ports;

    public StarvedPool()
    {
        _release.Reset();
        ThreadPool.GetMaxThreads(out _most, out _ports);
        ThreadPool.GetMinThreads(out int least, out _);
        Assert.IsTrue(ThreadPool.SetMaxThreads(least, _ports));
        for (int i = 0; i < least; i++)
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(_ => _release.Wait(), null);
        }

        Assert.IsTrue(SpinWait.SpinUntil(NoThreadIsFree, TimeSpan.FromSeconds(30)), "the pool has a free thread");
    }

    public void Dispose()
    {
        _release.Set();
        ThreadPool.SetMaxThreads(_most, _ports);
    }

    private static bool NoThreadIsFree()
    {
        ThreadPool.GetAvailableThreads(out int free, out _);
        return free <= 0;
    }
}
