using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class L2NormalizeReferenceTests : AxisSuite
{
    private static readonly double[] _orders = [2, 0.5, 1, 3, double.PositiveInfinity];

    // An epsilon that no norm reaches, and one that every norm does.
    private static readonly double[] _epsilons = [1e-12, 1e3];

    private protected override IEnumerable<Call> Problems =>
        from p in _orders
        from epsilon in _epsilons
        from s in Shapes
        select Problem(s.Outer, s.Length, s.Inner, p, epsilon);

    private protected override (string Value, string Tangent, string Gradient)[] Inputs => [("x", "tanX", "dx")];

    private protected override string[] Statistics => ["norm"];

    private protected override IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes =>
    [
        .. base.BadAttributes,
        ("p", 0.0, typeof(ArgumentOutOfRangeException)),
        ("p", -1.0, typeof(ArgumentOutOfRangeException)),
        ("p", double.NaN, typeof(ArgumentOutOfRangeException)),
    ];

    [TestMethod]
    public void Worked_example() =>
        // y = x / 2 and sum(dy * y) = 3: dx = (dy - 3 y) / 2; sum(tan_x * y) = 2.
        AssertWorkedExample(
            With(Problem(1, 4, 1, 2, 1e-12), ("x", [1, -1, 1, 1]), ("dy", [2, 0, 4, 0]), ("tanX", [4, 0, 0, 0])),
            With(
                new Call(),
                ("y", [0.5, -0.5, 0.5, 0.5]), ("norm", [2]), ("dx", [0.25, 0.75, 1.25, -0.75]),
                ("jvpY", [1.5, 0.5, -0.5, -0.5])));

    [TestMethod]
    [DataRow(0.5)]
    [DataRow(2.0)]
    [DataRow(double.PositiveInfinity)]
    public void A_short_line_is_divided_by_epsilon(double p) =>
        AssertWorkedExample(
            With(
                Problem(2, 2, 1, p, 0.25),
                ("x", [0, 0, 1 / 64.0, 0]), ("dy", [1, -2, 3, 4]), ("tanX", [5, 6, 7, -8])),
            With(
                new Call(),
                ("y", [0, 0, 1 / 16.0, 0]), ("norm", [0, 1 / 64.0]), ("dx", [4, -8, 12, 16]),
                ("jvpY", [20, 24, 28, -32])));

    private protected override bool IsOptional(string tensor) => tensor == "norm";

    private protected override void RunForward(Call a) => L2NormalizeReference.Forward(
        a["x"], a["y"], a.Int("outer"), a.Int("length"), a.Int("inner"), a.Real("p"), a.Real("epsilon"), a["norm"]);

    private protected override void RunBackward(Call a) => L2NormalizeReference.Backward(
        a["dy"], a["x"], a["dx"], a.Int("outer"), a.Int("length"), a.Int("inner"), a.Real("p"), a.Real("epsilon"));

    private protected override void RunJvp(Call a) => L2NormalizeReference.Jvp(
        a["tanX"], a["x"], a["jvpY"], a.Int("outer"), a.Int("length"), a.Int("inner"), a.Real("p"), a.Real("epsilon"));

    private static Call Problem(int outer, int length, int inner, double p, double epsilon) =>
        new(("outer", outer), ("length", length), ("inner", inner), ("p", p), ("epsilon", epsilon));
}
