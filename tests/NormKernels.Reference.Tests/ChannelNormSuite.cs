using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

/// <summary>What the norms of [batch, channels, spatial] tensors with a weight per channel have to keep.</summary>
public abstract class ChannelNormSuite : NormSuite
{
    private static readonly (int Batch, int Channels, int Spatial)[] _shapes =
        [(2, 6, 4), (3, 4, 1), (1, 2, 5), (1, 1, 1), (0, 4, 3), (2, 0, 3), (2, 2, 0)];

    private static readonly bool[] _bools = [false, true];

    private protected override IEnumerable<Call> Problems =>
        from shape in _shapes
        from channelsLast in _bools
        select Problem(shape.Batch, shape.Channels, shape.Spatial, channelsLast);

    private protected override (string Value, string Tangent, string Gradient)[] Inputs =>
        [("x", "tanX", "dx"), ("weight", "tanWeight", "dweight"), ("bias", "tanBias", "dbias")];

    private protected override string? Addend => "bias";

    private protected override string[] Statistics => ["mean", "rstd"];

    private protected override IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes =>
    [
        ("batch", -1, typeof(ArgumentOutOfRangeException)),
        ("channels", -2, typeof(ArgumentOutOfRangeException)),
        ("spatial", -1, typeof(ArgumentOutOfRangeException)),
        ("epsilon", -1e-300, typeof(ArgumentOutOfRangeException)),
        ("epsilon", double.NaN, typeof(ArgumentOutOfRangeException)),
    ];

    [TestMethod]
    public void Channels_last_is_a_transposition()
    {
        Call first = Ready(Forward, Problem(2, 6, 4, channelsLast: false));
        Call last = first.With("channelsLast", true);
        last["x"] = ChannelsLast(first.Get("x"));
        RunForward(first);
        RunForward(last);

        // Sums over a group run in another order.
        Check.Close(ChannelsLast(first.Get("y")), last.Get("y"), 1e-15);

        static double[] ChannelsLast(double[] a) =>
            [.. from n in Enumerable.Range(0, 2)
                from s in Enumerable.Range(0, 4)
                from c in Enumerable.Range(0, 6)
                select a[(n * 6 + c) * 4 + s]];
    }

    [TestMethod]
    public void Sizes_whose_product_wraps_are_rejected()
    {
        // 2^16 * 2^16 is 0 in 32 bits and 2^22 * 2^21 * 2^21 is 0 in 64 bits, which no tensor at all would fit.
        foreach ((int batch, int channels, int spatial) in new[] { (1 << 16, 1 << 16, 1), (1 << 22, 1 << 21, 1 << 21) })
        {
            foreach (Method method in Methods)
            {
                ArgumentException thrown = Assert.ThrowsExactly<ArgumentException>(
                    () => method.Run(Problem(batch, channels, spatial, channelsLast: false)));
                Assert.AreEqual(method.Inputs[0], thrown.ParamName);
            }
        }
    }

    [TestMethod]
    public void No_samples_need_no_memory_however_large_they_are()
    {
        foreach (Method method in Methods.Where(_ => Constants.Length == 0))
        {
            method.Run(Problem(0, 1 << 30, int.MaxValue, channelsLast: false));
        }
    }

    private protected virtual Call Problem(int batch, int channels, int spatial, bool channelsLast) => new(
        ("batch", batch), ("channels", channels), ("spatial", spatial), ("channelsLast", channelsLast),
        ("epsilon", 0.1));

    private protected override int Length(Call problem, string tensor) => tensor switch
    {
        "x" or "y" => problem.Product("batch", "channels", "spatial"),
        "mean" or "rstd" => Slices(problem),
        _ => problem.Int("channels"),
    };

    private protected override int? Slice(Call problem, string tensor, int offset)
    {
        int channels = problem.Int("channels");
        int spatial = problem.Int("spatial");
        return Primal(tensor) switch
        {
            "mean" or "rstd" => offset,
            "weight" or "bias" => null,
            _ => Slice(
                problem,
                sample: offset / (channels * spatial),
                channel: (problem.Attribute<bool>("channelsLast") ? offset : offset / spatial) % channels),
        };
    }

    private protected abstract int Slices(Call problem);

    private protected abstract int Slice(Call problem, int sample, int channel);
}
