using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Norms;

/// <summary>What computes the norms. Any number of threads may call it at a time.</summary>
internal interface INormPath
{
    /// <summary>Norms a batch in place: the embeddings become the result, a residual becomes the sum.</summary>
    /// <exception cref="RequestException">It cannot.</exception>
    void Run(NormKind norm, Batch batch);
}
