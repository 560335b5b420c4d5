using System;

using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>
/// A tensor of up to eight axes, some of which are reduced to one value. Values are in the order of the axes that are
/// kept. Tensors are contiguous. The default is a tensor without axes, which has one element.
/// </summary>
public readonly record struct ReductionShape
{
    private readonly TensorAxes _sizes;
    private readonly int _rank;
    private readonly uint _reduced;

    private ReductionShape(TensorAxes sizes, int rank, uint reduced) =>
        (_sizes, _rank, _reduced) = (sizes, rank, reduced);

    /// <summary>Number of elements of the tensor.</summary>
    public long Count => _sizes.Product(_rank, ~0u);

    /// <summary>Number of values: the product of the axes that are kept, 1 without any.</summary>
    public long NormCount => _sizes.Product(_rank, ~_reduced);

    /// <summary>A tensor and the axes that are reduced.</summary>
    /// <param name="tensorShape">The length of every axis, outermost first: at most eight.</param>
    /// <param name="axes">Which axes are reduced, in any order; negative numbers count from the end, -1 is the last.
    /// None means all.</param>
    /// <exception cref="ArgumentException">An axis is named twice, or there are more than eight.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, an axis is negative, or the product of the
    /// axes that are not 0 overflows 64 bits.</exception>
    public static ReductionShape Of(ReadOnlySpan<long> tensorShape, params ReadOnlySpan<int> axes)
    {
        var sizes = TensorAxes.Of(tensorShape, nameof(tensorShape));
        uint reduced = 0;
        foreach (int axis in axes)
        {
            uint bit = 1u << Sizes.Axis(axis, tensorShape.Length, nameof(axes));
            reduced = (reduced & bit) == 0
                ? reduced | bit
                : throw new ArgumentException($"Axis {axis} is named twice.", nameof(axes));
        }

        return new ReductionShape(
            sizes, tensorShape.Length, axes.IsEmpty ? (1u << tensorShape.Length) - 1 : reduced);
    }

    internal unsafe nk_reduction ToReduction()
    {
        nk_reduction reduction = default;
        for (int i = 0; i < _rank; i++)
        {
            reduction.sizes[i] = _sizes[i];
        }

        reduction.rank = _rank;
        reduction.reduced = _reduced;
        return reduction;
    }
}
