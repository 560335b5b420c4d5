using System;
using System.IO;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Peers;

/// <summary>
/// The tensors of one case, float32 and random, several sets of them: a case whose tensors might stay in a cache between
/// calls, and is not meant to, takes the next set with each call.
/// </summary>
internal sealed class PeerTensors : IDisposable
{
    /// <summary>Added under the root by us and by every peer.</summary>
    public const float Epsilon = 1e-5f;

    // What all sets have together at least, where a case is meant to run out of the caches: four times the largest of a
    // virtual machine's share.
    private const long BytesOutOfCache = 512L << 20;

    private readonly NativeArena _arena = new();
    private readonly Set[] _sets;
    private int _next;

    /// <summary>Allocates and fills.</summary>
    /// <param name="count">Elements of a tensor.</param>
    /// <param name="parameters">Elements of the weight and of the bias.</param>
    /// <param name="statistics">Elements of the mean and of rstd.</param>
    /// <param name="workspace">Bytes of scratch.</param>
    /// <param name="outOfCache">Whether the case is meant to run out of the caches.</param>
    public PeerTensors(long count, long parameters, long statistics, long workspace, bool outOfCache)
    {
        long bytes = 3 * count * sizeof(float);
        _sets = new Set[outOfCache ? Math.Max(1, (BytesOutOfCache + bytes - 1) / bytes) : 1];
        for (int i = 0; i < _sets.Length; i++)
        {
            _sets[i] = new(Random(count, 2 * i), Random(count, 2 * i + 1), Zeros(count));
        }

        PeerOutput = Zeros(count);
        Weight = Random(parameters, -1);
        Bias = Random(parameters, -2);
        (Dweight, Dbias) = (Zeros(parameters), Zeros(parameters));
        (Mean, Rstd, Variance) = (Zeros(statistics), Zeros(statistics), Zeros(statistics));
        Workspace = _arena.Allocate<byte>(workspace);
    }

    public NativeBuffer<float> PeerOutput { get; }

    public NativeBuffer<float> Weight { get; }

    public NativeBuffer<float> Bias { get; }

    public NativeBuffer<float> Dweight { get; }

    public NativeBuffer<float> Dbias { get; }

    public NativeBuffer<float> Mean { get; }

    public NativeBuffer<float> Rstd { get; }

    public NativeBuffer<float> Variance { get; }

    public NativeBuffer<byte> Workspace { get; }

    /// <summary>How many sets there are.</summary>
    public int Sets => _sets.Length;

    /// <summary>The first set: what outputs are compared on.</summary>
    public Set First => _sets[0];

    /// <summary>A set.</summary>
    public Set this[int index] => _sets[index];

    /// <summary>The set of the next call.</summary>
    public Set Next()
    {
        _next = _next + 1 == _sets.Length ? 0 : _next + 1;
        return _sets[_next];
    }

    /// <summary>The bytes of so many tensors of a set.</summary>
    public long BytesOf(int tensors) => (long)tensors * PeerOutput.Span.Length * sizeof(float);

    /// <summary>Whether a result is another than ours, beyond what rounding explains.</summary>
    public static string? Difference(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        float scale = Math.Abs(TensorPrimitives.MaxMagnitude(ours));
        float largest = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(ours[i] - theirs[i]));
        }

        // Not (largest > ...): NaN is a difference too.
        return largest <= 1e-4f * scale && scale > 0 ? null : $"differs by {largest:G3} of {scale:G3}";
    }

    /// <summary>Writes the first set and the parameters for a peer in another process.</summary>
    public void Save(string folder)
    {
        Write("x", First.X.Span);
        Write("dy", First.Dy.Span);
        Write("weight", Weight.Span);
        Write("bias", Bias.Span);

        void Write(string name, ReadOnlySpan<float> values) =>
            File.WriteAllBytes(Path.Combine(folder, name + ".f32"), MemoryMarshal.AsBytes(values));
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();

    private NativeBuffer<float> Zeros(long length) => _arena.Allocate<float>(length);

    private NativeBuffer<float> Random(long length, int seed)
    {
        NativeBuffer<float> buffer = Zeros(length);
        RandomTensor.Fill(buffer.Span, -1, 1, seed);
        return buffer;
    }

    /// <summary>Input, cotangent and output.</summary>
    internal sealed record Set(NativeBuffer<float> X, NativeBuffer<float> Dy, NativeBuffer<float> Y);
}
