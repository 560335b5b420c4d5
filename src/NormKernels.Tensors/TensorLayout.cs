using System;
using System.Numerics.Tensors;

using NormKernels.Validation;

namespace NormKernels.Tensors;

/// <summary>How the axes of a tensor lie in memory, and what the kernels can make of it without a copy.</summary>
internal static class TensorLayout
{
    /// <summary>A tensor as a matrix: the axes of the normalized shape, adjacent elements, are the columns; the rows may
    /// be apart.</summary>
    public static (RowShape Shape, long Stride) Rows(
        ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, ReadOnlySpan<nint> normalizedShape, string name)
    {
        int kept = lengths.Length - normalizedShape.Length;
        if (normalizedShape.IsEmpty || kept < 0 || !lengths[kept..].SequenceEqual(normalizedShape))
        {
            throw new ArgumentException(
                $"{name} is {Text(lengths)}: its last axes are not the normalized shape {Text(normalizedShape)}.",
                nameof(normalizedShape));
        }

        (long cols, long rows) = (Product(normalizedShape, name), Product(lengths[..kept], name));
        if (rows == 0 || cols == 0)
        {
            return (new RowShape(rows, cols), 0);
        }

        if (!FollowsOn(lengths[kept..], strides[kept..], 1))
        {
            throw Apart(lengths, strides, "its normalized axes do not hold adjacent elements", name);
        }

        // The distance of two rows is that of the innermost axis that has more than one.
        int inner = kept - 1;
        while (inner >= 0 && lengths[inner] == 1)
        {
            inner--;
        }

        long stride = inner < 0 ? 0 : strides[inner];
        return inner < 0 || (stride >= cols && FollowsOn(lengths[..kept], strides[..kept], stride))
            ? (new RowShape(rows, cols), stride)
            : throw Apart(lengths, strides, "its rows are not all the same distance apart, a row or more", name);
    }

    /// <summary>A tensor [N, C, ...] with its channels first or, by its strides, last.</summary>
    public static ChannelShape Channels(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string name)
    {
        if (lengths.Length < 2)
        {
            throw new ArgumentException($"{name} is {Text(lengths)}: it has no axes for a batch and for channels.", name);
        }

        (long batch, long channels, long spatial) = (lengths[0], lengths[1], Product(lengths[2..], name));
        if (lengths.Contains(0) || FollowsOn(lengths, strides, 1))
        {
            return new ChannelShape(batch, channels, spatial);
        }

        bool last = Strides(lengths[1], strides[1], 1)
            && FollowsOn(lengths[2..], strides[2..], channels)
            && Strides(lengths[0], strides[0], channels * spatial);
        return last
            ? new ChannelShape(batch, channels, spatial, ChannelLayout.ChannelsLast)
            : throw Apart(lengths, strides, "neither its last axis nor its channels hold all elements without a gap", name);
    }

    /// <summary>Throws if the elements of a tensor do not lie one after the other.</summary>
    public static void RequireDense(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string name)
    {
        if (!lengths.Contains(0) && !FollowsOn(lengths, strides, 1))
        {
            throw Apart(lengths, strides, "its elements do not lie one after the other", name);
        }
    }

    /// <summary>Throws if a tensor has not the shape that it should have.</summary>
    public static void RequireShape(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> expected, string name)
    {
        if (!lengths.SequenceEqual(expected))
        {
            throw new ArgumentException($"{name} is {Text(lengths)}, it should be {Text(expected)}.", name);
        }
    }

    /// <summary>The elements of a parameter, which must have a shape and no gaps; none if it is not passed.</summary>
    public static ReadOnlySpan<T> Parameter<T>(
        in ReadOnlyTensorSpan<T> parameter, ReadOnlySpan<nint> expected, string name)
    {
        if (!parameter.Lengths.IsEmpty)
        {
            RequireShape(parameter.Lengths, expected, name);
            RequireDense(parameter.Lengths, parameter.Strides, name);
        }

        return parameter.Elements();
    }

    /// <summary>Lengths as the shapes of NormKernels take them.</summary>
    public static ReadOnlySpan<long> Wide(ReadOnlySpan<nint> lengths, Span<long> room)
    {
        for (int i = 0; i < lengths.Length; i++)
        {
            room[i] = lengths[i];
        }

        return room[..lengths.Length];
    }

    // Whether the last axis has the stride and every other that of all the axes behind it together.
    private static bool FollowsOn(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, long stride)
    {
        for (int i = lengths.Length - 1; i >= 0; i--)
        {
            // An axis of one element may have any stride.
            if (lengths[i] == 1)
            {
                continue;
            }

            if (strides[i] != stride)
            {
                return false;
            }

            stride *= lengths[i];
        }

        return true;
    }

    private static bool Strides(nint length, nint stride, long expected) => length == 1 || stride == expected;

    private static long Product(ReadOnlySpan<nint> lengths, string name) =>
        Sizes.Product(Wide(lengths, stackalloc long[lengths.Length]), name);

    private static ArgumentException Apart(
        ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string what, string name) =>
        new($"{name} is {Text(lengths)} with strides {Text(strides)}: {what}. Copy it first (FlattenTo, CopyTo).", name);

    private static string Text(ReadOnlySpan<nint> values) => $"[{string.Join(", ", values.ToArray())}]";
}
