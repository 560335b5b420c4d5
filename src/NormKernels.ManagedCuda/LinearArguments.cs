using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace NormKernels.ManagedCuda;

/// <summary>What <see cref="NormLinear{T}"/> checks before anything is enqueued.</summary>
internal static unsafe class LinearArguments
{
    /// <summary>What cuBLAS calls a type.</summary>
    /// <exception cref="NotSupportedException">It is none of the three.</exception>
    public static cudaDataType TypeOf<T>()
        where T : unmanaged =>
        typeof(T) == typeof(float) ? cudaDataType.CUDA_R_32F
        : typeof(T) == typeof(Half) ? cudaDataType.CUDA_R_16F
        : typeof(T) == typeof(BFloat16) ? cudaDataType.CUDA_R_16BF
        : throw new NotSupportedException($"{typeof(T)} is none of float, Half and BFloat16.");

    public static void Require<T>(LinearNorm norm, int rows, int features, int outputs, double epsilon)
        where T : unmanaged
    {
        _ = TypeOf<T>();
        if (norm is not (LinearNorm.Rms or LinearNorm.Layer))
        {
            throw new ArgumentOutOfRangeException(nameof(norm), norm, "There is no such norm.");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (!(epsilon >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Epsilon must be 0 or more.");
        }
    }

    public static void RequireLength<T>(CudaDeviceVariable<T> variable, long length, string name)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(variable, name);
        if ((ulong)variable.Size != (ulong)length)
        {
            throw new ArgumentException($"{name} has {(ulong)variable.Size} elements, its shape {length}.", name);
        }
    }

    /// <summary>Refuses an output that shares memory with another argument.</summary>
    public static void RequireApart<T>(
        CudaDeviceVariable<T> output, params ReadOnlySpan<(CudaDeviceVariable<T>? Variable, string Name)> others)
        where T : unmanaged
    {
        (ulong begin, ulong end) = Range(output);
        foreach ((CudaDeviceVariable<T>? other, string name) in others)
        {
            if (other is not null && Range(other) is var (first, last) && begin < last && first < end)
            {
                throw new ArgumentException($"{name} shares memory with an output.", name);
            }
        }
    }

    private static (ulong Begin, ulong End) Range<T>(CudaDeviceVariable<T> variable)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(variable);
        ulong begin = variable.DevicePointer.Pointer;
        return (begin, begin + variable.SizeInBytes);
    }
}
