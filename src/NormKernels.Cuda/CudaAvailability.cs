namespace NormKernels.Cuda;

/// <summary>Whether there is a device, or what is missing.</summary>
public enum CudaState
{
    /// <summary>There is at least one device.</summary>
    Available = 0,

    /// <summary>The library of NormKernels for CUDA is not there, or cannot be loaded.</summary>
    LibraryMissing = 1,

    /// <summary>There is no CUDA driver (libcuda).</summary>
    DriverMissing = 2,

    /// <summary>The driver is older than what the library was built with.</summary>
    DriverTooOld = 3,

    /// <summary>The driver has no device.</summary>
    NoDevice = 4,

    /// <summary>CUDA reported another error.</summary>
    Failed = 5,
}

/// <summary>What there is, or why there is nothing.</summary>
/// <param name="State">Whether there is a device, or what is missing.</param>
/// <param name="Description">One line: the devices, or the reason.</param>
public sealed record CudaAvailability(CudaState State, string Description)
{
    /// <summary>Whether there is at least one device.</summary>
    public bool IsAvailable => State == CudaState.Available;
}
