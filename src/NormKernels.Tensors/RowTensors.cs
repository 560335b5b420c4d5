using System;
using System.Numerics.Tensors;

namespace NormKernels.Tensors;

/// <summary>Tensors of one shape whose last axes are normalized, and their parameters, for the norms over rows.</summary>
internal readonly ref struct RowTensors
{
    private readonly ReadOnlySpan<nint> _lengths;
    private readonly ReadOnlySpan<nint> _normalizedShape;

    /// <param name="lengths">The shape that all of them have: that of x or h.</param>
    /// <param name="normalizedShape">The axes at its end that are normalized.</param>
    public RowTensors(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> normalizedShape)
    {
        _lengths = lengths;
        _normalizedShape = normalizedShape;
    }

    /// <summary>The rows of the tensor that gave the shape, and their distance.</summary>
    public (RowShape Shape, long Stride) Rows<T>(in ReadOnlyTensorSpan<T> tensor, string name) =>
        TensorLayout.Rows(tensor.Lengths, tensor.Strides, _normalizedShape, name);

    /// <summary>The distance of the rows of another.</summary>
    public long Stride<T>(in ReadOnlyTensorSpan<T> tensor, string name)
    {
        TensorLayout.RequireShape(tensor.Lengths, _lengths, name);
        return Rows(tensor, name).Stride;
    }

    /// <summary>The elements of a parameter: none if it is not passed.</summary>
    public ReadOnlySpan<T> Parameter<T>(in ReadOnlyTensorSpan<T> parameter, string name) =>
        TensorLayout.Parameter(parameter, _normalizedShape, name);
}
