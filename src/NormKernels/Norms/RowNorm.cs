using System;
using System.Runtime.CompilerServices;

using NormKernels.Dispatch;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>The native entries of a norm over rows.</summary>
internal unsafe interface IRowNormEntries
{
    /// <remarks>Not inlined: the frame of the native call would be set up for short calls too.</remarks>
    static abstract nk_status Forward(nk_row_norm_forward_params* parameters);

    /// <summary>The same for at most <see cref="RowNorm.ShortElements"/> rows and elements.</summary>
    static abstract nk_status ForwardShort(nk_row_norm_forward_params* parameters);

    static abstract nk_status Backward(nk_row_norm_backward_params* parameters);

    static abstract nk_status Jvp(nk_row_norm_jvp_params* parameters);
}

/// <summary>What a forward pass over rows has beside its input.</summary>
internal enum RowForm
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>A residual that is added first.</summary>
    Add,

    /// <summary>A gate behind the norm.</summary>
    Gated,
}

/// <summary>What norms over rows share whatever their entries.</summary>
internal static class RowNorm
{
    /// <summary>Rows and elements that a short call has at most, one that garbage collections wait for: 0.2 us on AVX2.
    /// Leaving out the transition saves 5 ns.</summary>
    public const long ShortElements = 2048;
}

/// <summary>
/// What LayerNorm and RmsNorm share: every argument is checked here, once, before anything is written; then the
/// parameters are filled in and the native entry is called, for all rows or for row blocks on several threads.
/// </summary>
internal static unsafe class RowNorm<TEntries>
    where TEntries : IRowNormEntries
{
    // The parameters in the order in which they are held against one another: outputs, what they may replace, the rest.
    private static readonly string[] ForwardNames =
        ["h", "y", "mean", "rstd", "yScale", "x", "residual", "gate", "weight", "bias"];

    private static readonly string[] BackwardNames =
        ["dx", "dweight", "dbias", "workspace", "dy", "dh", "x", "weight", "mean", "rstd"];

    private static readonly string[] AddBackwardNames =
        ["dx", "dweight", "dbias", "workspace", "dy", "dh", "h", "weight", "mean", "rstd"];

    private static readonly string[] JvpNames =
        ["jvpH", "jvpY", "tanX", "tanResidual", "x", "weight", "tanWeight", "tanBias", "mean", "rstd"];

    private static readonly string[] AddJvpNames =
        ["jvpH", "jvpY", "tanX", "tanResidual", "h", "weight", "tanWeight", "tanBias", "mean", "rstd"];

    public static long BackwardWorkspaceSize(in RowShape shape)
    {
        return checked((long)Plan(shape, nameof(shape)).workspace_size);
    }

    /// <remarks>
    /// <para>With a gate there is no residual: h would be written before the gate is read.</para>
    /// <para>Inlined, so that what a public method does not have is gone from it: its pins, checks and fields were half of
    /// the 43 ns that a call of 1 x 256 took beside the kernel.</para>
    /// <para>The public methods themselves are not inlined: a caller that has not skipped the initialization of locals
    /// would clear all of the frame, 1.5 KB, at each call (1 x 256: 88 ns, not inlined 72).</para>
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward<T, TOutput, TParameter>(
        ReadOnlySpan<T> x, ReadOnlySpan<T> residual, ReadOnlySpan<T> gate, Span<T> h, Span<TOutput> y,
        Span<float> yScale, in RowShape shape, ReadOnlySpan<TParameter> weight, ReadOnlySpan<TParameter> bias,
        double epsilon, Span<float> mean, Span<float> rstd, nk_flags flags, RowForm form, in CpuOptions options)
        where T : unmanaged
        where TOutput : unmanaged
        where TParameter : unmanaged
    {
        bool quantized = typeof(TOutput) == typeof(sbyte);
        nk_row_norm_forward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        (long rows, long cols) = (shape.Rows, shape.Cols);
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        Require.Matrix(x.Length, shape, strides.X, nameof(x));
        if (form == RowForm.Add)
        {
            Require.Matrix(residual.Length, shape, strides.Residual, nameof(residual));
            Require.Matrix(h.Length, shape, strides.H, nameof(h));
        }
        else if (form == RowForm.Gated)
        {
            Require.Matrix(gate.Length, shape, strides.Gate, nameof(gate));
        }

        Require.Matrix(y.Length, shape, strides.Y, nameof(y));
        if (quantized)
        {
            Require.Length(yScale.Length, shape.Rows, nameof(yScale));
        }

        Require.VectorIfPassed(weight.Length, shape.Cols, nameof(weight));
        Require.VectorIfPassed(bias.Length, shape.Cols, nameof(bias));
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.VectorIfPassed(mean.Length, shape.Rows, nameof(mean));
        Require.VectorIfPassed(rstd.Length, shape.Rows, nameof(rstd));
        Require.Options(options, nameof(options));

        fixed (T* px = x, presidual = residual, pgate = gate, ph = h)
        fixed (TOutput* py = y)
        fixed (TParameter* pweight = weight, pbias = bias)
        fixed (float* pmean = mean, prstd = rstd, pyScale = yScale)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddMatrix(end, 0, ph, shape, strides.H, sizeof(T));
            end = Regions.AddMatrix(end, 1, py, shape, strides.Y, sizeof(TOutput));
            end = Regions.AddVector(end, 2, pmean, rows, sizeof(float));
            end = Regions.AddVector(end, 3, prstd, rows, sizeof(float));
            end = Regions.AddVector(end, 4, pyScale, rows, sizeof(float));
            end = Regions.AddMatrix(end, 5, px, shape, strides.X, sizeof(T));
            end = Regions.AddMatrix(end, 6, presidual, shape, strides.Residual, sizeof(T));
            end = Regions.AddMatrix(end, 7, pgate, shape, strides.Gate, sizeof(T));
            end = Regions.AddVector(end, 8, pweight, cols, sizeof(TParameter));
            end = Regions.AddVector(end, 9, pbias, cols, sizeof(TParameter));
            Regions.RequireNoOverlap(first, end, outputs: 5, replaceable: 3, ForwardNames);

            p.struct_size = (ulong)sizeof(nk_row_norm_forward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.flags = flags;
            p.rows = shape.Rows;
            p.cols = shape.Cols;
            p.epsilon = epsilon;
            p.x = px;
            p.residual = presidual;
            p.h = ph;
            p.y = py;
            p.x_stride = strides.X;
            p.residual_stride = strides.Residual;
            p.h_stride = strides.H;
            p.y_stride = strides.Y;
            p.weight = pweight;
            p.bias = pbias;
            p.mean = pmean;
            p.rstd = prstd;
            p.gate = pgate;
            p.gate_stride = strides.Gate;
            p.y_scale = pyScale;
            p.quantize = quantized ? nk_quantize.NK_QUANTIZE_I8 : nk_quantize.NK_QUANTIZE_NONE;

            if (Math.Max(shape.Count, shape.Rows) <= RowNorm.ShortElements)
            {
                Require.Success(TEntries.ForwardShort(&p));
            }
            else
            {
                RunForward(&p, Threads.For(options, shape.Count, sizeof(T), most: shape.Rows));
            }
        }
    }

    public static void Backward<T, TParameter>(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> dh, ReadOnlySpan<T> x, Span<T> dx, in RowShape shape,
        ReadOnlySpan<TParameter> weight, double epsilon, ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd,
        bool hasMean, Span<float> dweight, Span<float> dbias, Span<byte> workspace, bool accumulate, nk_flags flags,
        bool add, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        const string h = nameof(h);
        string nameOfX = add ? h : nameof(x);
        nk_row_norm_backward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(dy));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        (long rows, long cols) = (shape.Rows, shape.Cols);
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        long strideOfX = add ? strides.H : strides.X;
        Require.Matrix(dy.Length, shape, strides.Dy, nameof(dy));
        Require.MatrixIfPassed(dh.Length, shape, strides.Dh, nameof(dh));
        Require.Matrix(x.Length, shape, strideOfX, nameOfX);
        Require.Matrix(dx.Length, shape, strides.Dx, nameof(dx));
        Require.VectorIfPassed(weight.Length, shape.Cols, nameof(weight));
        Require.Epsilon(epsilon, nameof(epsilon));
        RequireStatistics(mean, rstd, shape, hasMean);
        Require.VectorIfPassed(dweight.Length, shape.Cols, nameof(dweight));
        Require.VectorIfPassed(dbias.Length, shape.Cols, nameof(dbias));
        Require.Options(options, nameof(options));
        nk_plan plan = Plan(shape, nameof(shape));
        bool parameters = !dweight.IsEmpty || !dbias.IsEmpty;
        bool onStack = Workspace.LiesOnStack(
            parameters ? plan.workspace_size : null, workspace.Length, nameof(BackwardWorkspaceSize),
            nameof(workspace));
        byte* stack = stackalloc byte[onStack ? Workspace.OnStack : 0];
        fixed (T* pdy = dy, pdh = dh, px = x, pdx = dx)
        fixed (TParameter* pweight = weight)
        fixed (float* pmean = mean, prstd = rstd, pdweight = dweight, pdbias = dbias)
        fixed (byte* pworkspace = workspace)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddMatrix(end, 0, pdx, shape, strides.Dx, sizeof(T));
            end = Regions.AddVector(end, 1, pdweight, cols, sizeof(float));
            end = Regions.AddVector(end, 2, pdbias, cols, sizeof(float));
            end = Regions.AddVector(end, 3, pworkspace, workspace.Length, sizeof(byte));
            end = Regions.AddMatrix(end, 4, pdy, shape, strides.Dy, sizeof(T));
            end = Regions.AddMatrix(end, 5, pdh, shape, strides.Dh, sizeof(T));
            end = Regions.AddMatrix(end, 6, px, shape, strideOfX, sizeof(T));
            end = Regions.AddVector(end, 7, pweight, cols, sizeof(TParameter));
            end = Regions.AddVector(end, 8, pmean, rows, sizeof(float));
            end = Regions.AddVector(end, 9, prstd, rows, sizeof(float));
            Regions.RequireNoOverlap(first, end, outputs: 4, replaceable: 3, add ? AddBackwardNames : BackwardNames);

            p.struct_size = (ulong)sizeof(nk_row_norm_backward_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.flags = flags | (accumulate ? nk_flags.NK_FLAG_ACCUMULATE : nk_flags.NK_FLAG_NONE);
            p.rows = shape.Rows;
            p.cols = shape.Cols;
            p.epsilon = epsilon;
            p.dy = pdy;
            p.x = px;
            p.dh = pdh;
            p.dx = pdx;
            p.dy_stride = strides.Dy;
            p.x_stride = strideOfX;
            p.dh_stride = strides.Dh;
            p.dx_stride = strides.Dx;
            p.weight = pweight;
            p.mean = pmean;
            p.rstd = prstd;
            p.dweight = pdweight;
            p.dbias = pdbias;
            p.workspace = onStack ? stack : pworkspace;
            p.workspace_size = onStack ? Workspace.OnStack : (ulong)workspace.Length;

            int degree = Threads.For(options, shape.Count, sizeof(T), most: shape.Rows);
            Parts.Run(&p, &TEntries.Backward, plan.part_count, degree);
        }
    }

    public static void Jvp<T, TParameter>(
        ReadOnlySpan<T> tanX, ReadOnlySpan<T> tanResidual, ReadOnlySpan<T> x, Span<T> jvpH, Span<T> jvpY,
        in RowShape shape, ReadOnlySpan<TParameter> weight, ReadOnlySpan<TParameter> tanWeight,
        ReadOnlySpan<TParameter> tanBias, double epsilon, ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd,
        bool hasMean, nk_flags flags, bool add, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        const string h = nameof(h);
        string nameOfX = add ? h : nameof(x);
        nk_row_norm_jvp_params p = default;
        p.dtype = Require.Dtype<T>(nameof(tanX));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        (long rows, long cols) = (shape.Rows, shape.Cols);
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        long strideOfX = add ? strides.H : strides.X;
        Require.Matrix(tanX.Length, shape, strides.TanX, nameof(tanX));
        Require.Matrix(x.Length, shape, strideOfX, nameOfX);
        if (add)
        {
            Require.Matrix(tanResidual.Length, shape, strides.TanResidual, nameof(tanResidual));
            Require.Matrix(jvpH.Length, shape, strides.JvpH, nameof(jvpH));
        }

        Require.Matrix(jvpY.Length, shape, strides.JvpY, nameof(jvpY));
        Require.VectorIfPassed(weight.Length, shape.Cols, nameof(weight));
        Require.VectorIfPassed(tanWeight.Length, shape.Cols, nameof(tanWeight));
        Require.VectorIfPassed(tanBias.Length, shape.Cols, nameof(tanBias));
        Require.Epsilon(epsilon, nameof(epsilon));
        RequireStatistics(mean, rstd, shape, hasMean);
        Require.Options(options, nameof(options));

        fixed (T* ptanX = tanX, ptanResidual = tanResidual, px = x, pjvpH = jvpH, pjvpY = jvpY)
        fixed (TParameter* pweight = weight, ptanWeight = tanWeight, ptanBias = tanBias)
        fixed (float* pmean = mean, prstd = rstd)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddMatrix(end, 0, pjvpH, shape, strides.JvpH, sizeof(T));
            end = Regions.AddMatrix(end, 1, pjvpY, shape, strides.JvpY, sizeof(T));
            end = Regions.AddMatrix(end, 2, ptanX, shape, strides.TanX, sizeof(T));
            end = Regions.AddMatrix(end, 3, ptanResidual, shape, strides.TanResidual, sizeof(T));
            end = Regions.AddMatrix(end, 4, px, shape, strideOfX, sizeof(T));
            end = Regions.AddVector(end, 5, pweight, cols, sizeof(TParameter));
            end = Regions.AddVector(end, 6, ptanWeight, cols, sizeof(TParameter));
            end = Regions.AddVector(end, 7, ptanBias, cols, sizeof(TParameter));
            end = Regions.AddVector(end, 8, pmean, rows, sizeof(float));
            end = Regions.AddVector(end, 9, prstd, rows, sizeof(float));
            Regions.RequireNoOverlap(first, end, outputs: 2, replaceable: 3, add ? AddJvpNames : JvpNames);

            p.struct_size = (ulong)sizeof(nk_row_norm_jvp_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.flags = flags;
            p.rows = shape.Rows;
            p.cols = shape.Cols;
            p.epsilon = epsilon;
            p.x = px;
            p.tan_x = ptanX;
            p.tan_residual = ptanResidual;
            p.jvp_h = pjvpH;
            p.jvp_y = pjvpY;
            p.x_stride = strideOfX;
            p.tan_x_stride = strides.TanX;
            p.tan_residual_stride = strides.TanResidual;
            p.jvp_h_stride = strides.JvpH;
            p.jvp_y_stride = strides.JvpY;
            p.weight = pweight;
            p.tan_weight = ptanWeight;
            p.tan_bias = ptanBias;
            p.mean = pmean;
            p.rstd = prstd;

            int degree = Threads.For(options, shape.Count, sizeof(T), most: shape.Rows);
            if (degree == 1)
            {
                Require.Success(TEntries.Jvp(&p));
            }
            else
            {
                JvpJob job = new() { Parameters = &p, Rows = Ranges.ForThreads(shape.Rows, degree) };
                RowBlocks.Run(job.Rows.Count, degree, &JvpRows, &job);
                Require.Success((nk_status)job.Status);
            }
        }
    }

    private static nk_plan Plan(in RowShape shape, string name)
    {
        nk_plan plan;
        return NkRowNorm.nk_row_norm_plan(shape.Rows, shape.Cols, &plan) == nk_status.NK_OK
            ? plan
            : throw new ArgumentException($"The workspace for {shape.Cols} columns overflows 64 bits.", name);
    }

    private static void RequireStatistics(
        ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, in RowShape shape, bool hasMean)
    {
        if (hasMean)
        {
            Require.PairIfPassed(mean.Length, rstd.Length, shape.Rows, nameof(mean), nameof(rstd));
        }
        else
        {
            Require.VectorIfPassed(rstd.Length, shape.Rows, nameof(rstd));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunForward(nk_row_norm_forward_params* parameters, int degree)
    {
        if (degree == 1)
        {
            Require.Success(TEntries.Forward(parameters));
            return;
        }

        ForwardJob job = new() { Parameters = parameters, Rows = Ranges.ForThreads(parameters->rows, degree) };
        RowBlocks.Run(job.Rows.Count, degree, &ForwardRows, &job);
        Require.Success((nk_status)job.Status);
    }

    private static void ForwardRows(void* state, long block)
    {
        ForwardJob* job = (ForwardJob*)state;
        nk_row_norm_forward_params p = *job->Parameters;
        (long begin, long end) = job->Rows[block];
        p.rows = end - begin;
        int size = SizeOf(p.dtype);
        p.x = Row(p.x, begin, p.x_stride, p.cols, size);
        p.residual = Row(p.residual, begin, p.residual_stride, p.cols, size);
        p.h = Row(p.h, begin, p.h_stride, p.cols, size);
        p.y = Row(p.y, begin, p.y_stride, p.cols, p.quantize == nk_quantize.NK_QUANTIZE_NONE ? size : sizeof(sbyte));
        p.gate = Row(p.gate, begin, p.gate_stride, p.cols, size);
        p.mean = p.mean == null ? null : p.mean + begin;
        p.rstd = p.rstd == null ? null : p.rstd + begin;
        p.y_scale = p.y_scale == null ? null : p.y_scale + begin;
        Parts.Report(ref job->Status, TEntries.Forward(&p));
    }

    private static void JvpRows(void* state, long block)
    {
        JvpJob* job = (JvpJob*)state;
        nk_row_norm_jvp_params p = *job->Parameters;
        (long begin, long end) = job->Rows[block];
        p.rows = end - begin;
        int size = SizeOf(p.dtype);
        p.x = Row(p.x, begin, p.x_stride, p.cols, size);
        p.tan_x = Row(p.tan_x, begin, p.tan_x_stride, p.cols, size);
        p.tan_residual = Row(p.tan_residual, begin, p.tan_residual_stride, p.cols, size);
        p.jvp_h = Row(p.jvp_h, begin, p.jvp_h_stride, p.cols, size);
        p.jvp_y = Row(p.jvp_y, begin, p.jvp_y_stride, p.cols, size);
        p.mean = p.mean == null ? null : p.mean + begin;
        p.rstd = p.rstd == null ? null : p.rstd + begin;
        Parts.Report(ref job->Status, TEntries.Jvp(&p));
    }

    private static void* Row(void* data, long row, long stride, long cols, int elementSize) =>
        data == null ? null : (byte*)data + row * (stride == 0 ? cols : stride) * elementSize;

    private static int SizeOf(nk_dtype dtype) => dtype == nk_dtype.NK_F32 ? sizeof(float) : sizeof(ushort);

    private struct ForwardJob
    {
        public nk_row_norm_forward_params* Parameters;
        public Ranges Rows;
        public int Status;
    }

    private struct JvpJob
    {
        public nk_row_norm_jvp_params* Parameters;
        public Ranges Rows;
        public int Status;
    }
}
