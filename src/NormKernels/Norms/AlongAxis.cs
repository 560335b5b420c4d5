using System;

using NormKernels.Dispatch;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>The native entries of a norm along an axis, and in what these norms differ.</summary>
internal unsafe interface IAlongAxisEntries
{
    /// <summary>
    /// The names of the parameters in the order in which they are held against one another (outputs, what they may
    /// replace, the rest): y, mean, rstd, norm, x, weight, bias. Empty: the norm does not have it.
    /// </summary>
    static abstract string[] ForwardNames { get; }

    /// <summary>dx, dweight, dbias, dy, x, weight, mean, rstd.</summary>
    static abstract string[] BackwardNames { get; }

    /// <summary>jvpY, tanX, x, weight, tanWeight, tanBias, mean, rstd.</summary>
    static abstract string[] JvpNames { get; }

    /// <summary>Whether the weight has to be passed.</summary>
    static abstract bool RequiresWeight { get; }

    /// <summary>How many elements weight and bias have.</summary>
    static abstract long Parameters(in AxisShape shape);

    /// <summary>How many slices share statistics.</summary>
    static abstract long Slices(in AxisShape shape);

    static abstract nk_status Plan(in AxisShape shape, nk_plan* plan);

    static abstract nk_status Forward(nk_axis_forward_params* parameters);

    static abstract nk_status Backward(nk_axis_backward_params* parameters);

    static abstract nk_status Jvp(nk_axis_jvp_params* parameters);
}

/// <summary>
/// What AxisNorm, L2Normalize and WeightNorm share: every argument is checked here, once, before anything is written;
/// then the parameters are filled in and the native entry is called, at once or in parts on several threads.
/// </summary>
internal static unsafe class AlongAxis<TEntries>
    where TEntries : IAlongAxisEntries
{
    public static void Forward<T, TParameter>(
        ReadOnlySpan<T> x, Span<T> y, in AxisShape shape, ReadOnlySpan<TParameter> weight,
        ReadOnlySpan<TParameter> bias, double epsilon, double p, Span<float> mean, Span<float> rstd, Span<float> norm,
        in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        string[] names = TEntries.ForwardNames;
        nk_axis_forward_params a = default;
        a.dtype = Require.Dtype<T>(names[4]);
        a.param_dtype = Require.Dtype<TParameter>(names[5]);
        long count = shape.Count;
        long slices = TEntries.Slices(shape);
        Require.Length(x.Length, count, names[4]);
        Require.Length(y.Length, count, names[0]);
        RequireWeight(weight.Length, shape, names[5]);
        Require.VectorIfPassed(bias.Length, TEntries.Parameters(shape), names[6]);
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.VectorIfPassed(mean.Length, slices, names[1]);
        Require.VectorIfPassed(rstd.Length, slices, names[2]);
        Require.VectorIfPassed(norm.Length, slices, names[3]);
        Require.Options(options, nameof(options));
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = degree > 1 ? Plan(shape) : default;

        fixed (T* px = x, py = y)
        fixed (TParameter* pweight = weight, pbias = bias)
        fixed (float* pmean = mean, prstd = rstd, pnorm = norm)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, py, count, sizeof(T));
            end = Regions.AddVector(end, 1, pmean, mean.Length, sizeof(float));
            end = Regions.AddVector(end, 2, prstd, rstd.Length, sizeof(float));
            end = Regions.AddVector(end, 3, pnorm, norm.Length, sizeof(float));
            end = Regions.AddTensor(end, 4, px, count, sizeof(T));
            end = Regions.AddVector(end, 5, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 6, pbias, bias.Length, sizeof(TParameter));
            Regions.RequireNoOverlap(first, end, outputs: 4, replaceable: 1, names);

            a.struct_size = (ulong)sizeof(nk_axis_forward_params);
            a.isa = (nk_isa)options.InstructionSet;
            a.outer = shape.Outer;
            a.length = shape.Length;
            a.inner = shape.Inner;
            a.epsilon = epsilon;
            a.p = p;
            a.x = px;
            a.y = py;
            a.weight = pweight;
            a.bias = pbias;
            a.mean = pmean;
            a.rstd = prstd;
            a.norm = pnorm;
            Parts.Run(&a, &TEntries.Forward, plan.part_count, degree);
        }
    }

    public static void Backward<T, TParameter>(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, in AxisShape shape, ReadOnlySpan<TParameter> weight,
        double epsilon, double p, ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, Span<float> dweight,
        Span<float> dbias, bool accumulate, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        string[] names = TEntries.BackwardNames;
        nk_axis_backward_params a = default;
        a.dtype = Require.Dtype<T>(names[3]);
        a.param_dtype = Require.Dtype<TParameter>(names[5]);
        long count = shape.Count;
        Require.Length(dy.Length, count, names[3]);
        Require.Length(x.Length, count, names[4]);
        Require.Length(dx.Length, count, names[0]);
        RequireWeight(weight.Length, shape, names[5]);
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.PairIfPassed(mean.Length, rstd.Length, TEntries.Slices(shape), names[6], names[7]);
        Require.VectorIfPassed(dweight.Length, TEntries.Parameters(shape), names[1]);
        Require.VectorIfPassed(dbias.Length, TEntries.Parameters(shape), names[2]);
        Require.Options(options, nameof(options));
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = degree > 1 ? Plan(shape) : default;

        fixed (T* pdy = dy, px = x, pdx = dx)
        fixed (TParameter* pweight = weight)
        fixed (float* pmean = mean, prstd = rstd, pdweight = dweight, pdbias = dbias)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, pdx, count, sizeof(T));
            end = Regions.AddVector(end, 1, pdweight, dweight.Length, sizeof(float));
            end = Regions.AddVector(end, 2, pdbias, dbias.Length, sizeof(float));
            end = Regions.AddTensor(end, 3, pdy, count, sizeof(T));
            end = Regions.AddTensor(end, 4, px, count, sizeof(T));
            end = Regions.AddVector(end, 5, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 6, pmean, mean.Length, sizeof(float));
            end = Regions.AddVector(end, 7, prstd, rstd.Length, sizeof(float));
            Regions.RequireNoOverlap(first, end, outputs: 3, replaceable: 2, names);

            a.struct_size = (ulong)sizeof(nk_axis_backward_params);
            a.isa = (nk_isa)options.InstructionSet;
            a.flags = accumulate ? nk_flags.NK_FLAG_ACCUMULATE : nk_flags.NK_FLAG_NONE;
            a.outer = shape.Outer;
            a.length = shape.Length;
            a.inner = shape.Inner;
            a.epsilon = epsilon;
            a.p = p;
            a.dy = pdy;
            a.x = px;
            a.dx = pdx;
            a.weight = pweight;
            a.mean = pmean;
            a.rstd = prstd;
            a.dweight = pdweight;
            a.dbias = pdbias;
            Parts.Run(&a, &TEntries.Backward, plan.part_count, degree);
        }
    }

    public static void Jvp<T, TParameter>(
        ReadOnlySpan<T> tanX, ReadOnlySpan<T> x, Span<T> jvpY, in AxisShape shape, ReadOnlySpan<TParameter> weight,
        ReadOnlySpan<TParameter> tanWeight, ReadOnlySpan<TParameter> tanBias, double epsilon, double p,
        ReadOnlySpan<float> mean, ReadOnlySpan<float> rstd, in CpuOptions options)
        where T : unmanaged
        where TParameter : unmanaged
    {
        string[] names = TEntries.JvpNames;
        nk_axis_jvp_params a = default;
        a.dtype = Require.Dtype<T>(names[1]);
        a.param_dtype = Require.Dtype<TParameter>(names[3]);
        long count = shape.Count;
        Require.Length(tanX.Length, count, names[1]);
        Require.Length(x.Length, count, names[2]);
        Require.Length(jvpY.Length, count, names[0]);
        RequireWeight(weight.Length, shape, names[3]);
        Require.VectorIfPassed(tanWeight.Length, TEntries.Parameters(shape), names[4]);
        Require.VectorIfPassed(tanBias.Length, TEntries.Parameters(shape), names[5]);
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.PairIfPassed(mean.Length, rstd.Length, TEntries.Slices(shape), names[6], names[7]);
        Require.Options(options, nameof(options));
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = degree > 1 ? Plan(shape) : default;

        fixed (T* ptanX = tanX, px = x, pjvpY = jvpY)
        fixed (TParameter* pweight = weight, ptanWeight = tanWeight, ptanBias = tanBias)
        fixed (float* pmean = mean, prstd = rstd)
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
            Regions.RequireNoOverlap(first, end, outputs: 1, replaceable: 2, names);

            a.struct_size = (ulong)sizeof(nk_axis_jvp_params);
            a.isa = (nk_isa)options.InstructionSet;
            a.outer = shape.Outer;
            a.length = shape.Length;
            a.inner = shape.Inner;
            a.epsilon = epsilon;
            a.p = p;
            a.x = px;
            a.tan_x = ptanX;
            a.jvp_y = pjvpY;
            a.weight = pweight;
            a.tan_weight = ptanWeight;
            a.tan_bias = ptanBias;
            a.mean = pmean;
            a.rstd = prstd;
            Parts.Run(&a, &TEntries.Jvp, plan.part_count, degree);
        }
    }

    private static void RequireWeight(int length, in AxisShape shape, string name)
    {
        long expected = TEntries.Parameters(shape);
        if (TEntries.RequiresWeight)
        {
            Require.Length(length, expected, name);
        }
        else
        {
            Require.VectorIfPassed(length, expected, name);
        }
    }

    private static nk_plan Plan(in AxisShape shape)
    {
        nk_plan plan;
        Require.Success(TEntries.Plan(shape, &plan));
        return plan;
    }
}
