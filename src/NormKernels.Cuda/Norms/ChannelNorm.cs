using System;

using NormKernels.Cuda.Dispatch;
using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Memory;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels.Cuda;

/// <summary>The native entries of a norm over channels, and in what these norms differ.</summary>
internal unsafe interface IChannelNormEntries
{
    /// <summary>Whether slices are channels of the whole batch.</summary>
    static abstract bool OverBatch { get; }

    /// <summary>How many slices share a mean and a variance.</summary>
    static abstract long Slices(in ChannelShape shape, long groups);

    /// <summary>How many values a slice has, where a slice lies in one channel.</summary>
    static abstract long ValuesPerSlice(in ChannelShape shape);

    static abstract nk_status Forward(nk_channel_norm_forward_params* parameters, nint stream);

    static abstract nk_status Backward(nk_channel_norm_backward_params* parameters, nint stream);

    static abstract nk_status Jvp(nk_channel_norm_jvp_params* parameters, nint stream);
}

/// <summary>What GroupNorm, InstanceNorm and BatchNorm share: checks, parameters, the native call.</summary>
internal static unsafe class ChannelNorm<TEntries>
    where TEntries : IChannelNormEntries
{
    public static long WorkspaceSize(in ChannelShape shape, long groups) => (long)Size(shape, groups);

    public static void Forward<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape, long groups,
        DeviceBuffer<TParameter>? weight, DeviceBuffer<TParameter>? bias, double epsilon, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd, DeviceBuffer<float>? runningMean, DeviceBuffer<float>? runningVar, double momentum,
        DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TParameter : unmanaged
    {
        ArgumentNullException.ThrowIfNull(y);
        Run(
            stream, x, y, shape, groups, weight, bias, epsilon, mean, rstd, runningMean, runningVar, momentum, workspace);
    }

    public static void Statistics<T>(
        DeviceStream stream, DeviceBuffer<T> x, in ChannelShape shape, long groups, double epsilon,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, DeviceBuffer<float>? runningMean,
        DeviceBuffer<float>? runningVar, double momentum, DeviceBuffer<byte>? workspace)
        where T : unmanaged
    {
        if (shape.Channels != 0 && DeviceCall.LengthOf(mean) == 0 && DeviceCall.LengthOf(rstd) == 0
            && DeviceCall.LengthOf(runningMean) == 0 && DeviceCall.LengthOf(runningVar) == 0)
        {
            throw new ArgumentException("expected a mean, an rstd or running statistics to write.", nameof(mean));
        }

        Run<T, T>(
            stream, x, y: null, shape, groups, weight: null, bias: null, epsilon, mean, rstd, runningMean, runningVar,
            momentum, workspace);
    }

    // Without y the statistics alone are written.
    private static void Run<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T>? y, in ChannelShape shape, long groups,
        DeviceBuffer<TParameter>? weight, DeviceBuffer<TParameter>? bias, double epsilon, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd, DeviceBuffer<float>? runningMean, DeviceBuffer<float>? runningVar, double momentum,
        DeviceBuffer<byte>? workspace)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_forward_params p = Forward(shape, groups, epsilon);
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.momentum = momentum;
        long count = shape.Count;
        long slices = TEntries.Slices(shape, groups);
        Require.PairIfPassed(
            DeviceCall.LengthOf(runningMean), DeviceCall.LengthOf(runningVar), shape.Channels, nameof(runningMean),
            nameof(runningVar));
        Require.Momentum(momentum, nameof(momentum));
        bool updates = DeviceCall.LengthOf(runningMean) != 0;
        if (updates && count != 0 && TEntries.ValuesPerSlice(shape) == 1)
        {
            throw new ArgumentException(
                "expected more than one value per channel: running statistics take the unbiased variance.",
                nameof(shape));
        }

        DeviceCall call = new(stream);
        p.y = y is null ? null : call.Tensor(DeviceRole.Output, y, count, nameof(y));
        p.mean = (float*)call.VectorIfPassed(DeviceRole.Output, mean, slices, nameof(mean));
        p.rstd = (float*)call.VectorIfPassed(DeviceRole.Output, rstd, slices, nameof(rstd));
        p.running_mean =
            (float*)call.VectorIfPassed(DeviceRole.Output, runningMean, shape.Channels, nameof(runningMean));
        p.running_var = (float*)call.VectorIfPassed(DeviceRole.Output, runningVar, shape.Channels, nameof(runningVar));
        p.workspace = call.Workspace(workspace, Size(shape, groups, call.Device), nameof(WorkspaceSize), nameof(workspace));
        p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        p.x = call.Tensor(DeviceRole.Replaceable, x, count, nameof(x));
        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Channels, nameof(weight));
        p.bias = call.VectorIfPassed(DeviceRole.Input, bias, shape.Channels, nameof(bias));
        call.Run(&p, &TEntries.Forward);
    }

    public static void Inference<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, in ChannelShape shape,
        DeviceBuffer<float> runningMean, DeviceBuffer<float> runningVar, DeviceBuffer<TParameter>? weight,
        DeviceBuffer<TParameter>? bias, double epsilon)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_forward_params p = Forward(shape, groups: 0, epsilon);
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.flags = nk_flags.NK_FLAG_INFERENCE;
        long count = shape.Count;

        DeviceCall call = new(stream);
        p.y = call.Tensor(DeviceRole.Output, y, count, nameof(y));
        p.x = call.Tensor(DeviceRole.Replaceable, x, count, nameof(x));
        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Channels, nameof(weight));
        p.bias = call.VectorIfPassed(DeviceRole.Input, bias, shape.Channels, nameof(bias));
        p.running_mean = (float*)call.Vector(DeviceRole.Input, runningMean, shape.Channels, nameof(runningMean));
        p.running_var = (float*)call.Vector(DeviceRole.Input, runningVar, shape.Channels, nameof(runningVar));
        call.Run(&p, &TEntries.Forward);
    }

    public static void Backward<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, in ChannelShape shape,
        long groups, DeviceBuffer<TParameter>? weight, double epsilon, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd, DeviceBuffer<float>? runningMean, DeviceBuffer<float>? runningVar,
        DeviceBuffer<float>? dweight, DeviceBuffer<float>? dbias, DeviceBuffer<byte>? workspace, bool accumulate,
        nk_flags flags)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_backward_params p = default;
        p.struct_size = (ulong)sizeof(nk_channel_norm_backward_params);
        p.dtype = Require.Dtype<T>(nameof(dy));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.flags = flags | (accumulate ? nk_flags.NK_FLAG_ACCUMULATE : nk_flags.NK_FLAG_NONE);
        p.layout = (nk_channel_layout)shape.Layout;
        p.batch = shape.Batch;
        p.channels = shape.Channels;
        p.spatial = shape.Spatial;
        p.groups = groups;
        p.epsilon = epsilon;
        long count = shape.Count;
        Require.Epsilon(epsilon, nameof(epsilon));
        bool scratch = flags != nk_flags.NK_FLAG_INFERENCE
            || DeviceCall.LengthOf(dweight) != 0 || DeviceCall.LengthOf(dbias) != 0;

        DeviceCall call = new(stream);
        p.dx = call.Tensor(DeviceRole.Output, dx, count, nameof(dx));
        p.dweight = (float*)call.VectorIfPassed(DeviceRole.Output, dweight, shape.Channels, nameof(dweight));
        p.dbias = (float*)call.VectorIfPassed(DeviceRole.Output, dbias, shape.Channels, nameof(dbias));
        p.workspace = call.Workspace(
            workspace, scratch ? Size(shape, groups, call.Device) : 0, nameof(WorkspaceSize), nameof(workspace));
        p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        p.dy = call.Tensor(DeviceRole.Replaceable, dy, count, nameof(dy));
        p.x = call.Tensor(DeviceRole.Replaceable, x, count, nameof(x));
        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Channels, nameof(weight));
        if (flags == nk_flags.NK_FLAG_INFERENCE)
        {
            p.running_mean = (float*)call.Vector(DeviceRole.Input, runningMean, shape.Channels, nameof(runningMean));
            p.running_var = (float*)call.Vector(DeviceRole.Input, runningVar, shape.Channels, nameof(runningVar));
        }
        else
        {
            long slices = TEntries.Slices(shape, groups);
            RequireStatistics(mean, rstd, slices);
            p.mean = (float*)call.VectorIfPassed(DeviceRole.Input, mean, slices, nameof(mean));
            p.rstd = (float*)call.VectorIfPassed(DeviceRole.Input, rstd, slices, nameof(rstd));
        }

        call.Run(&p, &TEntries.Backward);
    }

    public static void Jvp<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> tanX, DeviceBuffer<T> x, DeviceBuffer<T> jvpY, in ChannelShape shape,
        long groups, DeviceBuffer<TParameter>? weight, DeviceBuffer<TParameter>? tanWeight,
        DeviceBuffer<TParameter>? tanBias, double epsilon, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd,
        DeviceBuffer<float>? runningMean, DeviceBuffer<float>? runningVar, DeviceBuffer<byte>? workspace,
        nk_flags flags)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_jvp_params p = default;
        p.struct_size = (ulong)sizeof(nk_channel_norm_jvp_params);
        p.dtype = Require.Dtype<T>(nameof(tanX));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.flags = flags;
        p.layout = (nk_channel_layout)shape.Layout;
        p.batch = shape.Batch;
        p.channels = shape.Channels;
        p.spatial = shape.Spatial;
        p.groups = groups;
        p.epsilon = epsilon;
        long count = shape.Count;
        Require.Epsilon(epsilon, nameof(epsilon));

        DeviceCall call = new(stream);
        p.jvp_y = call.Tensor(DeviceRole.Output, jvpY, count, nameof(jvpY));
        if (flags != nk_flags.NK_FLAG_INFERENCE)
        {
            p.workspace = call.Workspace(workspace, Size(shape, groups, call.Device), nameof(WorkspaceSize), nameof(workspace));
            p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        }

        p.tan_x = call.Tensor(DeviceRole.Replaceable, tanX, count, nameof(tanX));
        p.x = call.Tensor(DeviceRole.Replaceable, x, count, nameof(x));
        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Channels, nameof(weight));
        p.tan_weight = call.VectorIfPassed(DeviceRole.Input, tanWeight, shape.Channels, nameof(tanWeight));
        p.tan_bias = call.VectorIfPassed(DeviceRole.Input, tanBias, shape.Channels, nameof(tanBias));
        if (flags == nk_flags.NK_FLAG_INFERENCE)
        {
            p.running_mean = (float*)call.Vector(DeviceRole.Input, runningMean, shape.Channels, nameof(runningMean));
            p.running_var = (float*)call.Vector(DeviceRole.Input, runningVar, shape.Channels, nameof(runningVar));
        }
        else
        {
            long slices = TEntries.Slices(shape, groups);
            RequireStatistics(mean, rstd, slices);
            p.mean = (float*)call.VectorIfPassed(DeviceRole.Input, mean, slices, nameof(mean));
            p.rstd = (float*)call.VectorIfPassed(DeviceRole.Input, rstd, slices, nameof(rstd));
        }

        call.Run(&p, &TEntries.Jvp);
    }

    // What forward and inference have in common.
    private static nk_channel_norm_forward_params Forward(in ChannelShape shape, long groups, double epsilon)
    {
        Require.Epsilon(epsilon, nameof(epsilon));
        nk_channel_norm_forward_params p = default;
        p.struct_size = (ulong)sizeof(nk_channel_norm_forward_params);
        p.layout = (nk_channel_layout)shape.Layout;
        p.batch = shape.Batch;
        p.channels = shape.Channels;
        p.spatial = shape.Spatial;
        p.groups = groups;
        p.epsilon = epsilon;
        return p;
    }

    private static ulong Size(in ChannelShape shape, long groups, int device)
    {
        using DeviceScope scope = new(device);
        return Size(shape, groups);
    }

    private static ulong Size(in ChannelShape shape, long groups)
    {
        ulong size = 0;
        nk_status status = NkCuda.nk_cuda_channel_norm_workspace_size(
            shape.Batch, shape.Channels, shape.Spatial, groups, (int)shape.Layout, TEntries.OverBatch ? 1 : 0, &size);
        return DeviceCall.SizeOf(status, size, nameof(shape));
    }

    private static void RequireStatistics(DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, long slices) =>
        Require.PairIfPassed(
            DeviceCall.LengthOf(mean), DeviceCall.LengthOf(rstd), slices, nameof(mean), nameof(rstd));
}
