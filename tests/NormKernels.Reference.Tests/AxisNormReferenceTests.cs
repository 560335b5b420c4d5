using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class AxisNormReferenceTests : AxisSuite
{
    private protected override IEnumerable<Call> Problems => Shapes.Select(s => new Call(
        ("outer", s.Outer), ("length", s.Length), ("inner", s.Inner), ("epsilon", 0.1)));

    private protected override (string Value, string Tangent, string Gradient)[] Inputs =>
        [("x", "tanX", "dx"), ("weight", "tanWeight", "dweight"), ("bias", "tanBias", "dbias")];

    private protected override string? Addend => "bias";

    private protected override string[] Statistics => ["mean", "rstd"];

    [TestMethod]
    public void Worked_example() =>
        // The example of layer norm, where a single row has a weight for each element too.
        AssertWorkedExample(
            new Call(("outer", 1), ("length", 4), ("inner", 1), ("epsilon", 0.5))
            {
                ["x"] = [1, 2, 3, 6],
                ["weight"] = [2, 4, 1, -2],
                ["bias"] = [0.5, 0, -1, 1],
                ["dy"] = [1, 1, 2, -1],
                ["tanX"] = [4, 0, 0, 0],
                ["tanWeight"] = [1, 2, 3, 2],
                ["tanBias"] = [1, 0, 0, -1],
            },
            new Call
            {
                ["y"] = [-1.5, -2, -1, -2],
                ["mean"] = [3],
                ["rstd"] = [0.5],
                ["dx"] = [-0.375, 0.6875, -0.25, -0.0625],
                ["dweight"] = [-1, -0.5, 0, -1.5],
                ["dbias"] = [1, 1, 2, -1],
                ["jvpY"] = [2, -4, -0.5, 1.5],
            });

    private protected override void RunForward(Call a) => AxisNormReference.Forward(
        a["x"], a["y"], a.Int("outer"), a.Int("length"), a.Int("inner"),
        a["weight"], a["bias"], a.Real("epsilon"), a["mean"], a["rstd"]);

    private protected override void RunBackward(Call a) => AxisNormReference.Backward(
        a["dy"], a["x"], a["dx"], a.Int("outer"), a.Int("length"), a.Int("inner"),
        a["weight"], a.Real("epsilon"), a["dweight"], a["dbias"]);

    private protected override void RunJvp(Call a) => AxisNormReference.Jvp(
        a["tanX"], a["x"], a["jvpY"], a.Int("outer"), a.Int("length"), a.Int("inner"),
        a["weight"], a["tanWeight"], a["tanBias"], a.Real("epsilon"));
}
