using System;

namespace NormKernels.Cuda;

/// <summary>
/// CUDA refused a call, or reports that work which was enqueued before has failed. The message is CUDA's name of the
/// error and its sentence.
/// </summary>
/// <remarks>Errors of kernels, <c>cudaErrorIllegalAddress</c> for instance, are reported by some later call, and by every
/// one after it: the process has to be started again.</remarks>
public class CudaException : Exception
{
    /// <summary>An error without a name.</summary>
    public CudaException()
    {
    }

    /// <summary>An error without a name.</summary>
    public CudaException(string message)
        : base(message)
    {
    }

    /// <summary>An error without a name.</summary>
    public CudaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error.</summary>
    public CudaException(string message, string errorName)
        : base(message) => ErrorName = errorName;

    /// <summary>CUDA's name of the error, such as <c>cudaErrorMemoryAllocation</c>; empty if there is none.</summary>
    public string ErrorName { get; } = string.Empty;
}
