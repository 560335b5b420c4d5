using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

using NormKernels.Cli.Benchmarking;
using NormKernels.Peers;

namespace NormKernels.Cli.Peers;

// The lines that hold ours against other code on the same tensors.
internal sealed partial class PeerTable
{
    // From here on two tensors are larger than the caches that a processor has for itself.
    private const long LargestInCache = 1 << 20;

    internal static PeerResult AgainstNaive(string op, long rows, long cols, double target)
    {
        const string peer = "one accumulator, AVX2";
        string name = $"{op} forward {rows}x{cols}";
        if (!NativePeers.HasNaive)
        {
            return Absent(name, peer, target, "the library of peers is not there, or the processor has no AVX2");
        }

        using PeerTensors t = new(rows * cols, cols, rows, 0, outOfCache: false);
        RowShape shape = new(rows, cols);
        Action ours = op == "rms_norm"
            ? () => RmsNorm.Forward<float>(t.First.X.Span, t.First.Y.Span, shape, t.Weight.Span, epsilon: PeerTensors.Epsilon)
            : () => LayerNorm.Forward<float>(
                t.First.X.Span, t.First.Y.Span, shape, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon);
        Action theirs = op == "rms_norm"
            ? () => NativePeers.NaiveRmsNorm(
                t.First.X.Span, t.PeerOutput.Span, t.Weight.Span, rows, PeerTensors.Epsilon)
            : () => NativePeers.NaiveLayerNorm(
                t.First.X.Span, t.PeerOutput.Span, t.Weight.Span, t.Bias.Span, rows, PeerTensors.Epsilon);
        ours();
        theirs();
        return Compared(
            name, peer, target, PeerTensors.Difference(t.First.Y.Span, t.PeerOutput.Span),
            () => Ratio(ours, theirs, t.BytesOf(2)));
    }

    internal static PeerResult AgainstOneDnn(string verb, long rows, long cols)
    {
        bool forward = verb == "forward", cached = rows * cols <= LargestInCache;
        bool old = NativePeers.OneDnnVersion?.StartsWith("2.", StringComparison.Ordinal) ?? true;
        double target = !cached ? (forward ? 1.1 : 1.3) : old ? (forward ? 2.5 : 2.0) : (forward ? 1.3 : 1.5);
        RowShape shape = new(rows, cols);
        using PeerTensors t = new(
            rows * cols, cols, rows, LayerNorm.BackwardWorkspaceSize(shape), outOfCache: !cached);
        LayerNorm.Forward<float>(
            t.First.X.Span, t.First.Y.Span, shape, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon, t.Mean.Span,
            t.Rstd.Span);
        return AgainstOneDnn(
            $"layer_norm {verb} {rows}x{cols}", target, t, forward ? 2 : 3, OneOf,
            (set, output) => forward
                ? OneDnnCall.LayerNormForward(
                    set.X.Span, output, t.Weight.Span, t.Bias.Span, t.Mean.Span, t.Variance.Span, PeerTensors.Epsilon)
                : OneDnnCall.LayerNormBackward(
                    set.Dy.Span, set.X.Span, output, t.Weight.Span, t.Mean.Span, t.Variance.Span, t.Dweight.Span,
                    t.Dbias.Span, PeerTensors.Epsilon));

        void OneOf(PeerTensors.Set set)
        {
            if (forward)
            {
                LayerNorm.Forward<float>(
                    set.X.Span, set.Y.Span, shape, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon, t.Mean.Span,
                    t.Rstd.Span);
            }
            else
            {
                LayerNorm.Backward<float>(
                    set.Dy.Span, set.X.Span, set.Y.Span, shape, t.Weight.Span, PeerTensors.Epsilon, t.Mean.Span,
                    t.Rstd.Span, t.Dweight.Span, t.Dbias.Span, t.Workspace.Span);
            }
        }
    }

    internal static PeerResult GroupNormAgainstOneDnn(long[] sizes, int groups)
    {
        ChannelShape shape = ChannelShape.Of(sizes);
        long count = sizes.Aggregate(1L, (product, axis) => product * axis);
        using PeerTensors t = new(
            count, sizes[1], sizes[0] * groups, GroupNorm.WorkspaceSize(shape, groups), outOfCache: false);
        GroupNorm.Forward<float>(
            t.First.X.Span, t.First.Y.Span, shape, groups, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon, t.Mean.Span,
            t.Rstd.Span);
        return AgainstOneDnn(
            $"group_norm backward {string.Join('x', sizes)}", 5, t, 3,
            set => GroupNorm.Backward<float>(
                set.Dy.Span, set.X.Span, set.Y.Span, shape, groups, t.Weight.Span, PeerTensors.Epsilon, t.Mean.Span,
                t.Rstd.Span, t.Dweight.Span, t.Dbias.Span, t.Workspace.Span),
            (set, output) => OneDnnCall.GroupNormBackward(
                set.Dy.Span, set.X.Span, output, sizes, groups, t.Weight.Span, t.Mean.Span, t.Variance.Span,
                t.Dweight.Span, t.Dbias.Span, PeerTensors.Epsilon));
    }

    // A call of oneDNN that writes the output it is given.
    private delegate OneDnnCall? OneDnnMake(PeerTensors.Set set, Span<float> output);

    // `t` holds the statistics of forward; `tensors` says how many of its tensors a call reads and writes.
    private static PeerResult AgainstOneDnn(
        string name, double target, PeerTensors t, int tensors, Action<PeerTensors.Set> ours, OneDnnMake make)
    {
        string peer = $"oneDNN {NativePeers.OneDnnVersion}".TrimEnd();
        if (NativePeers.OneDnnVersion is null)
        {
            return Absent(name, peer, target, "it was not there when this was built (Debian: libdnnl-dev)");
        }

        for (int i = 0; i < t.Rstd.Span.Length; i++)
        {
            t.Variance.Span[i] = 1 / (t.Rstd.Span[i] * t.Rstd.Span[i]) - PeerTensors.Epsilon;
        }

        OneDnnCall?[] calls = new OneDnnCall?[t.Sets];
        try
        {
            for (int i = 0; i < calls.Length; i++)
            {
                // With several sets their output may go over ours, which has been compared by then.
                calls[i] = make(t[i], i == 0 ? t.PeerOutput.Span : t[i].Y.Span);
                if (calls[i] is null)
                {
                    return Absent(name, peer, target, "it has no such primitive");
                }
            }

            int next = 0;
            calls[0]!.Run();
            ours(t.First);
            return Compared(name, peer, target, PeerTensors.Difference(t.First.Y.Span, t.PeerOutput.Span), () => Ratio(
                () => ours(t.Next()), () => calls[next = (next + 1) % calls.Length]!.Run(), t.BytesOf(tensors)));
        }
        finally
        {
            foreach (OneDnnCall? call in calls)
            {
                call?.Dispose();
            }
        }
    }

    internal PeerResult AgainstTorch(string name, long[] shape, double target)
    {
        string title = $"{name} {string.Join('x', shape)}", peer = $"PyTorch {torch?.Version}".TrimEnd();
        if (torch is null)
        {
            return Absent(title, peer, target, "no Python here has it (Debian: python3-torch)");
        }

        const int groups = 32;
        using TorchCase ours = new(name, shape, groups);
        string folder = Directory.CreateTempSubdirectory("normkernels-peers-").FullName;
        try
        {
            ours.Tensors.Save(folder);
            ours.Run();
            torch.Prepare(name, shape, groups, folder);
            ReadOnlySpan<float> theirs =
                MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, "result.f32")));
            string? wrong = PeerTensors.Difference(ours.Result, theirs);
            using MemoryCopy copy = new(ours.BytesMoved, threads: 1);
            return Compared(
                title, peer, target, wrong,
                () => Timing.Measure(Budget, Timed(ours.Run), Timed(copy.Run), torch.Run, Timed(copy.Run)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static Func<int, double> Timed(Action call) => batch => Timing.SecondsFor(call, Timing.NoWait, batch);
    }
}
