using System;

using NormKernels.Dispatch;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>The native entries of a norm over rows.</summary>
internal unsafe interface IRowNormEntries
{
    static abstract nk_status Forward(nk_row_norm_forward_params* parameters);

    static abstract nk_status Backward(nk_row_norm_backward_params* parameters);

    static abstract nk_status Jvp(nk_row_norm_jvp_params* parameters);
}

/// <summary>
/// What LayerNorm and RmsNorm share: every argument is checked here, once, before anything is written; then the
/// parameters are filled in and the native entry is called, for all rows or for row blocks on several threads.
/// </summary>
internal static unsafe class RowNorm<TEntries>
    where TEntries : IRowNormEntries
{
    // The parameters in the order in which they are held against one another: outputs, what they may replace, the rest.
    private static readonly string[] ForwardNames = ["h", "y", "mean", "rstd", "x", "residual", "weight", "bias"];

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

    public static void Forward<T, TParameter>(
        ReadOnlySpan<T> x, ReadOnlySpan<T> residual, Span<T> h, Span<T> y, in RowShape shape,
        ReadOnlySpan<TParameter> weight, ReadOnlySpan<TParameter> bias, double epsilon,
        Span<float> mean, Span<float> rstd, nk_flags flags, bool add, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        nk_row_norm_forward_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        (long rows, long cols) = (shape.Rows, shape.Cols);
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        Require.Matrix(x.Length, shape, strides.X, nameof(x));
        if (add)
        {
            Require.Matrix(residual.Length, shape, strides.Residual, nameof(residual));
            Require.Matrix(h.Length, shape, strides.H, nameof(h));
        }

        Require.Matrix(y.Length, shape, strides.Y, nameof(y));
        Require.VectorIfPassed(weight.Length, shape.Cols, nameof(weight));
        Require.VectorIfPassed(bias.Length, shape.Cols, nameof(bias));
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.VectorIfPassed(mean.Length, shape.Rows, nameof(mean));
        Require.VectorIfPassed(rstd.Length, shape.Rows, nameof(rstd));
        Require.Options(options, nameof(options));

        fixed (T* px = x, presidual = residual, ph = h, py = y)
        fixed (TParameter* pweight = weight, pbias = bias)
        fixed (float* pmean = mean, prstd = rstd)
        {
            Region* regions = stackalloc Region[8];
            regions[0].SetMatrix(ph, rows, cols, strides.H, sizeof(T));
            regions[1].SetMatrix(py, rows, cols, strides.Y, sizeof(T));
            regions[2].SetVector(pmean, rows * sizeof(float));
            regions[3].SetVector(prstd, rows * sizeof(float));
            regions[4].SetMatrix(px, rows, cols, strides.X, sizeof(T));
            regions[5].SetMatrix(presidual, rows, cols, strides.Residual, sizeof(T));
            regions[6].SetVector(pweight, cols * sizeof(TParameter));
            regions[7].SetVector(pbias, cols * sizeof(TParameter));
            Region.RequireNoOverlap(new(regions, 8), outputs: 4, replaceable: 2, ForwardNames);

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

            int degree = Threads.For(options, shape.Count, sizeof(T), most: shape.Rows);
            if (degree == 1)
            {
                Require.Success(TEntries.Forward(&p));
            }
            else
            {
                ForwardJob job = new() { Parameters = &p, Rows = Ranges.ForThreads(shape.Rows, degree) };
                RowBlocks.Run(job.Rows.Count, degree, &ForwardRows, &job);
                Require.Success((nk_status)job.Status);
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
            Region* regions = stackalloc Region[10];
            regions[0].SetMatrix(pdx, rows, cols, strides.Dx, sizeof(T));
            regions[1].SetVector(pdweight, cols * sizeof(float));
            regions[2].SetVector(pdbias, cols * sizeof(float));
            regions[3].SetVector(pworkspace, workspace.Length);
            regions[4].SetMatrix(pdy, rows, cols, strides.Dy, sizeof(T));
            regions[5].SetMatrix(pdh, rows, cols, strides.Dh, sizeof(T));
            regions[6].SetMatrix(px, rows, cols, strideOfX, sizeof(T));
            regions[7].SetVector(pweight, cols * sizeof(TParameter));
            regions[8].SetVector(pmean, rows * sizeof(float));
            regions[9].SetVector(prstd, rows * sizeof(float));
            Region.RequireNoOverlap(new(regions, 10), outputs: 4, replaceable: 3, add ? AddBackwardNames : BackwardNames);

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
            Region* regions = stackalloc Region[10];
            regions[0].SetMatrix(pjvpH, rows, cols, strides.JvpH, sizeof(T));
            regions[1].SetMatrix(pjvpY, rows, cols, strides.JvpY, sizeof(T));
            regions[2].SetMatrix(ptanX, rows, cols, strides.TanX, sizeof(T));
            regions[3].SetMatrix(ptanResidual, rows, cols, strides.TanResidual, sizeof(T));
            regions[4].SetMatrix(px, rows, cols, strideOfX, sizeof(T));
            regions[5].SetVector(pweight, cols * sizeof(TParameter));
            regions[6].SetVector(ptanWeight, cols * sizeof(TParameter));
            regions[7].SetVector(ptanBias, cols * sizeof(TParameter));
            regions[8].SetVector(pmean, rows * sizeof(float));
            regions[9].SetVector(prstd, rows * sizeof(float));
            Region.RequireNoOverlap(new(regions, 10), outputs: 2, replaceable: 3, add ? AddJvpNames : JvpNames);

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
        p.y = Row(p.y, begin, p.y_stride, p.cols, size);
        p.mean = p.mean == null ? null : p.mean + begin;
        p.rstd = p.rstd == null ? null : p.rstd + begin;
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
