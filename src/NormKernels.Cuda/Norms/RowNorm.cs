using NormKernels.Cuda.Dispatch;
using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Memory;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels.Cuda;

/// <summary>The native entries of a norm over rows.</summary>
internal unsafe interface IRowNormEntries
{
    static abstract nk_status Forward(nk_row_norm_forward_params* parameters, nint stream);

    static abstract nk_status Backward(nk_row_norm_backward_params* parameters, nint stream);

    static abstract nk_status Jvp(nk_row_norm_jvp_params* parameters, nint stream);
}

/// <summary>What LayerNorm and RmsNorm share: checks, parameters, the native call.</summary>
internal static unsafe class RowNorm<TEntries>
    where TEntries : IRowNormEntries
{
    public static long BackwardWorkspaceSize(in RowShape shape) => (long)Size(shape);

    /// <remarks>With a gate there is no residual: h would be written before the gate is read.</remarks>
    public static void Forward<T, TOutput, TParameter>(
        DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T>? residual, DeviceBuffer<T>? gate, DeviceBuffer<T>? h,
        DeviceBuffer<TOutput> y, DeviceBuffer<float>? yScale, in RowShape shape, DeviceBuffer<TParameter>? weight,
        DeviceBuffer<TParameter>? bias, double epsilon, DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd,
        nk_flags flags, RowForm form)
        where T : unmanaged
        where TOutput : unmanaged
        where TParameter : unmanaged
    {
        nk_quantize quantize =
            typeof(TOutput) == typeof(sbyte) ? nk_quantize.NK_QUANTIZE_I8
            : typeof(TOutput) == typeof(byte) ? nk_quantize.NK_QUANTIZE_E4M3
            : nk_quantize.NK_QUANTIZE_NONE;
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        nk_row_norm_forward_params p = default;
        p.struct_size = (ulong)sizeof(nk_row_norm_forward_params);
        p.dtype = Require.Dtype<T>(nameof(x));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.flags = flags;
        p.rows = shape.Rows;
        p.cols = shape.Cols;
        p.epsilon = epsilon;
        p.x_stride = strides.X;
        p.residual_stride = strides.Residual;
        p.h_stride = strides.H;
        p.y_stride = strides.Y;
        p.gate_stride = strides.Gate;
        p.quantize = quantize;
        Require.Epsilon(epsilon, nameof(epsilon));

        DeviceCall call = new(stream);
        if (form == RowForm.Add)
        {
            p.h = call.Matrix(DeviceRole.Output, h, shape, strides.H, nameof(h));
        }

        p.y = call.Matrix(DeviceRole.Output, y, shape, strides.Y, nameof(y));
        p.mean = (float*)call.VectorIfPassed(DeviceRole.Output, mean, shape.Rows, nameof(mean));
        p.rstd = (float*)call.VectorIfPassed(DeviceRole.Output, rstd, shape.Rows, nameof(rstd));
        if (quantize != nk_quantize.NK_QUANTIZE_NONE)
        {
            p.y_scale = (float*)call.Vector(DeviceRole.Output, yScale, shape.Rows, nameof(yScale));
        }

        p.x = call.Matrix(DeviceRole.Replaceable, x, shape, strides.X, nameof(x));
        if (form == RowForm.Add)
        {
            p.residual = call.Matrix(DeviceRole.Replaceable, residual, shape, strides.Residual, nameof(residual));
        }
        else if (form == RowForm.Gated)
        {
            p.gate = call.Matrix(DeviceRole.Replaceable, gate, shape, strides.Gate, nameof(gate));
        }

        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Cols, nameof(weight));
        p.bias = call.VectorIfPassed(DeviceRole.Input, bias, shape.Cols, nameof(bias));
        call.Run(&p, &TEntries.Forward);
    }

    public static void Backward<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T>? dh, DeviceBuffer<T> x, DeviceBuffer<T> dx,
        in RowShape shape, DeviceBuffer<TParameter>? weight, double epsilon, DeviceBuffer<float>? mean,
        DeviceBuffer<float>? rstd, bool hasMean, DeviceBuffer<float>? dweight, DeviceBuffer<float>? dbias,
        DeviceBuffer<byte>? workspace, bool accumulate, nk_flags flags, bool add)
        where T : unmanaged
        where TParameter : unmanaged
    {
        const string h = nameof(h);
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        long strideOfX = add ? strides.H : strides.X;
        nk_row_norm_backward_params p = default;
        p.struct_size = (ulong)sizeof(nk_row_norm_backward_params);
        p.dtype = Require.Dtype<T>(nameof(dy));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.flags = flags | (accumulate ? nk_flags.NK_FLAG_ACCUMULATE : nk_flags.NK_FLAG_NONE);
        p.rows = shape.Rows;
        p.cols = shape.Cols;
        p.epsilon = epsilon;
        p.dy_stride = strides.Dy;
        p.x_stride = strideOfX;
        p.dh_stride = strides.Dh;
        p.dx_stride = strides.Dx;
        Require.Epsilon(epsilon, nameof(epsilon));
        RequireStatistics(mean, rstd, shape, hasMean);
        bool sums = DeviceCall.LengthOf(dweight) != 0 || DeviceCall.LengthOf(dbias) != 0;

        DeviceCall call = new(stream);
        p.dx = call.Matrix(DeviceRole.Output, dx, shape, strides.Dx, nameof(dx));
        p.dweight = (float*)call.VectorIfPassed(DeviceRole.Output, dweight, shape.Cols, nameof(dweight));
        p.dbias = (float*)call.VectorIfPassed(DeviceRole.Output, dbias, shape.Cols, nameof(dbias));
        p.workspace = call.Workspace(
            workspace, sums ? Size(shape, call.Device) : 0, nameof(BackwardWorkspaceSize), nameof(workspace));
        p.workspace_size = (ulong)DeviceCall.LengthOf(workspace);
        p.dy = call.Matrix(DeviceRole.Replaceable, dy, shape, strides.Dy, nameof(dy));
        p.dh = call.MatrixIfPassed(DeviceRole.Replaceable, dh, shape, strides.Dh, nameof(dh));
        p.x = call.Matrix(DeviceRole.Replaceable, x, shape, strideOfX, add ? h : nameof(x));
        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Cols, nameof(weight));
        p.mean = (float*)call.VectorIfPassed(DeviceRole.Input, mean, shape.Rows, nameof(mean));
        p.rstd = (float*)call.VectorIfPassed(DeviceRole.Input, rstd, shape.Rows, nameof(rstd));
        call.Run(&p, &TEntries.Backward);
    }

    public static void Jvp<T, TParameter>(
        DeviceStream stream, DeviceBuffer<T> tanX, DeviceBuffer<T>? tanResidual, DeviceBuffer<T> x,
        DeviceBuffer<T>? jvpH, DeviceBuffer<T> jvpY, in RowShape shape, DeviceBuffer<TParameter>? weight,
        DeviceBuffer<TParameter>? tanWeight, DeviceBuffer<TParameter>? tanBias, double epsilon,
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, bool hasMean, nk_flags flags, bool add)
        where T : unmanaged
        where TParameter : unmanaged
    {
        const string h = nameof(h);
        ref readonly RowStrides strides = ref RowShape.StridesOf(in shape);
        long strideOfX = add ? strides.H : strides.X;
        nk_row_norm_jvp_params p = default;
        p.struct_size = (ulong)sizeof(nk_row_norm_jvp_params);
        p.dtype = Require.Dtype<T>(nameof(tanX));
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        p.flags = flags;
        p.rows = shape.Rows;
        p.cols = shape.Cols;
        p.epsilon = epsilon;
        p.x_stride = strideOfX;
        p.tan_x_stride = strides.TanX;
        p.tan_residual_stride = strides.TanResidual;
        p.jvp_h_stride = strides.JvpH;
        p.jvp_y_stride = strides.JvpY;
        Require.Epsilon(epsilon, nameof(epsilon));
        RequireStatistics(mean, rstd, shape, hasMean);

        DeviceCall call = new(stream);
        if (add)
        {
            p.jvp_h = call.Matrix(DeviceRole.Output, jvpH, shape, strides.JvpH, nameof(jvpH));
        }

        p.jvp_y = call.Matrix(DeviceRole.Output, jvpY, shape, strides.JvpY, nameof(jvpY));
        p.tan_x = call.Matrix(DeviceRole.Replaceable, tanX, shape, strides.TanX, nameof(tanX));
        if (add)
        {
            p.tan_residual = call.Matrix(
                DeviceRole.Replaceable, tanResidual, shape, strides.TanResidual, nameof(tanResidual));
        }

        p.x = call.Matrix(DeviceRole.Replaceable, x, shape, strideOfX, add ? h : nameof(x));
        p.weight = call.VectorIfPassed(DeviceRole.Input, weight, shape.Cols, nameof(weight));
        p.tan_weight = call.VectorIfPassed(DeviceRole.Input, tanWeight, shape.Cols, nameof(tanWeight));
        p.tan_bias = call.VectorIfPassed(DeviceRole.Input, tanBias, shape.Cols, nameof(tanBias));
        p.mean = (float*)call.VectorIfPassed(DeviceRole.Input, mean, shape.Rows, nameof(mean));
        p.rstd = (float*)call.VectorIfPassed(DeviceRole.Input, rstd, shape.Rows, nameof(rstd));
        call.Run(&p, &TEntries.Jvp);
    }

    private static ulong Size(in RowShape shape, int device)
    {
        using DeviceScope scope = new(device);
        return Size(shape);
    }

    private static ulong Size(in RowShape shape)
    {
        ulong size = 0;
        nk_status status = NkCuda.nk_cuda_row_norm_workspace_size(shape.Rows, shape.Cols, &size);
        return DeviceCall.SizeOf(status, size, nameof(shape));
    }

    private static void RequireStatistics(
        DeviceBuffer<float>? mean, DeviceBuffer<float>? rstd, in RowShape shape, bool hasMean)
    {
        if (hasMean)
        {
            Require.PairIfPassed(
                DeviceCall.LengthOf(mean), DeviceCall.LengthOf(rstd), shape.Rows, nameof(mean), nameof(rstd));
        }
    }
}
