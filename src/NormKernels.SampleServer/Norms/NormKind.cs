namespace NormKernels.SampleServer.Norms;

/// <summary>The norms that are served.</summary>
internal enum NormKind
{
    /// <summary>RMSNorm, with or without a residual.</summary>
    RmsNorm,

    /// <summary>LayerNorm, with or without a residual.</summary>
    LayerNorm,

    /// <summary>Division by the Euclidean norm.</summary>
    L2Normalize,
}
