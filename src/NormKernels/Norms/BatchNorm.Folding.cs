using System;

using NormKernels.Dispatch;
using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

public static unsafe partial class BatchNorm
{
    // Outputs, what they may replace, the rest.
    private static readonly string[] FoldNames = ["scale", "shift", "runningMean", "runningVar", "weight", "bias"];

    private static readonly string[] ApplyNames = ["y", "x", "scale", "shift"];

    /// <summary>Inference as two vectors: <c>scale = weight / sqrt(runningVar + epsilon)</c>,
    /// <c>shift = bias - runningMean * scale</c>.</summary>
    /// <remarks>They are double because the shift and x * scale cancel where a mean is large.</remarks>
    /// <typeparam name="TParameter">float, Half or BFloat16.</typeparam>
    /// <param name="runningMean">The running means, [channels].</param>
    /// <param name="runningVar">The running variances, [channels].</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="bias">Offset, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="scale">Receives what x is multiplied by, [channels].</param>
    /// <param name="shift">Receives what is then added, [channels].</param>
    /// <exception cref="ArgumentException">A span has not the length of <paramref name="runningMean"/>, an output
    /// overlaps another argument, or <typeparamref name="TParameter"/> is not float, Half or BFloat16. Named after the
    /// parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public static void Fold<TParameter>(
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<TParameter> weight,
        ReadOnlySpan<TParameter> bias,
        double epsilon,
        Span<double> scale,
        Span<double> shift)
        where TParameter : unmanaged
    {
        nk_batch_norm_fold_params p = default;
        p.param_dtype = Require.Dtype<TParameter>(nameof(weight));
        long channels = runningMean.Length;
        Require.Length(runningVar.Length, channels, nameof(runningVar));
        Require.VectorIfPassed(weight.Length, channels, nameof(weight));
        Require.VectorIfPassed(bias.Length, channels, nameof(bias));
        Require.Epsilon(epsilon, nameof(epsilon));
        Require.Length(scale.Length, channels, nameof(scale));
        Require.Length(shift.Length, channels, nameof(shift));

        fixed (float* prunningMean = runningMean, prunningVar = runningVar)
        fixed (TParameter* pweight = weight, pbias = bias)
        fixed (double* pscale = scale, pshift = shift)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddVector(end, 0, pscale, channels, sizeof(double));
            end = Regions.AddVector(end, 1, pshift, channels, sizeof(double));
            end = Regions.AddVector(end, 2, prunningMean, channels, sizeof(float));
            end = Regions.AddVector(end, 3, prunningVar, channels, sizeof(float));
            end = Regions.AddVector(end, 4, pweight, weight.Length, sizeof(TParameter));
            end = Regions.AddVector(end, 5, pbias, bias.Length, sizeof(TParameter));
            Regions.RequireNoOverlap(first, end, outputs: 2, replaceable: 0, FoldNames);

            p.struct_size = (ulong)sizeof(nk_batch_norm_fold_params);
            p.channels = channels;
            p.epsilon = epsilon;
            p.running_mean = prunningMean;
            p.running_var = prunningVar;
            p.weight = pweight;
            p.bias = pbias;
            p.scale = pscale;
            p.shift = pshift;
            Require.Success(NkChannelNorm.nk_batch_norm_fold(&p));
        }
    }

    /// <summary><c>y = x * scale + shift</c> for every channel: the bits of inference.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="scale">From <see cref="Fold"/>, [channels].</param>
    /// <param name="shift">From <see cref="Fold"/>, [channels].</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/exception[not(contains(@cref, 'OutOfRange'))]"/>
    public static void ApplyFolded<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        ReadOnlySpan<double> scale,
        ReadOnlySpan<double> shift,
        CpuOptions options = default)
        where T : unmanaged
    {
        nk_batch_norm_apply_params p = default;
        p.dtype = Require.Dtype<T>(nameof(x));
        long count = shape.Count;
        Require.Length(x.Length, count, nameof(x));
        Require.Length(y.Length, count, nameof(y));
        Require.Length(scale.Length, shape.Channels, nameof(scale));
        Require.Length(shift.Length, shape.Channels, nameof(shift));
        Require.Options(options, nameof(options));
        int degree = Threads.For(options, count, sizeof(T));
        nk_plan plan = degree > 1 ? ChannelNorm<Entries>.Plan(shape, groups: 0, nameof(shape)) : default;

        fixed (T* px = x, py = y)
        fixed (double* pscale = scale, pshift = shift)
        {
            RegionMemory memory;
            Region* first = (Region*)&memory;
            Region* end = first;
            end = Regions.AddTensor(end, 0, py, count, sizeof(T));
            end = Regions.AddTensor(end, 1, px, count, sizeof(T));
            end = Regions.AddVector(end, 2, pscale, scale.Length, sizeof(double));
            end = Regions.AddVector(end, 3, pshift, shift.Length, sizeof(double));
            Regions.RequireNoOverlap(first, end, outputs: 1, replaceable: 1, ApplyNames);

            p.struct_size = (ulong)sizeof(nk_batch_norm_apply_params);
            p.isa = (nk_isa)options.InstructionSet;
            p.layout = (nk_channel_layout)shape.Layout;
            p.batch = shape.Batch;
            p.channels = shape.Channels;
            p.spatial = shape.Spatial;
            p.x = px;
            p.y = py;
            p.scale = pscale;
            p.shift = pshift;
            Parts.Run(&p, &NkChannelNorm.nk_batch_norm_apply, plan.part_count, degree);
        }
    }
}
