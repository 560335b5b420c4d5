using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class GroupNormReferenceTests : ChannelNormSuite
{
    private protected override IEnumerable<Call> Problems =>
        base.Problems.Append(Problem(2, 3, 2, channelsLast: true).With("groups", 3));

    private protected override IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes =>
    [
        .. base.BadAttributes,
        ("groups", 0, typeof(ArgumentOutOfRangeException)),
        ("groups", -1, typeof(ArgumentOutOfRangeException)),
        ("groups", 4, typeof(ArgumentException)),
        ("groups", 7, typeof(ArgumentException)),
    ];

    [TestMethod]
    public void Worked_example()
    {
        // The row of the example of layer norm in the first group; a constant one in the second. dweight and dbias
        // of a channel sum over its two positions.
        Call given = new Call(
            ("batch", 1), ("channels", 4), ("spatial", 2), ("channelsLast", false), ("groups", 2), ("epsilon", 0.5))
        {
            ["x"] = [1, 2, 3, 6, 7, 7, 7, 7],
            ["weight"] = [2, 1, 3, 5],
            ["bias"] = [0.5, -1, 2, 4],
            ["dy"] = [1, 2, 2, 2, 0, 0, 0, 1],
            ["tanX"] = [4, 0, 0, 0, 0, 0, 0, 0],
            ["tanWeight"] = [1, 2, 9, 9],
            ["tanBias"] = [1, 0, 0, 3],
        };

        // g = [2, 4, 2, 2] as there; in the second group rstd is sqrt(2) and g = [0, 0, 0, 5] has mean 5/4.
        double root = 1 / Math.Sqrt(0.5);
        AssertWorkedExample(given, new Call
        {
            ["y"] = [-1.5, -0.5, -1, 0.5, 2, 2, 4, 4],
            ["mean"] = [3, 7],
            ["rstd"] = [0.5, root],
            ["dx"] = [-0.375, 0.6875, -0.25, -0.0625, root * -1.25, root * -1.25, root * -1.25, root * 3.75],
            ["dweight"] = [-2, 3, 0, 0],
            ["dbias"] = [3, 4, 0, 1],
            ["jvpY"] = [2, -1, -0.5, 3.25, 0, 0, 3, 3],
        });
    }

    private protected override Call Problem(int batch, int channels, int spatial, bool channelsLast) =>
        base.Problem(batch, channels, spatial, channelsLast).With("groups", channels % 2 == 0 ? 2 : 1);

    private protected override int Slices(Call problem) => problem.Product("batch", "groups");

    private protected override int Slice(Call problem, int sample, int channel) =>
        sample * problem.Int("groups") + channel / (problem.Int("channels") / problem.Int("groups"));

    private protected override void RunForward(Call a) => GroupNormReference.Forward(
        a["x"], a["y"], a.Int("batch"), a.Int("channels"), a.Int("spatial"), a.Attribute<bool>("channelsLast"),
        a.Int("groups"), a["weight"], a["bias"], a.Real("epsilon"), a["mean"], a["rstd"]);

    private protected override void RunBackward(Call a) => GroupNormReference.Backward(
        a["dy"], a["x"], a["dx"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a.Int("groups"), a["weight"], a.Real("epsilon"), a["dweight"], a["dbias"]);

    private protected override void RunJvp(Call a) => GroupNormReference.Jvp(
        a["tanX"], a["x"], a["jvpY"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a.Int("groups"),
        a["weight"], a["tanWeight"], a["tanBias"], a.Real("epsilon"));
}
