using System;
using System.Linq;

namespace NormKernels.Reference;

/// <summary>
/// The slices of a tensor that a norm reduces over: one for each index into the axes that are kept, with an element
/// for each index into the axes that are reduced. Slices are numbered row-major over the kept axes in the order of the
/// shape; the elements of one, row-major over the reduced axes in the order they were given in.
/// </summary>
internal sealed class Slices
{
    // Where each slice begins, and how far from there its elements lie.
    private readonly int[] _starts;
    private readonly int[] _steps;

    /// <param name="shape">The sizes of a tensor that has elements.</param>
    /// <param name="reducedAxes">Different axes from 0 to rank - 1.</param>
    public Slices(int[] shape, int[] reducedAxes)
    {
        int[] strides = new int[shape.Length];
        int stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        int[] keptAxes = [.. Enumerable.Range(0, shape.Length).Except(reducedAxes)];
        _starts = Offsets(shape, strides, keptAxes);
        _steps = Offsets(shape, strides, reducedAxes);
    }

    /// <summary>The number of slices.</summary>
    public int Count => _starts.Length;

    /// <summary>The number of elements of each slice.</summary>
    public int Length => _steps.Length;

    /// <summary>Where in the tensor an element of a slice lies.</summary>
    public int Offset(int slice, int element) => _starts[slice] + _steps[element];

    public void Read(ReadOnlySpan<double> tensor, int slice, Span<double> elements)
    {
        for (int i = 0; i < Length; i++)
        {
            elements[i] = tensor[Offset(slice, i)];
        }
    }

    private static int[] Offsets(int[] shape, int[] strides, int[] axes)
    {
        int[] offsets = [0];
        foreach (int axis in axes)
        {
            offsets =
            [
                .. from offset in offsets
                   from index in Enumerable.Range(0, shape[axis])
                   select offset + index * strides[axis]
            ];
        }

        return offsets;
    }
}
