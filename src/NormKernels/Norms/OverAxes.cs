using System;

using NormKernels.Dispatch;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>The native entries of a norm that reduces axes to one value.</summary>
internal unsafe interface IOverAxesEntries
{
    /// <summary>Whether each thread may need scratch.</summary>
    static abstract bool HasWorkspace { get; }

    static abstract nk_status Plan(nk_reduction* reduction, nk_plan* plan);

    static abstract nk_status Forward(nk_reduction_forward_params* parameters);

    static abstract nk_status Backward(nk_reduction_backward_params* parameters);

    static abstract nk_status Jvp(nk_reduction_jvp_params* parameters);
}

/// <summary>
/// What VectorNorm and MatrixNorm share: every argument but the order of the norm is checked here, once, before
/// anything is written; then the parameters are filled in and the native entry is called, at once or in parts on
/// several threads.
/// </summary>
internal static unsafe class OverAxes<TEntries>
    where TEntries : IOverAxesEntries
{
    // The parameters in the order in which they are held against one another: outputs, what they may replace, the rest.
    private static readonly string[] ForwardNames = ["norm", "workspace", "x"];

    private static readonly string[] BackwardNames = ["dx", "workspace", "x", "dnorm"];

    private static readonly string[] JvpNames = ["jvpNorm", "workspace", "tanX", "x"];

    /// <summary>Bytes for all threads of a call together.</summary>
    public static long WorkspaceSize(in nk_reduction reduction, long count, long normCount, in CpuOptions options)
    {
        nk_reduction copy = reduction;
        return (long)Total(Plan(&copy), WorkspaceThreads(count, normCount, options));
    }

    public static void Forward<T, TNorm>(
        ReadOnlySpan<T> x, Span<TNorm> norm, in nk_reduction reduction, long count, long normCount,
        Span<byte> workspace, in CpuOptions options)
        where T : unmanaged
        where TNorm : unmanaged
    {
        nk_reduction_forward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        p.norm_dtype = Require.Dtype<TNorm>(nameof(norm));
        Require.Length(x.Length, count, nameof(x));
        Require.Length(norm.Length, normCount, nameof(norm));
        Require.Options(options, nameof(options));
        p.reduction = reduction;
        int degree = Degree<T>(count, normCount, options);
        nk_plan plan = TEntries.HasWorkspace || degree > 1 ? Plan(&p.reduction) : default;
        bool onStack = LiesOnStack(plan, degree, workspace.Length);
        byte* stack = stackalloc byte[onStack ? Workspace.OnStack : 0];

        fixed (T* px = x)
        fixed (TNorm* pnorm = norm)
        fixed (byte* pworkspace = workspace)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddVector(end, 0, pnorm, normCount, sizeof(TNorm));
            end = Regions.AddVector(end, 1, pworkspace, workspace.Length, sizeof(byte));
            end = Regions.AddVector(end, 2, px, count, sizeof(T));
            Regions.RequireNoOverlap(first, end, outputs: 2, replaceable: 0, ForwardNames);

            p.struct_size = (ulong)sizeof(nk_reduction_forward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.x = px;
            p.norm = pnorm;
            p.workspace = onStack ? stack : pworkspace;
            p.workspace_size = plan.workspace_size;
            Run(&p, &TEntries.Forward, plan, degree);
        }
    }

    public static void Backward<T, TNorm>(
        ReadOnlySpan<TNorm> dnorm, ReadOnlySpan<T> x, Span<T> dx, in nk_reduction reduction, long count, long normCount,
        Span<byte> workspace, in CpuOptions options)
        where T : unmanaged
        where TNorm : unmanaged
    {
        nk_reduction_backward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        p.norm_dtype = Require.Dtype<TNorm>(nameof(dnorm));
        Require.Length(dnorm.Length, normCount, nameof(dnorm));
        Require.Length(x.Length, count, nameof(x));
        Require.Length(dx.Length, count, nameof(dx));
        Require.Options(options, nameof(options));
        p.reduction = reduction;
        int degree = Degree<T>(count, normCount, options);
        nk_plan plan = TEntries.HasWorkspace || degree > 1 ? Plan(&p.reduction) : default;
        bool onStack = LiesOnStack(plan, degree, workspace.Length);
        byte* stack = stackalloc byte[onStack ? Workspace.OnStack : 0];

        fixed (TNorm* pdnorm = dnorm)
        fixed (T* px = x, pdx = dx)
        fixed (byte* pworkspace = workspace)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, pdx, count, sizeof(T));
            end = Regions.AddVector(end, 1, pworkspace, workspace.Length, sizeof(byte));
            end = Regions.AddTensor(end, 2, px, count, sizeof(T));
            end = Regions.AddVector(end, 3, pdnorm, normCount, sizeof(TNorm));
            Regions.RequireNoOverlap(first, end, outputs: 2, replaceable: 1, BackwardNames);

            p.struct_size = (ulong)sizeof(nk_reduction_backward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.dnorm = pdnorm;
            p.x = px;
            p.dx = pdx;
            p.workspace = onStack ? stack : pworkspace;
            p.workspace_size = plan.workspace_size;
            Run(&p, &TEntries.Backward, plan, degree);
        }
    }

    public static void Jvp<T, TNorm>(
        ReadOnlySpan<T> tanX, ReadOnlySpan<T> x, Span<TNorm> jvpNorm, in nk_reduction reduction, long count,
        long normCount, Span<byte> workspace, in CpuOptions options)
        where T : unmanaged
        where TNorm : unmanaged
    {
        nk_reduction_jvp_params p = default;
        p.dtype = Require.Dtype<T>(nameof(tanX));
        p.norm_dtype = Require.Dtype<TNorm>(nameof(jvpNorm));
        Require.Length(tanX.Length, count, nameof(tanX));
        Require.Length(x.Length, count, nameof(x));
        Require.Length(jvpNorm.Length, normCount, nameof(jvpNorm));
        Require.Options(options, nameof(options));
        p.reduction = reduction;
        int degree = Degree<T>(count, normCount, options);
        nk_plan plan = TEntries.HasWorkspace || degree > 1 ? Plan(&p.reduction) : default;
        bool onStack = LiesOnStack(plan, degree, workspace.Length);
        byte* stack = stackalloc byte[onStack ? Workspace.OnStack : 0];

        fixed (T* ptanX = tanX, px = x)
        fixed (TNorm* pjvpNorm = jvpNorm)
        fixed (byte* pworkspace = workspace)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddVector(end, 0, pjvpNorm, normCount, sizeof(TNorm));
            end = Regions.AddVector(end, 1, pworkspace, workspace.Length, sizeof(byte));
            end = Regions.AddVector(end, 2, ptanX, count, sizeof(T));
            end = Regions.AddVector(end, 3, px, count, sizeof(T));
            Regions.RequireNoOverlap(first, end, outputs: 2, replaceable: 0, JvpNames);

            p.struct_size = (ulong)sizeof(nk_reduction_jvp_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.x = px;
            p.tan_x = ptanX;
            p.jvp_norm = pjvpNorm;
            p.workspace = onStack ? stack : pworkspace;
            p.workspace_size = plan.workspace_size;
            Run(&p, &TEntries.Jvp, plan, degree);
        }
    }

    // With a workspace the number of threads sets its size, which is asked for without naming an element type.
    private static int Degree<T>(long count, long normCount, in CpuOptions options)
        where T : unmanaged =>
        TEntries.HasWorkspace ? WorkspaceThreads(count, normCount, options) : Threads.For(options, count, sizeof(T));

    private static int WorkspaceThreads(long count, long normCount, in CpuOptions options) =>
        Threads.For(options, count, sizeof(float), most: normCount);

    private static bool LiesOnStack(in nk_plan plan, int degree, int length) =>
        Workspace.LiesOnStack(
            plan.workspace_size == 0 ? null : Total(plan, degree), length, nameof(MatrixNorm.WorkspaceSize),
            "workspace");

    private static void Run<TParams>(
        TParams* parameters, delegate*<TParams*, nk_status> entry, in nk_plan plan, int degree)
        where TParams : unmanaged, IPiecedParams
    {
        if (plan.workspace_size == 0)
        {
            Parts.Run(parameters, entry, plan.part_count, degree);
        }
        else
        {
            Parts.RunInPieces(parameters, entry, plan.part_count, degree);
        }
    }

    private static ulong Total(in nk_plan plan, int degree) =>
        plan.workspace_size <= long.MaxValue / (ulong)degree ? plan.workspace_size * (ulong)degree : throw Overflow();

    private static nk_plan Plan(nk_reduction* reduction)
    {
        nk_plan plan;
        return TEntries.Plan(reduction, &plan) == nk_status.NK_OK ? plan : throw Overflow();
    }

    private static ArgumentException Overflow() => new("The workspace for the shape overflows 64 bits.", "shape");
}
