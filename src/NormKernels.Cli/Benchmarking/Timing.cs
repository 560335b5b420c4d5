using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace NormKernels.Cli.Benchmarking;

/// <summary>Times several calls against one another.</summary>
/// <param name="Seconds">The median time of each call.</param>
/// <param name="RatiosToFirst">The median, over all rounds, of its time in the round divided by that of the first call
/// in the same round.</param>
internal sealed record Timing(double[] Seconds, double[] RatiosToFirst)
{
    // Shorter than this the clock and the loop would be seen.
    private const double BatchSeconds = 400e-6;

    private const int MaxBatch = 1 << 20;
    private const int MinRounds = 5;
    private const int MaxRounds = 301;

    /// <summary>For calls that are done when they return.</summary>
    public static readonly Action NoWait = static () => { };

    /// <summary>
    /// Runs the calls in turns, round after round, so that whatever slows the machine down for a while slows down all
    /// of them.
    /// </summary>
    /// <param name="budget">About how long this may take; at least a few rounds are run.</param>
    /// <param name="wait">Waits for calls that only enqueue their work; timed with each batch of them.</param>
    /// <param name="calls">The calls.</param>
    public static Timing Measure(TimeSpan budget, Action wait, params Action[] calls) =>
        Measure(budget, [.. calls.Select(call => (Func<int, double>)(batch => SecondsFor(call, wait, batch)))]);

    /// <summary>The same for calls that time themselves: each says how many seconds it took for so many times.</summary>
    public static Timing Measure(TimeSpan budget, params Func<int, double>[] calls)
    {
        int[] batches = [.. calls.Select(WarmUp)];
        List<double[]> rounds = [];
        long start = Stopwatch.GetTimestamp();
        while (rounds.Count < MinRounds
            || (rounds.Count < MaxRounds && Stopwatch.GetElapsedTime(start) < budget))
        {
            rounds.Add([.. calls.Select((call, i) => Time(call, batches[i]))]);
        }

        int[] indices = [.. Enumerable.Range(0, calls.Length)];
        return new(
            [.. indices.Select(i => Median(rounds.Select(round => round[i])))],
            [.. indices.Select(i => Median(rounds.Select(round => round[i] / round[0])))]);
    }

    // How many calls make a batch. The first calls, which load pages and compile, are not looked at.
    private static int WarmUp(Func<int, double> call)
    {
        _ = Time(call, 1);
        double once = Time(call, 1);
        if (once > BatchSeconds)
        {
            return 1;
        }

        int batch = 1;
        while (Time(call, batch) * batch < BatchSeconds && batch < MaxBatch)
        {
            batch *= 2;
        }

        return batch;
    }

    /// <summary>How many seconds a call takes for so many times, and waiting for what it enqueued.</summary>
    public static double SecondsFor(Action call, Action wait, int times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
        {
            call();
        }

        wait();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Time(Func<int, double> call, int batch) => call(batch) / batch;

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
