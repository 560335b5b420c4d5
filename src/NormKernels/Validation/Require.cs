using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels.Validation;

/// <summary>
/// The checks that every call makes before anything is written. Each throws an exception that names the parameter.
/// </summary>
/// <remarks>What throws stands in methods of its own: an interpolated string that is inlined into a caller makes each of
/// its calls clear the string's locals, half a kilobyte in a forward pass.</remarks>
internal static class Require
{
    /// <summary>The dtype of <typeparamref name="T"/>; a constant once compiled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nk_dtype Dtype<T>(string name)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return nk_dtype.NK_F32;
        }

        if (typeof(T) == typeof(Half))
        {
            return nk_dtype.NK_F16;
        }

        if (typeof(T) == typeof(BFloat16))
        {
            return nk_dtype.NK_BF16;
        }

        ThrowDtype(typeof(T), name);
        return default;
    }

    /// <summary>A matrix of the shape, with a stride of 0 for contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Matrix(long length, in RowShape shape, long stride, string name)
    {
        if (stride == 0 || stride == shape.Cols)
        {
            if (length != shape.Count)
            {
                ThrowLength(name, length, shape);
            }

            return;
        }

        StridedMatrix(length, shape, stride, name);
    }

    /// <summary>A matrix that need not be passed (an empty span).</summary>
    public static void MatrixIfPassed(long length, in RowShape shape, long stride, string name)
    {
        if (length != 0)
        {
            Matrix(length, shape, stride, name);
        }
    }

    /// <summary>A vector that need not be passed (an empty span).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void VectorIfPassed(long length, long expected, string name)
    {
        if (length != 0 && length != expected)
        {
            ThrowLength(name, length, expected);
        }
    }

    /// <summary>A tensor or vector that has to be passed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Length(long length, long expected, string name)
    {
        if (length != expected)
        {
            ThrowExactLength(name, length, expected);
        }
    }

    /// <summary>Two vectors that are passed together or not at all.</summary>
    public static void PairIfPassed(long length, long otherLength, long expected, string name, string otherName)
    {
        VectorIfPassed(length, expected, name);
        VectorIfPassed(otherLength, expected, otherName);
        BothOrNone(length, otherLength, name, otherName);
        BothOrNone(otherLength, length, otherName, name);
    }

    /// <summary>Statistics that were saved: all of them or none.</summary>
    public static void BothOrNone(long length, long otherLength, string name, string otherName)
    {
        if (length == 0 && otherLength != 0)
        {
            throw new ArgumentException($"{name} is missing: pass {name} and {otherName}, or neither.", name);
        }
    }

    /// <summary>Any value from 0 up.</summary>
    public static void Epsilon(double epsilon, string name)
    {
        if (!(epsilon >= 0))
        {
            ThrowEpsilon(epsilon, name);
        }
    }

    /// <summary>A share, from 0 to 1.</summary>
    public static void Momentum(double momentum, string name)
    {
        if (!(momentum >= 0 && momentum <= 1))
        {
            throw new ArgumentOutOfRangeException(name, momentum, "momentum must be within 0 and 1, and not NaN.");
        }
    }

    /// <summary>Options that can be met here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Options(in CpuOptions options, string name)
    {
        if (options.MaxDegreeOfParallelism < -1 || options.InstructionSet != InstructionSet.Best)
        {
            UnusualOptions(options, name);
        }
    }

    /// <summary>Turns a status that the checks above should have made impossible into an exception.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Success(nk_status status)
    {
        if (status != nk_status.NK_OK)
        {
            ThrowRefused(status);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UnusualOptions(in CpuOptions options, string name)
    {
        if (options.MaxDegreeOfParallelism < -1)
        {
            throw new ArgumentOutOfRangeException(
                name, options.MaxDegreeOfParallelism, "MaxDegreeOfParallelism must be -1, 0 or a number of threads.");
        }

        if (!CpuBackend.IsSupported(options.InstructionSet))
        {
            throw new ArgumentException(
                $"The instruction set {options.InstructionSet} is not available here; the best is "
                + $"{CpuBackend.BestInstructionSet}.",
                name);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StridedMatrix(long length, in RowShape shape, long stride, string name)
    {
        if (stride < shape.Cols)
        {
            throw new ArgumentException($"The row stride {stride} is below the {shape.Cols} columns.", name);
        }

        if (shape.Rows != 0 && stride > long.MaxValue / sizeof(float) / shape.Rows)
        {
            throw new ArgumentException($"{shape.Rows} rows with a stride of {stride} overflow 64 bits.", name);
        }

        long least = shape.Count == 0 ? 0 : (shape.Rows - 1) * stride + shape.Cols;
        long most = shape.Rows * stride;
        if (length < least || length > most)
        {
            ThrowLength(name, length, $"{least} to {most} ({shape.Rows} rows x {shape.Cols} columns, stride {stride})");
        }
    }

    [DoesNotReturn]
    private static void ThrowDtype(Type type, string name) =>
        throw new ArgumentException($"Elements of type {type} are not supported: use float, Half or BFloat16.", name);

    [DoesNotReturn]
    private static void ThrowEpsilon(double epsilon, string name) =>
        throw new ArgumentOutOfRangeException(name, epsilon, "epsilon must be 0 or more, and not NaN.");

    [DoesNotReturn]
    private static unsafe void ThrowRefused(nk_status status) => throw new InvalidOperationException(
        "The native library refused the call: " + new string((sbyte*)NkRuntime.nk_status_message(status)));

    [DoesNotReturn]
    private static void ThrowLength(string name, long length, in RowShape shape) =>
        ThrowLength(name, length, $"{shape.Rows} rows x {shape.Cols} columns = {shape.Count}");

    [DoesNotReturn]
    private static void ThrowLength(string name, long length, long expected) =>
        ThrowLength(name, length, $"{expected}, or none");

    [DoesNotReturn]
    private static void ThrowExactLength(string name, long length, long expected) =>
        ThrowLength(name, length, $"{expected}");

    [DoesNotReturn]
    private static void ThrowLength(string name, long length, string expected) =>
        throw new ArgumentException($"{name} has {length} elements, expected {expected}.", name);
}
