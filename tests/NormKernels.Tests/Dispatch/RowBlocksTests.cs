using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Dispatch;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Dispatch;

/// <summary>Every block is run exactly once, whoever else is at work.</summary>
[TestClass]
public sealed unsafe class RowBlocksTests
{
    [TestMethod]
    public void Every_block_is_run_once()
    {
        for (int degree = 1; degree <= 16; degree++)
        {
            for (int count = 0; count <= 1000; count++)
            {
                RunAndCheck(count, degree);
            }
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(-1)]
    [DataRow(int.MaxValue)]
    public void Any_degree_will_do(int degree) => RunAndCheck(37, degree);

    [TestMethod]
    public void Calls_may_be_nested()
    {
        Span<int> runs = stackalloc int[64 * 16];
        runs.Clear();
        fixed (int* counters = runs)
        {
            RowBlocks.Run(16, 8, &CountNested, counters);
        }

        Assert.IsFalse(runs.ContainsAnyExcept(1));
    }

    [TestMethod]
    public void Many_callers_at_once()
    {
        // More than there are places for jobs at rest.
        Task[] callers =
        [
            .. Enumerable.Range(0, 100).Select(caller => Task.Factory.StartNew(
                () =>
                {
                    for (int i = 0; i < 300; i++)
                    {
                        RunAndCheck((i + caller) % 65, 2 + (i + caller) % 7);
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        Task.WaitAll(callers);
    }

    [TestMethod]
    public void Pool_threads_may_call() =>
        Parallel.For(0, 2000, i => RunAndCheck(i % 50, 1 + i % 16));

    [TestMethod]
    [DoNotParallelize]
    public void A_pool_without_a_free_thread_holds_nothing_up()
    {
        int[] runs = new int[200];
        using (new StarvedPool())
        {
            Task caller = Task.Factory.StartNew(
                () => RunAndCheck(1000, 16),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            Assert.IsTrue(caller.Wait(TimeSpan.FromSeconds(30)), "the call waits for the pool");
            Count(runs);
        }

        // The helpers of these calls run only now, and must find nothing to do.
        Thread.Sleep(50);
        Assert.IsTrue(runs.All(run => run == 1));
        RunAndCheck(1000, 16);
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_pool_without_a_free_thread_makes_no_call_allocate()
    {
        int[] runs = new int[40];
        using (new StarvedPool())
        {
            Repeat(200, runs);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(1000, runs);
            Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.IsTrue(runs.All(run => run == 1200));

        static void Repeat(int times, int[] runs)
        {
            for (int i = 0; i < times; i++)
            {
                Count(runs);
            }
        }
    }

    private static void Count(int[] runs)
    {
        fixed (int* counters = runs)
        {
            RowBlocks.Run(runs.Length, 8, &CountBlock, counters);
        }
    }

    private static void RunAndCheck(int count, int degree)
    {
        int[] runs = new int[count];
        fixed (int* counters = runs)
        {
            RowBlocks.Run(count, degree, &CountBlock, counters);
        }

        Assert.IsFalse(runs.AsSpan().ContainsAnyExcept(1), $"{count} blocks at degree {degree}");
    }

    private static void CountBlock(void* state, long block) => Interlocked.Increment(ref ((int*)state)[block]);

    private static void CountNested(void* state, long block) =>
        RowBlocks.Run(64, 4, &CountBlock, (int*)state + block * 64);
}
