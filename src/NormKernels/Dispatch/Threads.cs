using System;

namespace NormKernels.Dispatch;

/// <summary>How many threads a call is worth.</summary>
internal static class Threads
{
    // What a thread should have to do before a second one is worth waking: 192 KiB of one tensor.
    private const long BytesPerThread = 192 * 1024;

    /// <summary>From 1 to what the options ask for.</summary>
    /// <param name="options">Checked before.</param>
    /// <param name="count">Elements of one tensor.</param>
    /// <param name="elementSize">Bytes of an element.</param>
    /// <param name="most">Into how many pieces the work can be cut at most.</param>
    public static int For(in CpuOptions options, long count, int elementSize, long most = long.MaxValue)
    {
        int asked = options.MaxDegreeOfParallelism == -1 ? Environment.ProcessorCount : options.MaxDegreeOfParallelism;
        if (asked <= 1)
        {
            return 1;
        }

        long worth = 1 + count / (BytesPerThread / elementSize);
        return (int)Math.Max(1, Math.Min(Math.Min(asked, most), worth));
    }
}
