using System;
using System.Numerics.Tensors;

using NormKernels.Validation;

namespace NormKernels.Tensors;

/// <summary>Tensors of one shape without gaps, along one of their axes, and their parameters.</summary>
internal readonly ref struct AxisTensors
{
    private readonly ReadOnlySpan<nint> _lengths;

    /// <param name="lengths">The shape that all of them have: that of x.</param>
    /// <param name="dim">The axis.</param>
    public AxisTensors(ReadOnlySpan<nint> lengths, int dim)
    {
        _lengths = lengths;
        Shape = AxisShape.Of(
            TensorLayout.Wide(lengths, stackalloc long[lengths.Length]), Sizes.Axis(dim, lengths.Length, nameof(dim)));
    }

    /// <summary>The shape for the methods on spans.</summary>
    public AxisShape Shape { get; }

    /// <summary>The elements of a tensor.</summary>
    public ReadOnlySpan<T> Elements<T>(in ReadOnlyTensorSpan<T> tensor, string name)
    {
        Require(tensor.Lengths, tensor.Strides, name);
        return tensor.Elements();
    }

    /// <inheritdoc cref="Elements{T}(in ReadOnlyTensorSpan{T}, string)"/>
    public Span<T> Elements<T>(in TensorSpan<T> tensor, string name)
    {
        Require(tensor.Lengths, tensor.Strides, name);
        return tensor.Elements();
    }

    /// <summary>The elements of a parameter: none if it is not passed.</summary>
    public ReadOnlySpan<T> Parameter<T>(in ReadOnlyTensorSpan<T> parameter, string name) =>
        TensorLayout.Parameter(parameter, _lengths, name);

    private void Require(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string name)
    {
        TensorLayout.RequireShape(lengths, _lengths, name);
        TensorLayout.RequireDense(lengths, strides, name);
    }
}
