using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json;

namespace NormKernels.Cli.Operations;

/// <summary>What a benchmark runs a norm on.</summary>
/// <param name="Attributes">The attributes by name.</param>
/// <param name="Inputs">The inputs, the first of which is what is normalized.</param>
internal sealed record NormSample(
    ImmutableDictionary<string, JsonElement> Attributes, ImmutableArray<NormSampleInput> Inputs)
{
    /// <summary>The name of a verb on a tensor with the channels last.</summary>
    public const string ChannelsLast = "-channels-last";

    /// <summary>The verbs of a norm that is timed in both layouts.</summary>
    public static ImmutableArray<string> VerbsOfBothLayouts { get; } =
    [
        "forward", "backward", "jvp",
        "forward" + ChannelsLast, "backward" + ChannelsLast, "jvp" + ChannelsLast,
    ];

    /// <summary>A sample whose attributes are the properties of an object.</summary>
    public static NormSample Of(object attributes, params ImmutableArray<NormSampleInput> inputs) => new(
        JsonSerializer.SerializeToElement(attributes).EnumerateObject()
            .ToImmutableDictionary(property => property.Name, property => property.Value),
        inputs);

    /// <summary>A norm over channels on [N, C, L] or, by the verb, [N, L, C] with N rows and C * L columns.</summary>
    /// <param name="attributes">Attributes but for the layout, as properties.</param>
    /// <param name="verb">The verb.</param>
    /// <param name="rows">Samples.</param>
    /// <param name="cols">About how many elements in a sample.</param>
    /// <param name="alone">What can be computed alone: a sample (N) or a channel (C).</param>
    /// <param name="more">Inputs besides x, weight and bias, of a number for each channel.</param>
    public static NormSample OfChannels(
        object attributes, string verb, long rows, long cols, char alone, params ImmutableArray<string> more)
    {
        (long channels, long spatial) = Split(cols);
        bool last = verb.EndsWith(ChannelsLast, StringComparison.Ordinal);
        string layout = last ? "NLC" : "NCL";
        int? parameterAxis = alone == 'C' ? 0 : null;
        NormSample sample = Of(
            attributes,
            [
                new("x", last ? [rows, spatial, channels] : [rows, channels, spatial],
                    layout.IndexOf(alone, StringComparison.Ordinal)),
                .. ImmutableArray.Create(["weight", "bias", .. more])
                    .Select(name => new NormSampleInput(name, [channels], parameterAxis)),
            ]);
        return sample with
        {
            Attributes = sample.Attributes.Add("layout", JsonSerializer.SerializeToElement(layout)),
        };
    }

    /// <summary>Splits columns into two axes of similar length, the first a power of two.</summary>
    public static (long First, long Second) Split(long cols)
    {
        long first = 1L << (int)(long.Log2(cols) / 2);
        return (first, cols / first);
    }
}

/// <summary>An input of a sample.</summary>
/// <param name="Name">The name in a case.</param>
/// <param name="Shape">The length of every axis.</param>
/// <param name="Axis">The axis along which every index gives a part that can be computed alone; null for an input that
/// every part needs whole.</param>
internal sealed record NormSampleInput(string Name, ImmutableArray<long> Shape, int? Axis);
