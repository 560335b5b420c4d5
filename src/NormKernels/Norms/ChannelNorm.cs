using System;

using NormKernels.Dispatch;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>The native entries of a norm over channels, and in what these norms differ.</summary>
internal unsafe interface IChannelNormEntries
{
    /// <summary>Whether parameter gradients and the update of running statistics need a workspace.</summary>
    static abstract bool SumsInWorkspace { get; }

    /// <summary>How many slices share a mean and a variance.</summary>
    static abstract long Slices(in ChannelShape shape, long groups);

    /// <summary>How many values a slice has, where a slice lies in one channel.</summary>
    static abstract long ValuesPerSlice(in ChannelShape shape);

    static abstract nk_status Plan(in ChannelShape shape, long groups, nk_plan* plan);

    static abstract nk_status Forward(nk_channel_norm_forward_params* parameters);

    static abstract nk_status Backward(nk_channel_norm_backward_params* parameters);

    static abstract nk_status Jvp(nk_channel_norm_jvp_params* parameters);
}

/// <summary>
/// What GroupNorm, InstanceNorm and BatchNorm share: every argument is checked here, once, before anything is written;
/// then the parameters are filled in and the native entry is called, at once or in parts on several threads.
/// </summary>
internal static unsafe class ChannelNorm<TEntries>
    where TEntries : IChannelNormEntries
{
    // The parameters in the order in which they are held against one another: outputs, what they may replace, the rest.
    private static readonly string[] ForwardNames =
        ["y", "mean", "rstd", "runningMean", "runningVar", "workspace", "x", "weight", "bias"];

    private static readonly string[] InferenceNames = ["y", "x", "weight", "bias", "runningMean", "runningVar"];

    private static readonly string[] BackwardNames =
    [
        "dx", "dweight", "dbias", "workspace", "dy", "x", "weight", "mean", "rstd", "runningMean", "runningVar",
    ];

    private static readonly string[] JvpNames =
        ["jvpY", "tanX", "x", "weight", "tanWeight", "tanBias", "mean", "rstd", "runningMean", "runningVar"];

    // The method of every norm that has a workspace.
    private static string SizeMethod => nameof(GroupNorm.WorkspaceSize);

    public static long WorkspaceSize(in ChannelShape shape, long groups) =>
        checked((long)Plan(shape, groups, nameof(shape)).workspace_size);

    public static nk_plan Plan(in ChannelShape shape, long groups, string name)
    {
        nk_plan plan;
        return TEntries.Plan(shape, groups, &plan) == nk_status.NK_OK
            ? plan
            : throw new ArgumentException($"The workspace for {shape} overflows 64 bits.", name);
    }

    public static void Forward<T, TParameter>(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, long groups, ReadOnlySpan<TParameter> weight,
        ReadOnlySpan<TParameter> bias, double epsilon, Span<float> mean, Span<float> rstd, Span<float> runningMean,
        Span<float> runningVar, double momentum, Span<byte> workspace, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        Run(
            x, y, shape, groups, weight, bias, epsilon, mean, rstd, runningMean, runningVar, momentum, workspace,
            options, writes: true);
    }

    public static void Statistics<T>(
        ReadOnlySpan<T> x, in ChannelShape shape, long groups, double epsilon, Span<float> mean, Span<float> rstd,
        Span<float> runningMean, Span<float> runningVar, double momentum, Span<byte> workspace, in CpuOptions options)
        where T : unmanaged
    {
        Run<T, T>(
            x, y: default, shape, groups, weight: default, bias: default, epsilon, mean, rstd, runningMean, runningVar,
            momentum, workspace, options, writes: false);
    }

    // Whether y is written, or the statistics alone.
    private static void Run<T, TParameter>(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, long groups, ReadOnlySpan<TParameter> weight,
        ReadOnlySpan<TParameter> bias, double epsilon, Span<float> mean, Span<float> rstd, Span<float> runningMean,
        Span<float> runningVar, double momentum, Span<byte> workspace, in CpuOptions options, bool writes)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_forward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        long count = shape.Count;
        long slices = TEntries.Slices(shape, groups);
        Require.Length(x.Length, count, nameof(x));
        if (writes)
        {
            Require.Length(y.Length, count, nameof(y));
        }
        else if (mean.IsEmpty && rstd.IsEmpty && runningMean.IsEmpty && runningVar.IsEmpty && shape.Channels != 0)
        {
            throw new ArgumentException("expected a mean, an rstd or running statistics to write.", nameof(mean));
        }

        Require.VectorIfPassed(weight.Length, shape.Channels, nameof(weight));
        Require.VectorIfPassed(bias.Length, shape.Channels, nameof(bias));
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.VectorIfPassed(mean.Length, slices, nameof(mean));
        Require.VectorIfPassed(rstd.Length, slices, nameof(rstd));
        Require.PairIfPassed(
            runningMean.Length, runningVar.Length, shape.Channels, nameof(runningMean), nameof(runningVar));
        Require.Momentum(momentum, nameof(momentum));
        Require.Options(options, nameof(options));
        bool updates = !runningMean.IsEmpty;
        if (updates && count != 0 && TEntries.ValuesPerSlice(shape) == 1)
        {
            throw new ArgumentException(
                "expected more than one value per channel: running statistics take the unbiased variance.",
                nameof(shape));
        }

        bool needsWorkspace = TEntries.SumsInWorkspace && updates;
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = needsWorkspace || degree > 1 ? Plan(shape, groups, nameof(shape)) : default;
        bool onStack = Workspace.LiesOnStack(
            needsWorkspace ? plan.workspace_size : null, workspace.Length, SizeMethod, nameof(workspace));
        byte* stack = stackalloc byte[onStack ? Workspace.OnStack : 0];
        fixed (T* px = x, py = y)
        fixed (TParameter* pweight = weight, pbias = bias)
        fixed (float* pmean = mean, prstd = rstd, prunningMean = runningMean, prunningVar = runningVar)
        fixed (byte* pworkspace = workspace)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, py, count, sizeof(T));
            end = Regions.AddVector(end, 1, pmean, mean.Length, sizeof(float));
            end = Regions.AddVector(end, 2, prstd, rstd.Length, sizeof(float));
            end = Regions.AddVector(end, 3, prunningMean, runningMean.Length, sizeof(float));
            end = Regions.AddVector(end, 4, prunningVar, runningVar.Length, sizeof(float));
            end = Regions.AddVector(end, 5, pworkspace, workspace.Length, sizeof(byte));
            end = Regions.AddTensor(end, 6, px, count, sizeof(T));
            end = Regions.AddVector(end, 7, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 8, pbias, bias.Length, sizeof(TParameter));
            Regions.RequireNoOverlap(first, end, outputs: 6, replaceable: 1, ForwardNames);

            p.struct_size = (ulong)sizeof(nk_channel_norm_forward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.layout = (nk_channel_layout)shape.Layout;
            p.batch = shape.Batch;
            p.channels = shape.Channels;
            p.spatial = shape.Spatial;
            p.groups = groups;
            p.epsilon = epsilon;
            p.momentum = momentum;
            p.x = px;
            p.y = py;
            p.weight = pweight;
            p.bias = pbias;
            p.mean = pmean;
            p.rstd = prstd;
            p.running_mean = prunningMean;
            p.running_var = prunningVar;
            p.workspace = onStack ? stack : pworkspace;
            p.workspace_size = onStack ? Workspace.OnStack : (ulong)workspace.Length;
            Parts.Run(&p, &TEntries.Forward, plan.part_count, degree);
        }
    }

    public static void Inference<T, TParameter>(
        ReadOnlySpan<T> x, Span<T> y, in ChannelShape shape, ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar, ReadOnlySpan<TParameter> weight, ReadOnlySpan<TParameter> bias, double epsilon,
        in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_forward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        long count = shape.Count;
        Require.Length(x.Length, count, nameof(x));
        Require.Length(y.Length, count, nameof(y));
        Require.Length(runningMean.Length, shape.Channels, nameof(runningMean));
        Require.Length(runningVar.Length, shape.Channels, nameof(runningVar));
        Require.VectorIfPassed(weight.Length, shape.Channels, nameof(weight));
        Require.VectorIfPassed(bias.Length, shape.Channels, nameof(bias));
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.Options(options, nameof(options));
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = degree > 1 ? Plan(shape, groups: 0, nameof(shape)) : default;

        fixed (T* px = x, py = y)
        fixed (TParameter* pweight = weight, pbias = bias)
        fixed (float* prunningMean = runningMean, prunningVar = runningVar)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, py, count, sizeof(T));
            end = Regions.AddTensor(end, 1, px, count, sizeof(T));
            end = Regions.AddVector(end, 2, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 3, pbias, bias.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 4, prunningMean, runningMean.Length, sizeof(float));
            end = Regions.AddVector(end, 5, prunningVar, runningVar.Length, sizeof(float));
            Regions.RequireNoOverlap(first, end, outputs: 1, replaceable: 1, InferenceNames);

            p.struct_size = (ulong)sizeof(nk_channel_norm_forward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.flags = nk_flags.NK_FLAG_INFERENCE;
            p.layout = (nk_channel_layout)shape.Layout;
            p.batch = shape.Batch;
            p.channels = shape.Channels;
            p.spatial = shape.Spatial;
            p.epsilon = epsilon;
            p.x = px;
            p.y = py;
            p.weight = pweight;
            p.bias = pbias;
            p.running_mean = prunningMean;
            p.running_var = prunningVar;
            Parts.Run(&p, &TEntries.Forward, plan.part_count, degree);
        }
    }

    public static void Backward<T, TParameter>(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in ChannelShape shape, long groups,
        ReadOnlySpan<TParameter> weight, double epsilon, ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> runningMean, ReadOnlySpan<float> runningVar, Span<float> dweight, Span<float> dbias,
        Span<byte> workspace, bool accumulate, nk_flags flags, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_backward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(dy));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        long count = shape.Count;
        Require.Length(dy.Length, count, nameof(dy));
        Require.Length(x.Length, count, nameof(x));
        Require.Length(dx.Length, count, nameof(dx));
        Require.VectorIfPassed(weight.Length, shape.Channels, nameof(weight));
        Require.Epsilon(epsilon, nameof(epsilon));
        RequireStatistics(mean, rstd, runningMean, runningVar, shape, groups, flags);
        Require.VectorIfPassed(dweight.Length, shape.Channels, nameof(dweight));
        Require.VectorIfPassed(dbias.Length, shape.Channels, nameof(dbias));
        Require.Options(options, nameof(options));
        bool needsWorkspace = TEntries.SumsInWorkspace && (!dweight.IsEmpty || !dbias.IsEmpty);
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = needsWorkspace || degree > 1 ? Plan(shape, groups, nameof(shape)) : default;
        bool onStack = Workspace.LiesOnStack(
            needsWorkspace ? plan.workspace_size : null, workspace.Length, SizeMethod, nameof(workspace));
        byte* stack = stackalloc byte[onStack ? Workspace.OnStack : 0];
        fixed (T* pdy = dy, px = x, pdx = dx)
        fixed (TParameter* pweight = weight)
        fixed (float* pmean = mean, prstd = rstd, prunningMean = runningMean, prunningVar = runningVar)
        fixed (float* pdweight = dweight, pdbias = dbias)
        fixed (byte* pworkspace = workspace)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, pdx, count, sizeof(T));
            end = Regions.AddVector(end, 1, pdweight, dweight.Length, sizeof(float));
            end = Regions.AddVector(end, 2, pdbias, dbias.Length, sizeof(float));
            end = Regions.AddVector(end, 3, pworkspace, workspace.Length, sizeof(byte));
            end = Regions.AddTensor(end, 4, pdy, count, sizeof(T));
            end = Regions.AddTensor(end, 5, px, count, sizeof(T));
            end = Regions.AddVector(end, 6, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 7, pmean, mean.Length, sizeof(float));
            end = Regions.AddVector(end, 8, prstd, rstd.Length, sizeof(float));
            end = Regions.AddVector(end, 9, prunningMean, runningMean.Length, sizeof(float));
            end = Regions.AddVector(end, 10, prunningVar, runningVar.Length, sizeof(float));
            Regions.RequireNoOverlap(first, end, outputs: 4, replaceable: 2, BackwardNames);

            p.struct_size = (ulong)sizeof(nk_channel_norm_backward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.flags = flags | (accumulate ? nk_flags.NK_FLAG_ACCUMULATE : nk_flags.NK_FLAG_NONE);
            p.layout = (nk_channel_layout)shape.Layout;
            p.batch = shape.Batch;
            p.channels = shape.Channels;
            p.spatial = shape.Spatial;
            p.groups = groups;
            p.epsilon = epsilon;
            p.dy = pdy;
            p.x = px;
            p.dx = pdx;
            p.weight = pweight;
            p.mean = pmean;
            p.rstd = prstd;
            p.running_mean = prunningMean;
            p.running_var = prunningVar;
            p.dweight = pdweight;
            p.dbias = pdbias;
            p.workspace = onStack ? stack : pworkspace;
            p.workspace_size = onStack ? Workspace.OnStack : (ulong)workspace.Length;
            Parts.Run(&p, &TEntries.Backward, plan.part_count, degree);
        }
    }

    public static void Jvp<T, TParameter>(
        ReadOnlySpan<T> tanX, ReadOnlySpan<T> x, Span<T> jvpY, in ChannelShape shape, long groups,
        ReadOnlySpan<TParameter> weight, ReadOnlySpan<TParameter> tanWeight, ReadOnlySpan<TParameter> tanBias,
        double epsilon, ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar, nk_flags flags, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_channel_norm_jvp_params p = default;
        p.dtype = Require.Dtype<T>(nameof(tanX));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        long count = shape.Count;
        Require.Length(tanX.Length, count, nameof(tanX));
        Require.Length(x.Length, count, nameof(x));
        Require.Length(jvpY.Length, count, nameof(jvpY));
        Require.VectorIfPassed(weight.Length, shape.Channels, nameof(weight));
        Require.VectorIfPassed(tanWeight.Length, shape.Channels, nameof(tanWeight));
        Require.VectorIfPassed(tanBias.Length, shape.Channels, nameof(tanBias));
        Require.Epsilon(epsilon, nameof(epsilon));
        RequireStatistics(mean, rstd, runningMean, runningVar, shape, groups, flags);
        Require.Options(options, nameof(options));
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = degree > 1 ? Plan(shape, groups, nameof(shape)) : default;

        fixed (T* ptanX = tanX, px = x, pjvpY = jvpY)
        fixed (TParameter* pweight = weight, ptanWeight = tanWeight, ptanBias = tanBias)
        fixed (float* pmean = mean, prstd = rstd, prunningMean = runningMean, prunningVar = runningVar)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, pjvpY, count, sizeof(T));
            end = Regions.AddTensor(end, 1, ptanX, count, sizeof(T));
            end = Regions.AddTensor(end, 2, px, count, sizeof(T));
            end = Regions.AddVector(end, 3, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 4, ptanWeight, tanWeight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 5, ptanBias, tanBias.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 6, pmean, mean.Length, sizeof(float));
            end = Regions.AddVector(end, 7, prstd, rstd.Length, sizeof(float));
            end = Regions.AddVector(end, 8, prunningMean, runningMean.Length, sizeof(float));
            end = Regions.AddVector(end, 9, prunningVar, runningVar.Length, sizeof(float));
            Regions.RequireNoOverlap(first, end, outputs: 1, replaceable: 2, JvpNames);

            p.struct_size = (ulong)sizeof(nk_channel_norm_jvp_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.flags = flags;
            p.layout = (nk_channel_layout)shape.Layout;
            p.batch = shape.Batch;
            p.channels = shape.Channels;
            p.spatial = shape.Spatial;
            p.groups = groups;
            p.epsilon = epsilon;
            p.x = px;
            p.tan_x = ptanX;
            p.jvp_y = pjvpY;
            p.weight = pweight;
            p.tan_weight = ptanWeight;
            p.tan_bias = ptanBias;
            p.mean = pmean;
            p.rstd = prstd;
            p.running_mean = prunningMean;
            p.running_var = prunningVar;
            Parts.Run(&p, &TEntries.Jvp, plan.part_count, degree);
        }
    }

    // Running statistics in inference, saved ones otherwise: the other two are not parameters of the public method.
    private static void RequireStatistics(
        ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar, in ChannelShape shape, long groups, nk_flags flags)
    {
        if (flags == nk_flags.NK_FLAG_INFERENCE)
        {
            Require.Length(runningMean.Length, shape.Channels, nameof(runningMean));
            Require.Length(runningVar.Length, shape.Channels, nameof(runningVar));
            return;
        }

        Require.PairIfPassed(
            mean.Length, rstd.Length, TEntries.Slices(shape, groups), nameof(mean), nameof(rstd));
    }
}
