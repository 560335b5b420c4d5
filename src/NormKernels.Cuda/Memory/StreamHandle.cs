using System.Runtime.InteropServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda.Memory;

/// <summary>A cudaStream_t. An own one is destroyed when neither its stream nor memory that was allocated or used on it
/// needs it any more.</summary>
internal sealed class StreamHandle : SafeHandle
{
    public StreamHandle(nint stream, bool owns)
        : base(0, owns) => SetHandle(stream);

    /// <summary>Null is the default stream, which nobody owns.</summary>
    public override bool IsInvalid => handle == 0;

    /// <summary>The cudaStream_t; stays what it is after the stream has been destroyed.</summary>
    public nint Value => handle;

    /// <summary>Whether the stream takes no more work; it may exist for a while after that.</summary>
    public bool IsDisposed { get; private set; }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle() => NkCuda.nk_stream_destroy(handle) == nk_status.NK_OK;
}
