using System;
using System.Threading.Tasks;

using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Benchmarking;

/// <summary>
/// A copy that moves a given number of bytes, half of them read and half written: what a call that does the same cannot
/// beat once the data lies outside the caches.
/// </summary>
internal interface ICopy : IDisposable
{
    /// <summary>Copies; on a device the copy is enqueued.</summary>
    void Run();

    /// <summary>Waits for what has been enqueued.</summary>
    void Wait();
}

/// <summary>A copy by the processor.</summary>
internal sealed class MemoryCopy : ICopy
{
    // As little a thread as the library gives one.
    private const long BytesPerThread = 192 * 1024;

    private readonly NativeArena _arena = new();
    private readonly NativeBuffer<long> _from;
    private readonly NativeBuffer<long> _to;
    private readonly int _threads;

    /// <summary>Allocates both sides.</summary>
    /// <param name="bytesMoved">Bytes read and written together.</param>
    /// <param name="threads">Threads that copy; -1 for as many as there are processors.</param>
    public MemoryCopy(long bytesMoved, int threads)
    {
        long elements = Math.Max(1, bytesMoved / (2 * sizeof(long)));
        _from = _arena.Allocate<long>(elements);
        _to = _arena.Allocate<long>(elements);
        int wanted = threads == -1 ? Environment.ProcessorCount : Math.Max(1, threads);
        _threads = (int)Math.Min(wanted, 1 + elements * sizeof(long) / BytesPerThread);
    }

    /// <inheritdoc/>
    public void Wait()
    {
    }

    /// <inheritdoc/>
    public void Run()
    {
        if (_threads == 1)
        {
            _from.Span.CopyTo(_to.Span);
            return;
        }

        _ = Parallel.For(0, _threads, new ParallelOptions { MaxDegreeOfParallelism = _threads }, part =>
        {
            long length = _from.Span.Length;
            Range range = (int)(length * part / _threads)..(int)(length * (part + 1) / _threads);
            _from.Span[range].CopyTo(_to.Span[range]);
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();
}
