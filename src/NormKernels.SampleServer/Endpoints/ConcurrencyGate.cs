using System.Threading;

namespace NormKernels.SampleServer.Endpoints;

/// <summary>Lets so many requests in at a time, and the others never wait: whoever balances the load knows better
/// where they should go.</summary>
internal sealed class ConcurrencyGate(int most)
{
    private int _inside;

    /// <summary>Requests inside.</summary>
    public int InFlight => Volatile.Read(ref _inside);

    /// <summary>Lets a request in, if there is room; it has to <see cref="Exit"/>.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _inside) <= most)
        {
            return true;
        }

        Exit();
        return false;
    }

    /// <summary>A request is through.</summary>
    public void Exit() => Interlocked.Decrement(ref _inside);
}
