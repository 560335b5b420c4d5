using System;

using NormKernels.Validation;

namespace NormKernels;

/// <summary>Where the channels of a tensor lie.</summary>
public enum ChannelLayout
{
    /// <summary>[batch, channels, spatial]: NC, NCL, NCHW, NCDHW.</summary>
    ChannelsFirst = 0,

    /// <summary>[batch, spatial, channels]: NLC, NHWC, NDHWC.</summary>
    ChannelsLast = 1,
}

/// <summary>
/// A tensor seen as samples of channels: [batch, channels, spatial] or, with
/// <see cref="ChannelLayout.ChannelsLast"/>, [batch, spatial, channels]. Spatial is the product of all spatial axes, 1
/// without any. Tensors are contiguous.
/// </summary>
/// <remarks>One sample without a batch axis is a batch of one: <c>new ChannelShape(1, channels, spatial)</c>.</remarks>
public readonly record struct ChannelShape
{
    /// <summary>A batch of samples.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, the layout is none, or the product of the
    /// sizes that are not 0 overflows 64 bits.</exception>
    public ChannelShape(long batch, long channels, long spatial, ChannelLayout layout = ChannelLayout.ChannelsFirst)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(channels);
        ArgumentOutOfRangeException.ThrowIfNegative(spatial);
        Sizes.RequireFit([batch, channels, spatial], nameof(spatial));
        RequireLayout(layout);
        (Batch, Channels, Spatial, Layout) = (batch, channels, spatial, layout);
    }

    /// <summary>Number of samples.</summary>
    public long Batch { get; }

    /// <summary>Number of channels.</summary>
    public long Channels { get; }

    /// <summary>Number of places in a channel of a sample.</summary>
    public long Spatial { get; }

    /// <summary>Where the channels lie.</summary>
    public ChannelLayout Layout { get; }

    /// <summary>Batch * channels * spatial.</summary>
    public long Count => Batch * Channels * Spatial;

    /// <summary>The shape of a tensor [N, C, ...] or, with the channels last, [N, ..., C].</summary>
    /// <param name="tensorShape">The length of every axis, outermost first: two or more, the first that of the
    /// batch.</param>
    /// <param name="layout">Where the channels lie.</param>
    /// <exception cref="ArgumentException"><paramref name="tensorShape"/> has fewer than two axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An axis is negative, the layout is none, or the product of the
    /// axes that are not 0 overflows 64 bits.</exception>
    public static ChannelShape Of(
        ReadOnlySpan<long> tensorShape, ChannelLayout layout = ChannelLayout.ChannelsFirst)
    {
        if (tensorShape.Length < 2)
        {
            throw new ArgumentException(
                $"A tensor with {tensorShape.Length} axes has no axes for a batch and for channels.",
                nameof(tensorShape));
        }

        Sizes.RequireNoneNegative(tensorShape, nameof(tensorShape));
        Sizes.RequireFit(tensorShape, nameof(tensorShape));
        RequireLayout(layout);
        bool last = layout == ChannelLayout.ChannelsLast;
        long spatial = Sizes.Product(last ? tensorShape[1..^1] : tensorShape[2..], nameof(tensorShape));
        return new ChannelShape(tensorShape[0], last ? tensorShape[^1] : tensorShape[1], spatial, layout);
    }

    private static void RequireLayout(ChannelLayout layout)
    {
        if (layout is not (ChannelLayout.ChannelsFirst or ChannelLayout.ChannelsLast))
        {
            throw new ArgumentOutOfRangeException(nameof(layout), layout, "There is no such layout.");
        }
    }
}
