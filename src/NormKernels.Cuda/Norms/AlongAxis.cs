using NormKernels.Cuda.Dispatch;
using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Memory;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels.Cuda;

/// <summary>The native entries of a norm along an axis, and in what these norms differ.</summary>
internal unsafe interface IAlongAxisEntries
{
    /// <summary>The names of the parameters y, mean, rstd, norm, x, weight, bias. Empty: the norm does not have
    /// it.</summary>
    static abstract string[] ForwardNames { get; }

    /// <summary>dx, dweight, dbias, dy, x, weight, mean, rstd.</summary>
    static abstract string[] BackwardNames { get; }

    /// <summary>jvpY, tanX, x, weight, tanWeight, tanBias, mean, rstd.</summary>
    static abstract string[] JvpNames { get; }

    /// <summary>Whether the axis is kept and the rest reduced, or the other way round.</summary>
    static abstract bool KeepsAxis { get; }

    /// <summary>Whether the weight has to be passed.</summary>
    static abstract bool RequiresWeight { get; }

    /// <summary>How many elements weight and bias have.</summary>
    static abstract long Parameters(in AxisShape shape);

    /// <summary>How many slices share statistics.</summary>
    static abstract long Slices(in AxisShape shape);

    static abstract nk_status Forward(nk_axis_forward_params* parameters, nint stream);

    static abstract nk_status Backward(nk_axis_backward_params* parameters, nint stream);

    static abstract nk_status Jvp(nk_axis_jvp_params* parameters, nint stream);
}

/// <summary>What AxisNorm, L2Normalize and WeightNorm share: checks, parameters, the native call.</summary>
internal static unsafe class AlongAxis<TEntries>
    where TEntries : IAlongAxisEntries
{
    public static long WorkspaceSize(in AxisShape shape) => (long)Size(shape);

    public static void Forward<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in AxisShape shape,
        DeviceBuffer<TParameter>? weight, DeviceBuffer<TParameter>? bias, double epsilon, double p,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<float>? norm,
        DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TParameter : unmanaged
    {
        string[] names = TEntries.ForwardNames;
        nk_axis_forward_params a = default;
        a.struct_size = (ulong)sizeof(nk_axis_forward_params);
        a.dtype = Require.Dtype<T>(names[4]);
        a.param_dtype = Require.Dtype<TParameter>(names[5]);
        a.outer = shape.Outer;
        a.length = shape.Length;
        a.inner = shape.Inner;
        a.epsilon = epsilon;
        a.p = p;
        long count = shape.Count;
        long slices = TEntries.Slices(shape);
        Require.Epsilon(epsilon, nameof(epsilon));

        DeviceCall call = new(stream);
        a.y = call.Tensor(DeviceRole.Output, y, count, names[0]);
        a.mean = (float*)call.VectorIfPassed(DeviceRole.Output, mean, slices, names[1]);
        a.rstd = (float*)call.VectorIfPassed(DeviceRole.Output, rstd, slices, names[2]);
        a.norm = (float*)call.VectorIfPassed(DeviceRole.Output, norm, slices, names[3]);
        a.workspace = Workspace(ref call, workspace, shape);
        a.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        a.x = call.Tensor(DeviceRole.Replaceable, x, count, names[4]);
        a.weight = Weight(ref call, weight, shape, names[5]);
        a.bias = call.VectorIfPassed(DeviceRole.Input, bias, TEntries.Parameters(shape), names[6]);
        call.Run(&a, &TEntries.Forward);
    }

    public static void Backward<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in AxisShape shape,
        DeviceBuffer<TParameter>? weight, double epsilon, double p, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd, DeviceBuffer<float>? dweight, DeviceBuffer<float>? dbias,
        DeviceBuffer<byte>? workspace, bool accumulate)
        where T : unmanaged
        where TParameter : unmanaged
    {
        string[] names = TEntries.BackwardNames;
        nk_axis_backward_params a = default;
        a.struct_size = (ulong)sizeof(nk_axis_backward_params);
        a.dtype = Require.Dtype<T>(names[3]);
        a.param_dtype = Require.Dtype<TParameter>(names[5]);
        a.flags = accumulate ? nk_flags.NK_FLAG_ACCUMULATE : nk_flags.NK_FLAG_NONE;
        a.outer = shape.Outer;
        a.length = shape.Length;
        a.inner = shape.Inner;
        a.epsilon = epsilon;
        a.p = p;
        long count = shape.Count;
        long slices = TEntries.Slices(shape);
        long parameters = TEntries.Parameters(shape);
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.PairIfPassed(DeviceCall.LengthOf(mean), DeviceCall.LengthOf(rstd), slices, names[6], names[7]);

        DeviceCall call = new(stream);
        a.dx = call.Tensor(DeviceRole.Output, dx, count, names[0]);
        a.dweight = (float*)call.VectorIfPassed(DeviceRole.Output, dweight, parameters, names[1]);
        a.dbias = (float*)call.VectorIfPassed(DeviceRole.Output, dbias, parameters, names[2]);
        a.workspace = Workspace(ref call, workspace, shape);
        a.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        a.dy = call.Tensor(DeviceRole.Replaceable, dy, count, names[3]);
        a.x = call.Tensor(DeviceRole.Replaceable, x, count, names[4]);
        a.weight = Weight(ref call, weight, shape, names[5]);
        a.mean = (float*)call.VectorIfPassed(DeviceRole.Input, mean, slices, names[6]);
        a.rstd = (float*)call.VectorIfPassed(DeviceRole.Input, rstd, slices, names[7]);
        call.Run(&a, &TEntries.Backward);
    }

    public static void Jvp<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> tanX, DeviceBuffer<T> x, DeviceBuffer<T> jvpY, in AxisShape shape,
        DeviceBuffer<TParameter>? weight, DeviceBuffer<TParameter>? tanWeight, DeviceBuffer<TParameter>? tanBias,
        double epsilon, double p, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TParameter : unmanaged
    {
        string[] names = TEntries.JvpNames;
        nk_axis_jvp_params a = default;
        a.struct_size = (ulong)sizeof(nk_axis_jvp_params);
        a.dtype = Require.Dtype<T>(names[1]);
        a.param_dtype = Require.Dtype<TParameter>(names[3]);
        a.outer = shape.Outer;
        a.length = shape.Length;
        a.inner = shape.Inner;
        a.epsilon = epsilon;
        a.p = p;
        long count = shape.Count;
        long slices = TEntries.Slices(shape);
        long parameters = TEntries.Parameters(shape);
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.PairIfPassed(DeviceCall.LengthOf(mean), DeviceCall.LengthOf(rstd), slices, names[6], names[7]);

        DeviceCall call = new(stream);
        a.jvp_y = call.Tensor(DeviceRole.Output, jvpY, count, names[0]);
        a.workspace = Workspace(ref call, workspace, shape);
        a.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        a.tan_x = call.Tensor(DeviceRole.Replaceable, tanX, count, names[1]);
        a.x = call.Tensor(DeviceRole.Replaceable, x, count, names[2]);
        a.weight = Weight(ref call, weight, shape, names[3]);
        a.tan_weight = call.VectorIfPassed(DeviceRole.Input, tanWeight, parameters, names[4]);
        a.tan_bias = call.VectorIfPassed(DeviceRole.Input, tanBias, parameters, names[5]);
        a.mean = (float*)call.VectorIfPassed(DeviceRole.Input, mean, slices, names[6]);
        a.rstd = (float*)call.VectorIfPassed(DeviceRole.Input, rstd, slices, names[7]);
        call.Run(&a, &TEntries.Jvp);
    }

    private static void* Workspace(ref DeviceCall call, DeviceBuffer<byte>? workspace, in AxisShape shape)
    {
        using DeviceScope scope = new(call.Device);
        return call.Workspace(workspace, Size(shape), nameof(WorkspaceSize), nameof(workspace));
    }

    private static ulong Size(in AxisShape shape)
    {
        ulong size = 0;
        nk_status status = NkCuda.nk_cuda_axis_workspace_size(
            shape.Outer, shape.Length, shape.Inner, TEntries.KeepsAxis ? 1 : 0, &size);
        return DeviceCall.SizeOf(status, size, nameof(shape));
    }

    private static void* Weight<TParameter>(
        ref DeviceCall call, DeviceBuffer<TParameter>? weight, in AxisShape shape, string name)
        where TParameter : unmanaged =>
        TEntries.RequiresWeight
            ? call.Vector(DeviceRole.Input, weight, TEntries.Parameters(shape), name)
            : call.VectorIfPassed(DeviceRole.Input, weight, TEntries.Parameters(shape), name);
}
