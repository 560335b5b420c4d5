using System.Collections.Generic;

namespace NormKernels.Tests.Norms;

/// <summary>Samples of channels. A slice is a group of a sample or, without groups, a channel of the batch.</summary>
internal sealed record ChannelProblemShape(int Batch, int Channels, int Spatial, bool Last, int Groups) : ProblemShape
{
    private readonly Dictionary<string, double> _numbers = new() { ["groups"] = Groups };

    public override int Count => Batch * Channels * Spatial;

    public override int Slices => Groups == 0 ? Channels : Batch * Groups;

    public override int Parameters => Channels;

    public override object Native => Of(Batch, Channels, Spatial);

    public override IReadOnlyDictionary<string, double> Numbers => _numbers;

    public override bool SharesParameters => Groups != 0 && Batch > 1;

    public override IEnumerable<object> Others =>
    [
        Of(Batch + 1, Channels, Spatial), Of(Batch, Channels, Spatial + 1), Of(Batch, 2 * Channels, Spatial),
        Of(0, Channels, Spatial), Of(Batch, Channels, 0), Of((1L << 32) + Batch, Channels, Spatial),
        Of(1L << 31, Channels, 1L << 25), Of(Batch, Channels, (1L << 32) + Spatial),
    ];

    public override int SliceOf(int element) =>
        Groups == 0
            ? ParameterOf(element)
            : element / (Channels * Spatial) * Groups + ParameterOf(element) / (Channels / Groups);

    public override int ParameterOf(int element) => Last ? element % Channels : element / Spatial % Channels;

    public override ProblemShape Alone(int slice) =>
        Groups == 0 ? new ChannelProblemShape(Batch, 1, Spatial, Last, 0)
            : new ChannelProblemShape(1, Channels / Groups, Spatial, Last, 1);

    public override string ToString() =>
        (Last ? $"{Batch}x{Spatial}x{Channels}, channels last" : $"{Batch}x{Channels}x{Spatial}") + $", {Groups} groups";

    private ChannelShape Of(long batch, long channels, long spatial) =>
        new(batch, channels, spatial, Last ? ChannelLayout.ChannelsLast : ChannelLayout.ChannelsFirst);
}
