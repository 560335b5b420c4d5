using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>What GroupNorm, InstanceNorm and BatchNorm have in common: verbs, shapes, and what inference gives.</summary>
internal abstract class ChannelNormCalls : CentredNorm
{
    protected static readonly Argument[] Saved =
        [Argument.Statistic("mean", Role.Input, partner: "rstd"), Argument.Statistic("rstd", Role.Input, partner: "mean")];

    protected static readonly Argument[] Constants =
        [Argument.Running("runningMean", Role.Input), Argument.Running("runningVar", Role.Input)];

    private static readonly bool[] _layouts = [false, true];
    private static readonly int[] _channels = [1, 3, 5, 16, 33];
    private static readonly int[] _places = [1, 2, 15, 16, 17, 49];
    private static readonly int[] _lengths = [.. Enumerable.Range(1, 33), 63, 64, 65, 257, 511, 512, 513];
    private static readonly int[] _few = [1, 2, 3, 16, 17, 2050];

    private readonly IReadOnlyList<Verb> _verbs;
    private readonly ShapeList _shapes;

    /// <param name="groups">What makes the groups of so many channels; none: over the batch.</param>
    /// <param name="numbers">Those of every verb.</param>
    /// <param name="forward">What forward takes beside the usual.</param>
    /// <param name="workspace">What sums over samples take.</param>
    /// <param name="more">Verbs beside the usual three.</param>
    protected ChannelNormCalls(
        Func<int, int[]> groups, Number[] numbers, Argument[] forward, Argument[] workspace, Verb[] more)
    {
        Argument[] parameters = [Argument.Parameter("weight"), Argument.Parameter("bias")];
        Number[] momentum = forward.Length == 0 ? [] : [Number.Momentum];
        _verbs =
        [
            new("Forward",
                [
                    Argument.In("x"), Argument.Out("y", "x"), .. parameters,
                    Argument.Statistic("mean", Role.Output), Argument.Statistic("rstd", Role.Output), .. forward,
                ])
            { Point = "x", Numbers = [.. numbers, .. momentum] },
            new("Backward",
                [
                    Argument.In("dy"), Argument.In("x"), Argument.Out("dx", "dy", "x"), parameters[0], .. Saved,
                    Argument.Gradient("dweight"), Argument.Gradient("dbias"), .. workspace,
                ])
            { Point = "x", Flags = ["accumulate"], Numbers = numbers },
            new("Jvp",
                [
                    Argument.In("tanX"), Argument.In("x"), Argument.Out("jvpY", "tanX", "x"), parameters[0],
                    Argument.Parameter("tanWeight"), Argument.Parameter("tanBias"), .. Saved,
                ])
            { Point = "x", Numbers = numbers },
            .. more,
        ];
        ProblemShape[] Both(int batch, int channels, int spatial) =>
        [
            .. from last in _layouts
               from count in groups(channels)
               select new ChannelProblemShape(batch, channels, spatial, last, count),
        ];

        _shapes = new()
        {
            Accurate =
            [
                .. from channels in _channels
                   from spatial in _places
                   from shape in Both(1 + (channels + spatial) % 4, channels, spatial)
                   select shape,
                .. Both(3, 600, 2), .. Both(2, 1030, 3), .. Both(2, 3, 513), .. Both(70, 6, 3), .. Both(131, 2, 33),
                .. Both(2, 4, 5000), .. Both(0, 3, 4), .. Both(2, 3, 0), .. Both(2, 0, 3),
            ],
            Tiny = [.. Both(2, 6, 3), .. Both(1, 2, 5)],
            Small = [.. Both(3, 6, 17), .. Both(5, 20, 3), .. Both(2, 66, 1), .. Both(35, 4, 15), .. Both(2, 1040, 2)],
            // The fewest groups with the channels first, the most with them last.
            Parallel = [Both(30, 20, 511)[0], Both(30, 20, 511)[^1], Both(200, 750, 2)[0], Both(200, 750, 2)[^1]],
            Guarded =
            [
                .. from channels in _channels
                   from spatial in _places
                   from shape in Both(2, channels, spatial)
                   select shape,
                .. _lengths.SelectMany(spatial => Both(2, 2, spatial)),
                .. Both(2, 600, 2), .. Both(2, 1026, 3),
            ],
            Numbers =
            [
                .. _few.SelectMany(spatial => Both(2, 2, spatial).Where((_, i) => i % 2 == spatial % 2)),
                .. Both(3, 6, 37).Skip(1),
            ],
            LargeWorkspace = workspace.Length == 0 ? null : Both(3, 600, 5).First(),
            LongSums = Both(200_000, 2, 2).First(),
            Empty = [.. _layouts.SelectMany(Empty)],
        };
    }

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override ShapeList Shapes => _shapes;

    protected static (int Batch, int Channels, int Spatial, bool Last, int Groups) Sizes(Problem p)
    {
        ChannelProblemShape shape = (ChannelProblemShape)p.Shape;
        return (shape.Batch, shape.Channels, shape.Spatial, shape.Last, shape.Groups);
    }

    protected static Argument[] Updates(Argument[] workspace) =>
    [
        Argument.Running("runningMean", Role.Output, partner: "runningVar"),
        Argument.Running("runningVar", Role.Output, partner: "runningMean"),
        .. workspace,
    ];

    protected static Verb Inference() =>
        new("Inference",
            [Argument.In("x"), Argument.Out("y", "x"), .. Constants, Argument.Parameter("weight"), Argument.Parameter("bias")])
        { Point = "x" };

    /// <summary>One value has no unbiased variance.</summary>
    protected static IEnumerable<string> NoUpdate(Verb verb, int values, ProblemShape shape) =>
        values == 1 && shape.Count != 0 && verb.Arguments.Any(a => a.IsUpdated) ? ["runningMean", "runningVar"] : [];

    /// <summary>Elements by themselves, each measured by the magnitude of its terms.</summary>
    protected static Expectation ElementWise(Problem p, double[] values, Func<int, double> magnitude) =>
        new(p.Dtype, values, new(() => [.. values.Select((_, i) => magnitude(i))]));

    /// <summary>(x - runningMean) / sqrt(runningVar + epsilon), and its two terms.</summary>
    protected static Func<int, (double Rstd, double Magnitude)> Running(Problem p)
    {
        double[] mean = p.Values("runningMean");
        double[] variance = p.Values("runningVar");
        double[] x = p.Values("x");
        return i =>
        {
            int channel = p.Shape.ParameterOf(i);
            double rstd = 1 / Math.Sqrt(variance[channel] + p.Epsilon);
            return (rstd, rstd * (Math.Abs(x[i]) + Math.Abs(mean[channel])));
        };
    }

    protected static Func<int, double> Parameter(Problem p, string name, double ifMissing)
    {
        double[] values = p.Values(name);
        return i => values.Length == 0 ? ifMissing : Math.Abs(values[p.Shape.ParameterOf(i)]);
    }

    protected static Expectation ExpectInference(Problem p, double[] y)
    {
        Func<int, (double Rstd, double Magnitude)> running = Running(p);
        Func<int, double> weight = Parameter(p, "weight", 1);
        Func<int, double> bias = Parameter(p, "bias", 0);
        return ElementWise(p, y, i => running(i).Magnitude * weight(i) + bias(i));
    }

    private static object[] Empty(bool last)
    {
        ChannelLayout layout = last ? ChannelLayout.ChannelsLast : ChannelLayout.ChannelsFirst;
        return
        [
            new ChannelShape(0, ShapeList.Huge, 1, layout), new ChannelShape(ShapeList.Huge, 1, 0, layout),
            new ChannelShape(1, 0, ShapeList.Huge, layout), new ChannelShape(0, 1, ShapeList.Huge, layout),
        ];
    }
}
