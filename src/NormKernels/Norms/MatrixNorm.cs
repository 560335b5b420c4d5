using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>
/// Norms of matrices, over any two axes of a tensor:
/// <code>
/// Frobenius            sqrt(sum x^2)
/// Nuclear              the sum of the singular values
/// Max-, MinColumnSum   the largest, smallest sum of |x| down a column (1, -1)
/// Max-, MinRowSum      the largest, smallest sum of |x| along a row (infinity, -infinity)
/// Max-, MinSingularValue   the largest, smallest singular value (2, -2)
/// </code>
/// Forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="MatrixShape"/>).
/// Norms, their cotangents and tangents are of the tensor's type or float32. Arithmetic is float32 or wider; a 16-bit
/// result is rounded once.</para>
/// <para>Where the norm is 0 its derivative is taken to be 0. Columns or rows tied for the largest or the smallest
/// share the derivative equally.</para>
/// <para>dx may be x; any other overlap of an output throws. Nothing is written when a method throws.</para>
/// <para>The norm of a matrix depends on that matrix alone, bit for bit: not on those around it, the instruction set,
/// the number of threads, alignment or in-place use. A call allocates nothing and keeps nothing.</para>
/// <para>The norm of a matrix with a NaN is NaN and disturbs no other. The norm of a matrix without elements is 0; but
/// the largest or smallest of no columns, rows or singular values does not exist, and the call throws.</para>
/// </remarks>
public static unsafe class MatrixNorm
{
    /// <summary>The norm of each matrix.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="norm">Receives the norm of each matrix.</param>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize(MatrixShape, MatrixNormOrder, CpuOptions)"/> bytes;
    /// may be empty while that is 16 KiB or less.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, the norm is the largest or
    /// smallest of nothing, an output overlaps another argument, <typeparamref name="T"/> is not float, Half or
    /// BFloat16, or the options ask for an instruction set that is not available. Named after the parameter; nothing
    /// has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such <paramref name="order"/>.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> norm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        Span<byte> workspace = default,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(x, norm, Reduction(shape, order), shape.Count, shape.NormCount, workspace, options);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, MatrixShape, MatrixNormOrder, Span{byte}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<float> norm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        Span<byte> workspace = default,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(x, norm, Reduction(shape, order), shape.Count, shape.NormCount, workspace, options);

    /// <summary>How many bytes of workspace a call needs, forward, backward or Jvp.</summary>
    /// <remarks>As many as one thread needs for a matrix, times the threads that the options let work on the
    /// call.</remarks>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="options">The options of the call.</param>
    /// <exception cref="ArgumentException">The size overflows 64 bits, the norm is the largest or smallest of nothing,
    /// or the options ask for an instruction set that is not available.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such <paramref name="order"/>.</exception>
    public static long WorkspaceSize(MatrixShape shape, MatrixNormOrder order, CpuOptions options = default)
    {
        Require.Options(options, nameof(options));
        return OverAxes<Entries>.WorkspaceSize(Reduction(shape, order), shape.Count, shape.NormCount, options);
    }

    /// <summary>How many bytes of workspace a call needs, whatever the order of the norm.</summary>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="options">The options of the call.</param>
    /// <exception cref="ArgumentException">The size overflows 64 bits, or the options ask for an instruction set that
    /// is not available.</exception>
    public static long WorkspaceSize(MatrixShape shape, CpuOptions options = default)
    {
        Require.Options(options, nameof(options));
        long most = 0;
        for (MatrixNormOrder order = 0; order <= Last; order++)
        {
            if (Exists(shape, order))
            {
                most = Math.Max(most, WorkspaceSize(shape, order, options));
            }
        }

        return most;
    }

    /// <summary>The vector-Jacobian product of forward at x: dx from dnorm.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dnorm">Cotangent of the norms.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="x"/>. Always overwritten.</param>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize(MatrixShape, MatrixNormOrder, CpuOptions)"/> bytes;
    /// may be empty while that is 16 KiB or less.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, MatrixShape, MatrixNormOrder, Span{byte}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dnorm,
        ReadOnlySpan<T> x,
        Span<T> dx,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        Span<byte> workspace = default,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            dnorm, x, dx, Reduction(shape, order), shape.Count, shape.NormCount, workspace, options);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, MatrixShape, MatrixNormOrder, Span{byte}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<float> dnorm,
        ReadOnlySpan<T> x,
        Span<T> dx,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        Span<byte> workspace = default,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            dnorm, x, dx, Reduction(shape, order), shape.Count, shape.NormCount, workspace, options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of the norms along that of x.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpNorm">Receives the tangent of the norms.</param>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize(MatrixShape, MatrixNormOrder, CpuOptions)"/> bytes;
    /// may be empty while that is 16 KiB or less.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, MatrixShape, MatrixNormOrder, Span{byte}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpNorm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        Span<byte> workspace = default,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            tanX, x, jvpNorm, Reduction(shape, order), shape.Count, shape.NormCount, workspace, options);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, MatrixShape, MatrixNormOrder, Span{byte}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<float> jvpNorm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        Span<byte> workspace = default,
        CpuOptions options = default)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            tanX, x, jvpNorm, Reduction(shape, order), shape.Count, shape.NormCount, workspace, options);

    internal const MatrixNormOrder Last = MatrixNormOrder.MinSingularValue;

    // The shape and the order, checked against one another.
    internal static nk_reduction Reduction(in MatrixShape shape, MatrixNormOrder order)
    {
        if (order is < 0 or > Last)
        {
            throw new ArgumentOutOfRangeException(nameof(order), order, "There is no such norm.");
        }

        if (!Exists(shape, order))
        {
            throw new ArgumentException(
                $"There is no {order} of matrices of {shape.Rows} rows and {shape.Columns} columns.", nameof(shape));
        }

        nk_reduction reduction = shape.ToReduction();
        reduction.order = (nk_matrix_order)order;
        return reduction;
    }

    // Whether there is something to take the largest or smallest of, or nothing to take it for.
    internal static bool Exists(in MatrixShape shape, MatrixNormOrder order) => shape.NormCount == 0 || order switch
    {
        MatrixNormOrder.MaxColumnSum or MatrixNormOrder.MinColumnSum => shape.Columns != 0,
        MatrixNormOrder.MaxRowSum or MatrixNormOrder.MinRowSum => shape.Rows != 0,
        MatrixNormOrder.MaxSingularValue or MatrixNormOrder.MinSingularValue => shape.Rows != 0 && shape.Columns != 0,
        _ => true,
    };

    private readonly struct Entries : IOverAxesEntries
    {
        public static bool HasWorkspace => true;

        public static nk_status Plan(nk_reduction* reduction, nk_plan* plan) =>
            NkReduction.nk_matrix_norm_plan(reduction, plan);

        public static nk_status Forward(nk_reduction_forward_params* parameters) =>
            NkReduction.nk_matrix_norm_forward(parameters);

        public static nk_status Backward(nk_reduction_backward_params* parameters) =>
            NkReduction.nk_matrix_norm_backward(parameters);

        public static nk_status Jvp(nk_reduction_jvp_params* parameters) => NkReduction.nk_matrix_norm_jvp(parameters);
    }
}
