using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

/// <summary>
/// Norms of vectors, over any axes of a tensor:
/// <code>
/// norm = (sum |x|^p)^(1/p)
/// </code>
/// and for p = infinity the largest |x|, for -infinity the smallest, for 0 how many x are not zero (NaN is not):
/// forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="ReductionShape"/>).
/// Norms, their cotangents and tangents are of the tensor's type or float32. Arithmetic is float32 or wider; a 16-bit
/// result is rounded once.</para>
/// <para>Where the norm is 0 its derivative is taken to be 0, and so is that by an element of 0 if p is below 1.
/// Elements tied for the largest or the smallest share the derivative equally. Order 0 has no derivative.</para>
/// <para>dx may be x; any other overlap of an output throws. Nothing is written when a method throws.</para>
/// <para>A norm depends on the elements that it is the norm of alone, bit for bit: not on those around them, the
/// instruction set, the number of threads, alignment or in-place use. A call allocates nothing and keeps
/// nothing.</para>
/// <para>A norm over a NaN is NaN (but for order 0) and disturbs no other. The norm of no elements is 0, if p is finite
/// and not negative; for other p it does not exist, and the call throws.</para>
/// </remarks>
public static unsafe class VectorNorm
{
    /// <summary><c>norm = (sum |x|^p)^(1/p)</c> over the axes that are reduced.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="norm">Receives the norms, a value for each index of the axes that are kept.</param>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number, or an infinity.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, there is no norm of this
    /// order of no elements, an output overlaps another argument, <typeparamref name="T"/> is not float, Half or
    /// BFloat16, or the options ask for an instruction set that is not available. Named after the parameter; nothing
    /// has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is NaN.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> norm,
        ReductionShape shape,
        double p = 2,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(
            x, norm, Reduction(shape, p, derivative: false), shape.Count, shape.NormCount, workspace: default, options);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ReductionShape, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<float> norm,
        ReductionShape shape,
        double p = 2,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(
            x, norm, Reduction(shape, p, derivative: false), shape.Count, shape.NormCount, workspace: default, options);

    /// <summary>The vector-Jacobian product of forward at x: dx from dnorm.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dnorm">Cotangent of the norms.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="x"/>. Always overwritten.</param>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number but 0, or an infinity.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, there is no norm of this
    /// order of no elements, an output overlaps another argument, <typeparamref name="T"/> is not float, Half or
    /// BFloat16, or the options ask for an instruction set that is not available. Named after the parameter; nothing
    /// has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is NaN or 0.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dnorm,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ReductionShape shape,
        double p = 2,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            dnorm, x, dx, Reduction(shape, p, derivative: true), shape.Count, shape.NormCount, workspace: default,
            options);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReductionShape, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<float> dnorm,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ReductionShape shape,
        double p = 2,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            dnorm, x, dx, Reduction(shape, p, derivative: true), shape.Count, shape.NormCount, workspace: default,
            options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of the norms along that of x.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpNorm">Receives the tangent of the norms.</param>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number but 0, or an infinity.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReductionShape, double, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpNorm,
        ReductionShape shape,
        double p = 2,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            tanX, x, jvpNorm, Reduction(shape, p, derivative: true), shape.Count, shape.NormCount, workspace: default,
            options);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReductionShape, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<float> jvpNorm,
        ReductionShape shape,
        double p = 2,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            tanX, x, jvpNorm, Reduction(shape, p, derivative: true), shape.Count, shape.NormCount, workspace: default,
            options);

    // The shape and the order, checked against one another.
    internal static nk_reduction Reduction(in ReductionShape shape, double p, bool derivative)
    {
        if (double.IsNaN(p))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "p must not be NaN.");
        }

        if (derivative && p == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "The norm of order 0 has no derivative.");
        }

        if ((p < 0 || double.IsInfinity(p)) && shape.Count == 0 && shape.NormCount != 0)
        {
            throw new ArgumentException($"There is no norm of order {p} of no elements.", nameof(shape));
        }

        nk_reduction reduction = shape.ToReduction();
        reduction.p = p;
        return reduction;
    }

    private readonly struct Entries : IOverAxesEntries
    {
        public static bool HasWorkspace => false;

        public static nk_status Plan(nk_reduction* reduction, nk_plan* plan) =>
            NkReduction.nk_vector_norm_plan(reduction, plan);

        public static nk_status Forward(nk_reduction_forward_params* parameters) =>
            NkReduction.nk_vector_norm_forward(parameters);

        public static nk_status Backward(nk_reduction_backward_params* parameters) =>
            NkReduction.nk_vector_norm_backward(parameters);

        public static nk_status Jvp(nk_reduction_jvp_params* parameters) => NkReduction.nk_vector_norm_jvp(parameters);
    }
}
