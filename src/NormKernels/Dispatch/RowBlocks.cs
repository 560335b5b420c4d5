using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;

namespace NormKernels.Dispatch;

/// <summary>
/// Runs a body over numbered blocks on the calling thread and, if wanted, threads of the .NET thread pool. The caller
/// works too and waits for blocks only, never for a thread to become free, so a starved pool slows nothing down and
/// calls from pool threads cannot lock one another out. Nothing is allocated once the jobs of this process have been
/// made: they are kept and used again.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "Jobs live as long as the process; the event holds no handle unless one is asked for.")]
internal sealed unsafe class RowBlocks : IThreadPoolWorkItem
{
    // Jobs at rest. More calls at once than there are places just make jobs that are dropped afterwards.
    private static readonly RowBlocks?[] Idle = new RowBlocks?[64];

    // Work items that the pool has not begun yet, of all calls. A pool that has no thread to spare gets no more of them:
    // calls then run on their own thread alone, and neither the queue nor the number of jobs grows.
    private const int MostWaiting = 64;
    private static int _waiting;

    private readonly ManualResetEventSlim _done = new();
    private delegate*<void*, long, void> _body;
    private void* _state;
    private long _count;
    private long _next;
    private long _finished;
    private int _references;

    /// <summary>Calls <c>body(state, block)</c> once for every block of [0, count), in any order.</summary>
    /// <param name="count">Number of blocks.</param>
    /// <param name="degree">How many threads may work, the calling one included.</param>
    /// <param name="body">Must not throw.</param>
    /// <param name="state">Passed on; need only live until this returns.</param>
    public static void Run(long count, int degree, delegate*<void*, long, void> body, void* state)
    {
        int helpers = Math.Min((int)Math.Min(degree, count) - 1, MostWaiting - Volatile.Read(ref _waiting));
        if (helpers <= 0)
        {
            for (long block = 0; block < count; block++)
            {
                body(state, block);
            }

            return;
        }

        RowBlocks job = Take();
        job._body = body;
        job._state = state;
        job._count = count;
        job._next = 0;
        job._finished = 0;
        job._done.Reset();
        // One for the caller and one for each work item, however late it runs: only the last gives the job back.
        Volatile.Write(ref job._references, helpers + 1);
        _ = Interlocked.Add(ref _waiting, helpers);
        for (int i = 0; i < helpers; i++)
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(job, preferLocal: false);
        }

        job.Work();
        job._done.Wait();
        job.Release();
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        _ = Interlocked.Decrement(ref _waiting);
        Work();
        Release();
    }

    private static RowBlocks Take()
    {
        foreach (ref RowBlocks? place in Idle.AsSpan())
        {
            if (place is not null && Interlocked.Exchange(ref place, null) is { } job)
            {
                return job;
            }
        }

        return new RowBlocks();
    }

    private void Work()
    {
        while (true)
        {
            long block = Interlocked.Increment(ref _next) - 1;
            if (block >= _count)
            {
                return;
            }

            _body(_state, block);
            if (Interlocked.Increment(ref _finished) == _count)
            {
                _done.Set();
            }
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
        {
            return;
        }

        foreach (ref RowBlocks? place in Idle.AsSpan())
        {
            if (place is null && Interlocked.CompareExchange(ref place, this, null) is null)
            {
                return;
            }
        }
    }
}
