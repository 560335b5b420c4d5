using System;
using System.Threading;

namespace NormKernels.Layers.Memory;

/// <summary>
/// The right to write what a layer keeps. Two threads that train one layer at a time have a bug, which would show as
/// wrong numbers; so the second gets an exception instead.
/// </summary>
internal readonly ref struct TrainingTurn : IDisposable
{
    private readonly ref int _taken;

    public TrainingTurn(ref int taken)
    {
        if (Interlocked.Exchange(ref taken, 1) != 0)
        {
            throw new InvalidOperationException(
                "Another thread is in a training call of this layer. Training calls are for one thread at a time; with "
                + "IsTraining = false any number of threads may call Forward.");
        }

        _taken = ref taken;
    }

    public void Dispose() => Volatile.Write(ref _taken, 0);
}
