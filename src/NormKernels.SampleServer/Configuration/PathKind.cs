namespace NormKernels.SampleServer.Configuration;

/// <summary>What computes the norms.</summary>
internal enum PathKind
{
    /// <summary>The native kernels of NormKernels.</summary>
    Native,

    /// <summary>One call of TensorPrimitives after the other; there for comparison alone.</summary>
    Managed,
}
