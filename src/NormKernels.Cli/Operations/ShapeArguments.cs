using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>What attributes say about the axes of an input.</summary>
internal static class ShapeArguments
{
    /// <summary>The layouts of a batch, by the attribute <c>layout</c>.</summary>
    public const string BatchLayouts = "NC, NCL, NCHW, NCDHW, NLC, NHWC, NDHWC";

    /// <summary>The layouts of one sample.</summary>
    public const string SampleLayouts = "CL, CHW, CDHW";

    /// <summary>The attribute that names one of some layouts.</summary>
    public static OperationAttribute LayoutAttribute(string layouts) => new(
        "layout",
        AttributeKind.Text,
        $"one of {layouts}; if not given, by the rank, with the channels {(layouts[0] == 'N' ? "second" : "first")}");

    /// <summary>x as samples of channels, by <c>layout</c>: [N, C, ...] if there is none.</summary>
    /// <exception cref="InvalidDataException">The layout is none of these, or does not fit x.</exception>
    public static ChannelShape Batch(OperationArguments arguments)
    {
        long[] x = arguments.Shape("x");
        string? layout = Layout(arguments, x, BatchLayouts);
        if (x.Length < 2)
        {
            throw new InvalidDataException(
                $"x of the shape {NpyArray.FormatShape(x)} has no axes for a batch and for channels");
        }

        return ChannelShape.Of(
            x, layout?[1] is null or 'C' ? ChannelLayout.ChannelsFirst : ChannelLayout.ChannelsLast);
    }

    /// <summary>x as one sample of channels, [C, ...].</summary>
    /// <inheritdoc cref="Batch" path="/exception"/>
    public static ChannelShape Sample(OperationArguments arguments)
    {
        long[] x = arguments.Shape("x");
        _ = Layout(arguments, x, SampleLayouts);
        return x.Length != 0
            ? ChannelShape.Of([1, .. x])
            : throw new InvalidDataException("x of the shape () has no axis for channels");
    }

    /// <summary>Refuses what running statistics cannot be updated with.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="momentum">The weight of the batch in them.</param>
    /// <param name="values">The number of values that a mean is taken of.</param>
    /// <exception cref="InvalidDataException">They cannot.</exception>
    public static void RequireRunning(OperationArguments arguments, double momentum, long values)
    {
        if (momentum is not (>= 0 and <= 1))
        {
            throw new InvalidDataException("momentum must be from 0 to 1");
        }

        if (values == 1 && arguments.HasAny("running_mean", "running_var"))
        {
            throw new InvalidDataException(
                "running statistics need an unbiased variance, which one value in a channel does not have");
        }
    }

    /// <summary>An axis of a tensor, counted from the first, by an attribute that may count from the last.</summary>
    /// <exception cref="InvalidDataException">There is no such axis.</exception>
    public static int Axis(string name, long[] shape, long axis) => axis >= -shape.Length && axis < shape.Length
        ? (int)(axis < 0 ? axis + shape.Length : axis)
        : throw new InvalidDataException($"{name} of the shape {NpyArray.FormatShape(shape)} has no axis {axis}");

    /// <summary>The axes of a tensor that the attribute <c>dim</c> lists, counted from the first, or null.</summary>
    /// <exception cref="InvalidDataException">There is no such axis, or one is listed twice.</exception>
    public static int[]? Axes(OperationArguments arguments, string name, long[] shape)
    {
        int[]? axes = arguments.Attributes.GetOptionalLongs("dim")?.Select(axis => Axis(name, shape, axis)).ToArray();
        return axes is null || axes.Distinct().Count() == axes.Length
            ? axes
            : throw new InvalidDataException($"dim lists an axis of {name} twice");
    }

    /// <summary>A shape with some axes made 1, or left out.</summary>
    public static long[] Reduce(long[] shape, IReadOnlyCollection<int> axes, bool keep) =>
    [
        .. shape.Select((length, axis) => axes.Contains(axis) ? 1 : length)
            .Where((_, axis) => keep || !axes.Contains(axis)),
    ];

    /// <summary>A shape of axes of 1.</summary>
    public static long[] Ones(int rank) => [.. Enumerable.Repeat(1L, rank)];

    private static string? Layout(OperationArguments arguments, long[] x, string layouts)
    {
        string layout = arguments.Attributes.GetString("layout", "");
        if (layout.Length == 0)
        {
            return null;
        }

        if (!layouts.Split(", ").Contains(layout, StringComparer.Ordinal))
        {
            throw new InvalidDataException($"layout {ErrorText.Quote(layout)} is none of {layouts}");
        }

        return layout.Length == x.Length
            ? layout
            : throw new InvalidDataException(
                $"layout {layout} has {layout.Length} axes, x has the shape {NpyArray.FormatShape(x)}");
    }
}
