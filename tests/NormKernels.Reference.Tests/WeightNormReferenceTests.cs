using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class WeightNormReferenceTests : AxisSuite
{
    private static readonly double[] _epsilons = [0, 0.1];

    private protected override IEnumerable<Call> Problems =>
        from epsilon in _epsilons
        from s in Shapes
        select Problem(s.Outer, s.Length, s.Inner, epsilon);

    private protected override (string Value, string Tangent, string Gradient)[] Inputs =>
        [("v", "tanV", "dv"), ("g", "tanG", "dg")];

    private protected override (string Value, string Cotangent, string Tangent) Output => ("w", "dw", "jvpW");

    private protected override string[] Statistics => ["norm"];

    [TestMethod]
    public void Worked_example() =>
        // Slices [0, 0, 2, 0] and [1, -1, 1, 1], so u = [0, 0, 1, 0] and [1, -1, 1, 1] / 2. dg = 2 and 3:
        //     dv = 3/2 ([1, 0, 2, 0] - 2 u) and 10/2 ([2, 0, 4, 0] - 3 u).
        // sum(tan_v * u) = 2 and 2:
        //     jvp_w = u + 3/2 ([0, 2, 2, 0] - 2 u) and 4 u + 10/2 ([4, 0, 0, 0] - 2 u).
        AssertWorkedExample(
            With(
                Problem(4, 2, 1, 0),
                ("v", [0, 1, 0, -1, 2, 1, 0, 1]), ("g", [3, 10]), ("dw", [1, 2, 0, 0, 2, 4, 0, 0]),
                ("tanV", [0, 4, 2, 0, 2, 0, 0, 0]), ("tanG", [1, 4])),
            With(
                new Call(),
                ("w", [0, 5, 0, -5, 3, 5, 0, 5]), ("norm", [2, 2]), ("dv", [1.5, 2.5, 0, 7.5, 0, 12.5, 0, -7.5]),
                ("dg", [2, 3]), ("jvpW", [0, 17, 3, 3, 1, -3, 0, -3])));

    [TestMethod]
    public void A_slice_of_zeros_is_nan_without_epsilon_and_disturbs_no_other()
    {
        foreach (Method method in Methods)
        {
            Call call = Ready(method, Problem(1, 2, 3, epsilon: 0));
            Array.Clear(call.Get("v"), 0, 3);
            method.Run(call);
            foreach (string output in method.Outputs)
            {
                double[] values = call.Get(output);
                int half = values.Length / 2;
                double zero = output == "norm" ? 0 : double.NaN;
                Assert.IsTrue(values[..half].All(value => value.Equals(zero)), output);
                Assert.IsTrue(values[half..].All(double.IsFinite), output);
            }
        }
    }

    private protected override bool IsOptional(string tensor) => tensor is "norm" or "dg" or "tanG";

    private protected override int Length(Call problem, string tensor) =>
        tensor is "g" or "norm" ? problem.Int("length") : problem.Product("outer", "length", "inner");

    private protected override int? Slice(Call problem, string tensor, int offset) =>
        Primal(tensor) is "g" or "norm" ? offset : offset / problem.Int("inner") % problem.Int("length");

    private protected override void RunForward(Call a) => WeightNormReference.Forward(
        a["v"], a["g"], a["w"], a.Int("outer"), a.Int("length"), a.Int("inner"), a.Real("epsilon"), a["norm"]);

    private protected override void RunBackward(Call a) => WeightNormReference.Backward(
        a["dw"], a["v"], a["g"], a["dv"], a.Int("outer"), a.Int("length"), a.Int("inner"), a.Real("epsilon"), a["dg"]);

    private protected override void RunJvp(Call a) => WeightNormReference.Jvp(
        a["tanV"], a["tanG"], a["v"], a["g"], a["jvpW"],
        a.Int("outer"), a.Int("length"), a.Int("inner"), a.Real("epsilon"));

    private static Call Problem(int outer, int length, int inner, double epsilon) =>
        new(("outer", outer), ("length", length), ("inner", inner), ("epsilon", epsilon));
}
