using System;
using System.Numerics.Tensors;

namespace NormKernels.Tensors;

/// <summary>Tensors [N, C, ...] that lie alike, and their parameters.</summary>
internal readonly ref struct ChannelTensors
{
    private readonly ReadOnlySpan<nint> _lengths;

    /// <param name="lengths">The shape that all of them have: that of x.</param>
    /// <param name="strides">The strides of x.</param>
    /// <param name="name">What x is called.</param>
    public ChannelTensors(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string name)
    {
        _lengths = lengths;
        Shape = TensorLayout.Channels(lengths, strides, name);
    }

    /// <summary>The shape for the methods on spans.</summary>
    public ChannelShape Shape { get; }

    /// <summary>Throws if another tensor is not as x is.</summary>
    public void Require<T>(in ReadOnlyTensorSpan<T> tensor, string name)
    {
        TensorLayout.RequireShape(tensor.Lengths, _lengths, name);
        ChannelShape shape = TensorLayout.Channels(tensor.Lengths, tensor.Strides, name);
        // Of one channel, or one place, both layouts are the same.
        if (shape.Layout != Shape.Layout)
        {
            throw new ArgumentException(
                $"{name} has its channels {Position(shape.Layout)}, x has them {Position(Shape.Layout)}.", name);
        }
    }

    /// <summary>The elements of a parameter: none if it is not passed.</summary>
    public ReadOnlySpan<T> Parameter<T>(in ReadOnlyTensorSpan<T> parameter, string name) =>
        TensorLayout.Parameter(parameter, _lengths.Slice(1, 1), name);

    private static string Position(ChannelLayout layout) => layout == ChannelLayout.ChannelsLast ? "last" : "first";
}
