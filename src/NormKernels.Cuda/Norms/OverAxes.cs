using NormKernels.Cuda.Dispatch;
using NormKernels.Cuda.Memory;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels.Cuda;

/// <summary>The native entries of a norm that reduces axes to one value.</summary>
internal unsafe interface IOverAxesEntries
{
    static abstract nk_status WorkspaceSize(nk_reduction* reduction, ulong* size);

    static abstract nk_status Forward(nk_reduction_forward_params* parameters, nint stream);

    static abstract nk_status Backward(nk_reduction_backward_params* parameters, nint stream);

    static abstract nk_status Jvp(nk_reduction_jvp_params* parameters, nint stream);
}

/// <summary>What VectorNorm and MatrixNorm share: checks of all but the order of the norm, parameters, the native
/// call.</summary>
internal static unsafe class OverAxes<TEntries>
    where TEntries : IOverAxesEntries
{
    public static long WorkspaceSize(in nk_reduction reduction) => (long)Size(reduction);

    public static void Forward<T, TNorm>(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<TNorm> norm, in nk_reduction reduction, long count,
        long normCount, DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TNorm : unmanaged
    {
        nk_reduction_forward_params p = default;
        p.struct_size = (ulong)sizeof(nk_reduction_forward_params);
        p.dtype = Require.Dtype<T>(nameof(x));
        p.norm_dtype = Require.Dtype<TNorm>(nameof(norm));
        p.reduction = reduction;

        DeviceCall call = new(stream);
        p.norm = call.Vector(DeviceRole.Output, norm, normCount, nameof(norm));
        p.workspace = Workspace(ref call, workspace, reduction);
        p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        p.x = call.Vector(DeviceRole.Input, x, count, nameof(x));
        call.Run(&p, &TEntries.Forward);
    }

    public static void Backward<T, TNorm>(
        DeviceStream stream, DeviceBuffer<TNorm> dnorm, DeviceBuffer<T> x, DeviceBuffer<T> dx,
        in nk_reduction reduction, long count, long normCount, DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TNorm : unmanaged
    {
        nk_reduction_backward_params p = default;
        p.struct_size = (ulong)sizeof(nk_reduction_backward_params);
        p.dtype = Require.Dtype<T>(nameof(x));
        p.norm_dtype = Require.Dtype<TNorm>(nameof(dnorm));
        p.reduction = reduction;

        DeviceCall call = new(stream);
        p.dx = call.Tensor(DeviceRole.Output, dx, count, nameof(dx));
        p.workspace = Workspace(ref call, workspace, reduction);
        p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        p.x = call.Tensor(DeviceRole.Replaceable, x, count, nameof(x));
        p.dnorm = call.Vector(DeviceRole.Input, dnorm, normCount, nameof(dnorm));
        call.Run(&p, &TEntries.Backward);
    }

    public static void Jvp<T, TNorm>(
        DeviceStream stream, DeviceBuffer<T> tanX, DeviceBuffer<T> x, DeviceBuffer<TNorm> jvpNorm,
        in nk_reduction reduction, long count, long normCount, DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TNorm : unmanaged
    {
        nk_reduction_jvp_params p = default;
        p.struct_size = (ulong)sizeof(nk_reduction_jvp_params);
        p.dtype = Require.Dtype<T>(nameof(tanX));
        p.norm_dtype = Require.Dtype<TNorm>(nameof(jvpNorm));
        p.reduction = reduction;

        DeviceCall call = new(stream);
        p.jvp_norm = call.Vector(DeviceRole.Output, jvpNorm, normCount, nameof(jvpNorm));
        p.workspace = Workspace(ref call, workspace, reduction);
        p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        p.tan_x = call.Vector(DeviceRole.Input, tanX, count, nameof(tanX));
        p.x = call.Vector(DeviceRole.Input, x, count, nameof(x));
        call.Run(&p, &TEntries.Jvp);
    }

    private static void* Workspace(ref DeviceCall call, DeviceBuffer<byte>? workspace, in nk_reduction reduction)
    {
        using DeviceScope scope = new(call.Device);
        return call.Workspace(workspace, Size(reduction), nameof(WorkspaceSize), nameof(workspace));
    }

    private static ulong Size(in nk_reduction reduction)
    {
        nk_reduction copy = reduction;
        ulong size = 0;
        nk_status status = TEntries.WorkspaceSize(&copy, &size);
        return DeviceCall.SizeOf(status, size, "shape");
    }
}
