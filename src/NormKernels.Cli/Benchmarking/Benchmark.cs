using System;
using System.IO;

namespace NormKernels.Cli.Benchmarking;

/// <summary>One call that can be repeated and timed.</summary>
internal abstract class Benchmark : IDisposable
{
    /// <summary>Bytes that the call cannot avoid moving: every tensor read or written once.</summary>
    public abstract long BytesMoved { get; }

    /// <summary>Whether there is a <see cref="Compose"/>.</summary>
    public virtual bool HasComposition => false;

    /// <summary>Allocates and fills the tensors.</summary>
    /// <exception cref="InvalidDataException">They are too large.</exception>
    public abstract void Prepare();

    /// <summary>The call; on a device it is enqueued.</summary>
    public abstract void Run();

    /// <summary>Waits for what has been enqueued.</summary>
    public virtual void Wait()
    {
    }

    /// <summary>The same result by TensorPrimitives.</summary>
    public virtual void Compose() => throw new NotSupportedException();

    /// <summary>What is wrong with what <see cref="Run"/> wrote, or null: a few rows are held against the
    /// reference.</summary>
    public abstract string? Check();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the tensors.</summary>
    protected abstract void Dispose(bool disposing);
}
