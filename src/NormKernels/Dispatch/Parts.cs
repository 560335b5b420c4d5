using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels.Dispatch;

/// <summary>
/// Runs the parts of a call on several threads: ranges of parts, which are independent, then the sums over all of them.
/// Native code has cut the call up by its shape alone, so that no number of threads changes a bit.
/// </summary>
internal static unsafe class Parts
{
    /// <summary>Makes the call, on the calling thread alone if the degree is 1.</summary>
    /// <param name="parameters">Complete, with a stage of 0 (all of the call).</param>
    /// <param name="entry">The native entry.</param>
    /// <param name="count">Number of parts; not looked at if the degree is 1.</param>
    /// <param name="degree">How many threads may work.</param>
    public static void Run<TParams>(
        TParams* parameters, delegate*<TParams*, nk_status> entry, long count, int degree)
        where TParams : unmanaged, IStagedParams
    {
        if (degree == 1)
        {
            Require.Success(entry(parameters));
            return;
        }

        Job<TParams> job = new() { Parameters = parameters, Entry = entry, Ranges = Ranges.ForThreads(count, degree) };
        Finish(&job, degree, &RunRange<TParams>);
    }

    /// <summary>
    /// The same where each thread needs scratch of its own: one range for each thread, and for each range its piece of
    /// the workspace.
    /// </summary>
    /// <param name="parameters">As above; workspace_size is that of one piece.</param>
    /// <param name="entry">The native entry.</param>
    /// <param name="count">Number of parts.</param>
    /// <param name="degree">How many threads may work: as many as there are pieces.</param>
    public static void RunInPieces<TParams>(
        TParams* parameters, delegate*<TParams*, nk_status> entry, long count, int degree)
        where TParams : unmanaged, IPiecedParams
    {
        if (degree == 1)
        {
            Require.Success(entry(parameters));
            return;
        }

        Job<TParams> job = new() { Parameters = parameters, Entry = entry, Ranges = new(count, degree) };
        Finish(&job, degree, &RunRangeInItsPiece<TParams>);
    }

    /// <summary>Keeps an answer that is an error, from whichever thread it comes.</summary>
    public static void Report(ref int status, nk_status answer)
    {
        if (answer != nk_status.NK_OK)
        {
            status = (int)answer;
        }
    }

    private static void Finish<TParams>(Job<TParams>* job, int degree, delegate*<void*, long, void> body)
        where TParams : unmanaged, IStagedParams
    {
        RowBlocks.Run(job->Ranges.Count, degree, body, job);
        Require.Success((nk_status)job->Status);
        job->Parameters->SetStage(nk_stage.NK_STAGE_SUMS, 0, 0);
        Require.Success(job->Entry(job->Parameters));
    }

    private static void RunRange<TParams>(void* state, long range)
        where TParams : unmanaged, IStagedParams
    {
        Job<TParams>* job = (Job<TParams>*)state;
        TParams p = *job->Parameters;
        (long begin, long end) = job->Ranges[range];
        p.SetStage(nk_stage.NK_STAGE_PARTS, begin, end);
        Report(ref job->Status, job->Entry(&p));
    }

    private static void RunRangeInItsPiece<TParams>(void* state, long range)
        where TParams : unmanaged, IPiecedParams
    {
        Job<TParams>* job = (Job<TParams>*)state;
        TParams p = *job->Parameters;
        (long begin, long end) = job->Ranges[range];
        p.SetStage(nk_stage.NK_STAGE_PARTS, begin, end);
        p.SetPiece(range);
        Report(ref job->Status, job->Entry(&p));
    }

    private struct Job<TParams>
        where TParams : unmanaged
    {
        public TParams* Parameters;
        public delegate*<TParams*, nk_status> Entry;
        public Ranges Ranges;
        public int Status;
    }
}
