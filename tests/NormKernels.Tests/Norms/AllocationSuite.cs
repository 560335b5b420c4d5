using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>A call allocates nothing, once the code has been compiled and threads have been started.</summary>
public abstract class AllocationSuite : NormSuite
{
    private const int Calls = 20;

    private static readonly TimeSpan _attempt = TimeSpan.FromMilliseconds(20);

    private protected AllocationSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    [DoNotParallelize]
    public void One_thread_allocates_nothing()
    {
        foreach (Problem full in FullProblems(Norm.Shapes.Small))
        {
            Problem[] problems = [full, full.Without(Optional(full))];
            foreach (Problem problem in problems)
            {
                using Execution execution = new(problem, new());
                Assert.AreEqual(0, LeastAllocated(execution.Call, GC.GetAllocatedBytesForCurrentThread), $"{problem}");
            }
        }
    }

    [TestMethod]
    [DoNotParallelize]
    [DataRow(2)]
    [DataRow(4)]
    [DataRow(8)]
    public void Many_threads_allocate_nothing(int threads)
    {
        // Real threads, however few processors there are.
        ThreadPool.GetMinThreads(out int least, out int ports);
        Assert.IsTrue(ThreadPool.SetMinThreads(Math.Max(least, 16), ports));
        try
        {
            foreach (Problem problem in FullProblems(Norm.Shapes.Parallel))
            {
                using Execution execution = new(problem, new() { Threads = threads });
                long allocated = LeastAllocated(execution.Call, () => GC.GetTotalAllocatedBytes(precise: true));
                Assert.AreEqual(0, allocated, $"{problem} on {threads} threads");
            }
        }
        finally
        {
            ThreadPool.SetMinThreads(least, ports);
        }
    }

    private static string[] Optional(Problem problem) =>
        [.. problem.Arguments.Where(a => a.Optional && a.Role != Role.Scratch).Select(a => a.Name)];

    // The least of some attempts: what a call allocates it allocates every time, while the test host (168 bytes every
    // 100 ms), a thread that starts or code that is compiled anew do so now and then. So attempts are short.
    private static long LeastAllocated(Action call, Func<long> allocated)
    {
        call();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 100 && least != 0; attempt++)
        {
            long before = allocated();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls && Stopwatch.GetElapsedTime(start) < _attempt; i++)
            {
                call();
            }

            least = Math.Min(least, allocated() - before);
        }

        return least;
    }
}
