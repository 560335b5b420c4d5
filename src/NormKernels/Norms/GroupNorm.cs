using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

/// <summary>
/// Group normalization (Wu, He, "Group Normalization", 2018, arXiv:1803.08494):
/// <code>
/// y = (x - mean) * rstd * weight + bias        rstd = 1 / sqrt(variance + epsilon), the variance biased
/// </code>
/// over each group of adjacent channels of each sample: forward, backward (vector-Jacobian product) and forward-mode
/// derivative (Jacobian-vector product). One group is layer normalization of all that a sample has, as many groups as
/// channels are <see cref="InstanceNorm"/>.
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/>, contiguous, with the channels first or last
/// (<see cref="ChannelShape"/>). Weight and bias are of the tensors' type or float32, a value for each channel.
/// Arithmetic is float32 or wider; a 16-bit result is rounded once. Statistics and parameter gradients are
/// float32.</para>
/// <para>An empty optional span means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted"
/// for an output. An output may be the same span as an input where its description says so; any other overlap throws.
/// Nothing is written when a method throws.</para>
/// <para>The result of a group depends on that group alone, bit for bit: not on the groups and samples around it, the
/// instruction set, the number of threads, alignment or in-place use. A call allocates nothing and keeps
/// nothing.</para>
/// <para>A group with a NaN or an infinity gives NaN throughout and disturbs no other. A constant group gives exactly
/// the bias if epsilon is positive, NaN if it is 0. Groups of no elements have NaN as their statistics. An empty batch
/// gives parameter gradients of 0.</para>
/// </remarks>
public static unsafe class GroupNorm
{
    /// <summary><c>y = norm(x)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="groups">Number of groups; divides the channels.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="bias">Offset, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each group of each sample, float32, [batch * groups]; or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each group of each sample, float32, [batch *
    /// groups]; or empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, an output overlaps another
    /// argument, <typeparamref name="T"/> is not float, Half or BFloat16, or the options ask for an instruction set
    /// that is not available. Named after the parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN, or
    /// <paramref name="groups"/> does not divide the channels.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        long groups,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> mean = default,
        Span<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Forward(
            x, y, shape, Groups(shape, groups), weight, bias, epsilon, mean, rstd, runningMean: default,
            runningVar: default, momentum: 0, workspace: default, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, long, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        long groups,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> mean = default,
        Span<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Forward(
            x, y, shape, Groups(shape, groups), weight, bias, epsilon, mean, rstd, runningMean: default,
            runningVar: default, momentum: 0, workspace: default, options);

    /// <summary>How many bytes of workspace a backward call of this shape needs for dweight and dbias.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="groups"/> does not divide the
    /// channels.</exception>
    public static long WorkspaceSize(ChannelShape shape, long groups) =>
        ChannelNorm<Entries>.WorkspaceSize(shape, Groups(shape, groups));

    /// <summary>The vector-Jacobian product of forward at x: dx, dweight and dbias from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="groups">Number of groups; divides the channels.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [batch * groups]; empty (with <paramref name="rstd"/>):
    /// computed again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [batch * groups]; or empty.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [channels]; or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [channels]; or empty.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes, needed for dweight and dbias; may be empty
    /// while that is 16 KiB or less.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=).</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, long, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ChannelShape shape,
        long groups,
        ReadOnlySpan<T> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        Span<byte> workspace = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            dy, x, dx, shape, Groups(shape, groups), weight, epsilon, mean, rstd, runningMean: default,
            runningVar: default, dweight, dbias, workspace, accumulate, nk_flags.NK_FLAG_NONE, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ChannelShape, long, ReadOnlySpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, Span{byte}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ChannelShape shape,
        long groups,
        ReadOnlySpan<float> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        Span<byte> workspace = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            dy, x, dx, shape, Groups(shape, groups), weight, epsilon, mean, rstd, runningMean: default,
            runningVar: default, dweight, dbias, workspace, accumulate, nk_flags.NK_FLAG_NONE, options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along the tangents of x, weight and
    /// bias.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="groups">Number of groups; divides the channels.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, [channels], or empty for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [channels], or empty for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [batch * groups]; empty (with <paramref name="rstd"/>):
    /// computed again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [batch * groups]; or empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, long, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        ChannelShape shape,
        long groups,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> tanWeight = default,
        ReadOnlySpan<T> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            tanX, x, jvpY, shape, Groups(shape, groups), weight, tanWeight, tanBias, epsilon, mean, rstd,
            runningMean: default, runningVar: default, nk_flags.NK_FLAG_NONE, options);

    /// <summary>The same with a float32 weight and float32 tangents of parameters beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ChannelShape, long, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        ChannelShape shape,
        long groups,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> tanWeight = default,
        ReadOnlySpan<float> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            tanX, x, jvpY, shape, Groups(shape, groups), weight, tanWeight, tanBias, epsilon, mean, rstd,
            runningMean: default, runningVar: default, nk_flags.NK_FLAG_NONE, options);

    // The number of groups, checked.
    internal static long Groups(in ChannelShape shape, long groups)
    {
        if (groups < 1 || shape.Channels % groups != 0 || shape.Batch > long.MaxValue / groups)
        {
            throw new ArgumentOutOfRangeException(
                nameof(groups), groups, $"groups must divide the {shape.Channels} channels.");
        }

        return groups;
    }

    private readonly struct Entries : IChannelNormEntries
    {
        public static bool SumsInWorkspace => true;

        public static long Slices(in ChannelShape shape, long groups) => shape.Batch * groups;

        public static long ValuesPerSlice(in ChannelShape shape) => shape.Spatial;

        public static nk_status Plan(in ChannelShape shape, long groups, nk_plan* plan) =>
            NkChannelNorm.nk_group_norm_plan(
                shape.Batch, shape.Channels, shape.Spatial, groups, (nk_channel_layout)shape.Layout, plan);

        public static nk_status Forward(nk_channel_norm_forward_params* parameters) =>
            NkChannelNorm.nk_group_norm_forward(parameters);

        public static nk_status Backward(nk_channel_norm_backward_params* parameters) =>
            NkChannelNorm.nk_group_norm_backward(parameters);

        public static nk_status Jvp(nk_channel_norm_jvp_params* parameters) =>
            NkChannelNorm.nk_group_norm_jvp(parameters);
    }
}
