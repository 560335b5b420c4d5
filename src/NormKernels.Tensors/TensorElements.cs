using System;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace NormKernels.Tensors;

/// <summary>The memory of a tensor, as the norms on spans take it.</summary>
public static class TensorElements
{
    /// <summary>The memory from the first element of a tensor to its last, with what lies between them.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="tensor">A tensor of any strides.</param>
    /// <exception cref="ArgumentException">The memory has more elements than a span.</exception>
    public static ReadOnlySpan<T> Elements<T>(this in ReadOnlyTensorSpan<T> tensor)
    {
        int length = Length(tensor.Lengths, tensor.Strides, nameof(tensor));
        return MemoryMarshal.CreateReadOnlySpan(in tensor.GetPinnableReference(), length);
    }

    /// <inheritdoc cref="Elements{T}(in ReadOnlyTensorSpan{T})"/>
    public static Span<T> Elements<T>(this in TensorSpan<T> tensor)
    {
        int length = Length(tensor.Lengths, tensor.Strides, nameof(tensor));
        return MemoryMarshal.CreateSpan(ref tensor.GetPinnableReference(), length);
    }

    private static int Length(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string name)
    {
        long last = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] == 0)
            {
                return 0;
            }

            last += checked((lengths[i] - 1L) * strides[i]);
        }

        // A tensor without axes has nothing: it is the one that was not passed.
        return lengths.IsEmpty ? 0
            : last < int.MaxValue ? (int)last + 1
            : throw new ArgumentException($"The tensor spans {last + 1} elements, a span has {int.MaxValue} at most.", name);
    }
}
