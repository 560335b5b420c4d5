using System;

using NormKernels.Validation;

namespace NormKernels;

/// <summary>
/// A tensor seen along one axis: [outer, length, inner], where outer is the product of the axes before it and inner
/// that of the axes behind it. Tensors are contiguous.
/// </summary>
public readonly record struct AxisShape
{
    /// <summary>An axis of <paramref name="length"/> between <paramref name="outer"/> and
    /// <paramref name="inner"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or the product of the sizes that are not 0
    /// overflows 64 bits.</exception>
    public AxisShape(long outer, long length, long inner)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outer);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(inner);
        Sizes.RequireFit([outer, length, inner], nameof(inner));
        (Outer, Length, Inner) = (outer, length, inner);
    }

    /// <summary>The product of the axes before the axis.</summary>
    public long Outer { get; }

    /// <summary>The length of the axis.</summary>
    public long Length { get; }

    /// <summary>The product of the axes behind the axis.</summary>
    public long Inner { get; }

    /// <summary>Outer * length * inner.</summary>
    public long Count => Outer * Length * Inner;

    /// <summary>A tensor along one of its axes.</summary>
    /// <param name="tensorShape">The length of every axis, outermost first.</param>
    /// <param name="axis">Which axis; negative numbers count from the end, -1 is the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, an axis is negative, or the product of the
    /// axes that are not 0 overflows 64 bits.</exception>
    public static AxisShape Of(ReadOnlySpan<long> tensorShape, int axis)
    {
        int index = Sizes.Axis(axis, tensorShape.Length, nameof(axis));
        Sizes.RequireNoneNegative(tensorShape, nameof(tensorShape));
        Sizes.RequireFit(tensorShape, nameof(tensorShape));
        return new AxisShape(
            Sizes.Product(tensorShape[..index], nameof(tensorShape)),
            tensorShape[index],
            Sizes.Product(tensorShape[(index + 1)..], nameof(tensorShape)));
    }

    /// <summary>A tensor as a whole: an axis of 1, kept, and <paramref name="count"/> elements behind it.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static AxisShape Whole(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new AxisShape(1, 1, count);
    }
}
