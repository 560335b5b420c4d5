using System;
using System.Collections.Generic;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Interop;
using NormKernels.Peers;

namespace NormKernels.Cli.Peers;

/// <summary>
/// The table of what the CPU kernels are to reach, one entry for each line: one thread and float32 unless said. Peers
/// run turn about with ours (<see cref="Timing"/>), outputs are compared, and each peer has its best case: outputs
/// allocated before, primitives made before.
/// </summary>
internal sealed partial class PeerTable(TorchPeer? torch)
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(0.35);

    /// <summary>The lines, to be measured one after another.</summary>
    public IEnumerable<Func<PeerResult>> Lines()
    {
        foreach ((string op, double target) in new[] { ("rms_norm", 0.95), ("layer_norm", 0.93), ("add_rms_norm", 0.90) })
        {
            yield return () => AgainstCopy(op, "forward", 16384, 4096, target);
        }

        yield return InPlace;
        yield return () => AgainstCopy("rms_norm", "backward", 16384, 4096, 0.85);
        yield return () => AgainstCopy("layer_norm", "backward", 16384, 4096, 0.85);
        yield return () => AgainstCopy("rms_norm", "forward", 16384, 4096, 0.9, threads: -1);
        yield return () => AgainstCopy("layer_norm", "backward", 16384, 4096, 0.9, threads: -1);
        foreach (long rows in new long[] { 4, 64 })
        {
            foreach ((string op, double naive) in new[] { ("rms_norm", 2.5), ("layer_norm", 2.0) })
            {
                yield return () => AgainstComposition(op, rows, 1024);
                yield return () => AgainstNaive(op, rows, 1024, naive);
            }
        }

        foreach ((long rows, long cols) in new (long, long)[] { (256, 768), (1024, 1024), (4096, 4096) })
        {
            yield return () => AgainstOneDnn("forward", rows, cols);
            yield return () => AgainstOneDnn("backward", rows, cols);
        }

        yield return () => GroupNormAgainstOneDnn([16, 64, 56, 56], 32);
        foreach ((string verb, double target) in new[] { ("forward", 2.0), ("backward", 2.0) })
        {
            yield return () => AgainstTorch($"layer_norm {verb}", [1024, 1024], target);
            yield return () => AgainstTorch($"group_norm {verb}", [16, 64, 56, 56], target);
            yield return () => AgainstTorch($"group_norm {verb}", [16, 512, 7, 7], target);
            yield return () => AgainstTorch($"batch_norm {verb}", [16, 64, 56, 56], target);
        }

        yield return () => AgainstTorch("batch_norm statistics", [16, 64, 56, 56], 5.0);
        foreach (CaseDtype dtype in new[] { CaseDtype.BFloat16, CaseDtype.Float16 })
        {
            yield return () => AgainstFloat32("rms_norm", dtype);
            yield return () => AgainstFloat32("layer_norm", dtype);
        }

        foreach (string op in new[] { "rms_norm", "layer_norm" })
        {
            yield return () => JvpAgainstForward(op, 64, 1024);
            yield return () => JvpAgainstForward(op, 16384, 4096);
        }

        yield return CallOverhead;
        yield return CallAllocation;
    }

    private static PeerResult AgainstCopy(
        string op, string verb, long rows, long cols, double target, int threads = 1)
    {
        using Benchmark ours = Ready(op, verb, rows, cols, CaseDtype.Float32, threads);
        string peer = threads == 1 ? "copy" : "copy, all threads";
        return Compared($"{op} {verb} {rows}x{cols}", peer, target, ours.Check(), () =>
        {
            using MemoryCopy copy = new(ours.BytesMoved, threads);
            return Ratio(ours.Run, copy.Run);
        });
    }

    private static PeerResult AgainstComposition(string op, long rows, long cols)
    {
        using Benchmark ours = Ready(op, "forward", rows, cols);
        return Compared(
            $"{op} forward {rows}x{cols}", "TensorPrimitives", 4, ours.Check(),
            () => Ratio(ours.Run, ours.Compose, ours.BytesMoved));
    }

    private static PeerResult AgainstFloat32(string op, CaseDtype dtype)
    {
        using Benchmark ours = Ready(op, "forward", 16384, 4096, dtype);
        using Benchmark wide = Ready(op, "forward", 16384, 4096);
        return Compared(
            $"{op} forward 16384x4096 {Commands.Names.Of(dtype)}", "f32", 1.8, ours.Check(),
            () => Ratio(ours.Run, wide.Run, ours.BytesMoved));
    }

    private static PeerResult JvpAgainstForward(string op, long rows, long cols)
    {
        using Benchmark jvp = Ready(op, "jvp", rows, cols);
        using Benchmark forward = Ready(op, "forward", rows, cols);
        return Compared(
            $"{op} jvp {rows}x{cols}, time", "forward", 1.5, jvp.Check(),
            () => Ratio(forward.Run, jvp.Run, jvp.BytesMoved), atMost: true);
    }

    // Half the traffic of a copy to y: each line is read and written where it lies.
    private static PeerResult InPlace()
    {
        const long rows = 16384, cols = 4096;
        using PeerTensors t = new(rows * cols, cols, rows, 0, outOfCache: true);
        RowShape shape = new(rows, cols);
        using MemoryCopy copy = new(2 * rows * cols * sizeof(float), threads: 1);
        return Compared($"rms_norm forward {rows}x{cols} in place", "copy", 1.4, wrong: null, () => Ratio(
            () => RmsNorm.Forward<float>(t.First.X.Span, t.First.X.Span, shape, t.Weight.Span), copy.Run));
    }

    private static unsafe PeerResult CallOverhead()
    {
        const int cols = 256;
        using PeerTensors t = new(cols, cols, 1, 0, outOfCache: false);
        RowShape shape = new(1, cols);
        (NativeBuffer<float> xs, NativeBuffer<float> ys, NativeBuffer<float> weights) =
            (t.First.X, t.First.Y, t.Weight);
        fixed (float* x = xs.Span, y = ys.Span, weight = weights.Span)
        {
            nk_row_norm_forward_params p = new()
            {
                struct_size = (ulong)sizeof(nk_row_norm_forward_params),
                rows = 1,
                cols = cols,
                epsilon = PeerTensors.Epsilon,
                x = x,
                y = y,
                weight = weight,
            };
            nk_row_norm_forward_params* kernel = &p;
            Action call = () => RmsNorm.Forward<float>(xs.Span, ys.Span, shape, weights.Span);
            Action alone = () => NkRowNorm.nk_rms_norm_forward_short(kernel);

            // Twice: for the first half second or so the two are compiled for a quick start.
            _ = Timing.Measure(Budget, Timing.NoWait, call, alone);
            Timing timing = Timing.Measure(Budget, Timing.NoWait, call, alone);
            double overhead = timing.Seconds[0] * (1 - timing.RatiosToFirst[1]) * 1e9;
            return new($"rms_norm forward 1x{cols}, safe call", "the kernel", 20, true, "ns", overhead, null, false);
        }
    }

    private static PeerResult CallAllocation()
    {
        using Benchmark ours = Ready("rms_norm", "forward", 1, 256);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            ours.Run();
        }

        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0;
        return new("rms_norm forward 1x256, safe call", "-", 0, true, "B", bytes, null, false);
    }

    private static Benchmark Ready(
        string op, string verb, long rows, long cols, CaseDtype dtype = CaseDtype.Float32, int threads = 1)
    {
        ComputeTarget target = new(BackendKind.Cpu, dtype, new CpuOptions { MaxDegreeOfParallelism = threads });
        Benchmark benchmark = target.CreateBenchmark(OperationRegistry.Find(op)!, verb, rows, cols);
        benchmark.Prepare();
        benchmark.Run();
        return benchmark;
    }

    // The time of the second in those of the first; and that of a copy that moves as many bytes, where it tells anything.
    // It runs before each, or the second would find in the cache what the first has brought there.
    private static Timing Ratio(Action first, Action second, long bytesMoved = 0)
    {
        if (bytesMoved == 0)
        {
            return Timing.Measure(Budget, Timing.NoWait, first, second);
        }

        using MemoryCopy copy = new(bytesMoved, threads: 1);
        return Timing.Measure(Budget, Timing.NoWait, first, copy.Run, second, copy.Run);
    }

    // What is measured is ours and the peer, or ours, a copy, the peer and the copy again.
    private static PeerResult Compared(
        string name, string peer, double target, string? wrong, Func<Timing> measure, bool atMost = false)
    {
        if (wrong is not null)
        {
            return new(name, peer, target, atMost, "x", null, wrong, true);
        }

        Timing timing = measure();
        double[] ratios = timing.RatiosToFirst;
        (double measured, double? copy) = ratios.Length == 2 ? (ratios[1], (double?)null) : (ratios[2], ratios[1]);
        return new(name, peer, target, atMost, "x", measured, null, false)
        {
            Seconds = timing.Seconds[0],
            AtRateOfCopy = atMost ? copy : measured / copy,
        };
    }

    private static PeerResult Absent(string name, string peer, double target, string why) =>
        new(name, peer, target, false, "x", null, why, false);
}
