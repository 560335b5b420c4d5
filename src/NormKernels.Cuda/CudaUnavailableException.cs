using System;

namespace NormKernels.Cuda;

/// <summary>
/// There is nothing here to run on: no driver (libcuda is missing), a driver that is older than what the library was
/// built with, or a driver without a device. <see cref="State"/> says which; the message gives the versions.
/// </summary>
/// <remarks>That the library itself is missing is a <see cref="DllNotFoundException"/>, which lists what was
/// probed.</remarks>
public sealed class CudaUnavailableException : CudaException
{
    /// <summary>An exception without a reason.</summary>
    public CudaUnavailableException()
    {
    }

    /// <summary>An exception without a reason.</summary>
    public CudaUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>An exception without a reason.</summary>
    public CudaUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What is missing.</summary>
    public CudaUnavailableException(CudaState state, string message, string errorName)
        : base(message, errorName) => State = state;

    /// <summary>What is missing.</summary>
    public CudaState State { get; } = CudaState.Failed;
}
