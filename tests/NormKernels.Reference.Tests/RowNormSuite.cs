using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

/// <summary>What every norm over rows has to keep; a derived class says how to call its norm.</summary>
public abstract class RowNormSuite
{
    private const double Untouched = 42.5;

    private static readonly (int Rows, int Cols)[] _shapes = [(1, 1), (5, 1), (1, 7), (3, 17), (0, 5), (3, 0)];

    private static readonly (bool Weight, bool Bias)[] _affine = [(false, false), (true, false), (true, true)];

    private static readonly bool[] _bools = [false, true];

    // A differentiable input, its tangent and its gradient; an output, its cotangent and its tangent.
    private static readonly (string Value, string Tangent, string Gradient)[] _inputs =
    [
        ("x", "tanX", "dx"),
        ("residual", "tanResidual", "dx"),
        ("weight", "tanWeight", "dweight"),
        ("bias", "tanBias", "dbias"),
    ];

    private static readonly (string Value, string Cotangent, string Tangent)[] _outputs =
        [("y", "dy", "jvpY"), ("h", "dh", "jvpH")];

    public static IEnumerable<(int Rows, int Cols, bool Weight, bool Bias, bool Add)> Problems =>
        from shape in _shapes
        from affine in _affine
        from add in _bools
        select (shape.Rows, shape.Cols, affine.Weight, affine.Bias, add);

    public static IEnumerable<string> VerbNames => Verb.All.Select(verb => verb.Name);

    /// <summary>What is added to the stored weight.</summary>
    private protected virtual double WeightOffset => 0;

    private protected virtual bool HasMean => true;

    [TestMethod]
    [DynamicData(nameof(Problems))]
    public void Derivatives_agree_with_finite_differences(int rows, int cols, bool weight, bool bias, bool add)
    {
        Linearization at = Linearize(rows, cols, weight, bias, add);

        foreach ((string value, _, string tangent) in at.Outputs)
        {
            Check.Close(at.Slope(this, value, at.Arguments), at.Arguments.Get(tangent), 1e-9);
        }

        foreach ((string value, string tangent, string gradient) in at.Inputs)
        {
            double[] expected = new double[at.Arguments.Length(value)];
            for (int i = 0; i < expected.Length; i++)
            {
                Arguments along = at.Arguments.Copy();
                foreach ((_, string other, _) in at.Inputs)
                {
                    Array.Clear(along.Get(other));
                }

                along.Get(tangent)[i] = 1;
                expected[i] = at.Outputs.Sum(o => Check.Dot(along.Get(o.Cotangent), at.Slope(this, o.Value, along)));
            }

            Check.Close(expected, at.Arguments.Get(gradient), 1e-9);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Problems))]
    public void Vjp_and_jvp_are_adjoint(int rows, int cols, bool weight, bool bias, bool add)
    {
        Linearization at = Linearize(rows, cols, weight, bias, add);
        List<(double[] A, double[] B)> outputs =
            [.. at.Outputs.Select(o => (at.Arguments.Get(o.Cotangent), at.Arguments.Get(o.Tangent)))];
        List<(double[] A, double[] B)> inputs =
            [.. at.Inputs.Select(i => (at.Arguments.Get(i.Gradient), at.Arguments.Get(i.Tangent)))];

        double magnitude = outputs.Concat(inputs).Sum(p => p.A.Zip(p.B, (a, b) => Math.Abs(a * b)).Sum());
        Assert.AreEqual(outputs.Sum(p => Check.Dot(p.A, p.B)), inputs.Sum(p => Check.Dot(p.A, p.B)), 1e-15 * magnitude);
    }

    [TestMethod]
    [DataRow(60)]
    [DataRow(-66)]
    [DataRow(100)]
    [DataRow(-100)]
    public void Scaling_by_a_power_of_two_changes_no_bit(int exponent)
    {
        // 2^60 is about 1e18, 2^-66 about 1e-20, 2^100 about 1e30.
        double scale = Math.ScaleB(1, exponent);
        foreach (double epsilon in new[] { 0, 1e-5 })
        {
            Arguments plain = new Arguments(3, 17) { Epsilon = epsilon }
                .WithRandom("x", "weight", "bias", "dy", "tanX", "tanWeight", "tanBias");
            Arguments scaled = plain.Copy();
            scaled.Epsilon *= scale * scale;
            scaled["x"] = Times(scale, plain.Get("x"));
            scaled["tanX"] = Times(scale, plain.Get("tanX"));
            foreach (Verb verb in new[] { Verb.Forward, Verb.Backward, Verb.Jvp })
            {
                Run(verb, plain.WithFilled(Untouched, OutputsOf(verb)));
                Run(verb, scaled.WithFilled(Untouched, OutputsOf(verb)));
                foreach (string output in OutputsOf(verb))
                {
                    double factor = output switch { "mean" => scale, "rstd" or "dx" => 1 / scale, _ => 1 };
                    Check.SameBits(Times(factor, plain.Get(output)), scaled.Get(output), output);
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(VerbNames))]
    public void Rows_that_are_not_finite_leave_every_other_row_as_if_it_were_alone(string verbName)
    {
        var verb = Verb.Named(verbName);
        Arguments clean = Ready(verb, 6, 9);
        Arguments poisoned = Poison(verb, clean);
        Run(verb, poisoned);

        foreach (int row in new[] { 0, 2, 5 })
        {
            Arguments alone = clean.Row(row);
            Run(verb, alone);
            Arguments together = poisoned.Row(row);
            foreach (string output in OutputsOf(verb).Where(name => clean.PerRow(name) is not null))
            {
                Check.SameBits(alone.Get(output), together.Get(output), output);
            }
        }
    }

    [TestMethod]
    public void Rows_that_are_not_finite_show_it()
    {
        Arguments arguments = Poison(Verb.Forward, Ready(Verb.Forward, 6, 9));
        Run(Verb.Forward, arguments);
        foreach (int row in new[] { 1, 3, 4 })
        {
            Arguments poisoned = arguments.Row(row);
            AssertNotFiniteRow(poisoned.Get("x"), poisoned.Get("y"), poisoned.Get("bias"));
        }
    }

    [TestMethod]
    [DynamicData(nameof(VerbNames))]
    public void In_place_is_out_of_place_bit_for_bit(string verbName)
    {
        var verb = Verb.Named(verbName);
        Arguments expected = Ready(verb, 3, 17);
        Run(verb, expected);

        IEnumerable<(string Output, string Input)> pairs =
            from output in verb.Outputs
            from input in verb.Inputs
            where expected.PerRow(output) == 17 && expected.PerRow(input) == 17 && (output, input) != verb.NotInPlace
            select (output, input);
        Assert.AreNotEqual(0, pairs.Count());
        foreach ((string output, string input) in pairs)
        {
            Arguments shared = Ready(verb, 3, 17);
            shared[output] = shared.Get(input);
            Run(verb, shared);
            AssertSameBits(verb, expected, shared, $"{output} is {input}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(VerbNames))]
    public void What_is_optional_may_be_left_out(string verbName)
    {
        var verb = Verb.Named(verbName);
        foreach (string input in verb.Inputs.Where(Verb.IsOptional))
        {
            Arguments expected = Ready(verb, 3, 17).WithFilled(input == "weight" ? 1 - WeightOffset : 0, input);
            Arguments without = expected.Copy();
            without[input] = null;
            Run(verb, expected);
            Run(verb, without);
            AssertSameBits(verb, expected, without, $"without {input}");
        }

        foreach (string output in OutputsOf(verb).Where(Verb.IsOptional))
        {
            Arguments expected = Ready(verb, 3, 17);
            Arguments without = expected.Copy();
            without[output] = null;
            Run(verb, expected);
            Run(verb, without);
            without[output] = expected[output];
            AssertSameBits(verb, expected, without, $"without {output}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(VerbNames))]
    public void Bad_arguments_are_named_before_anything_is_written(string verbName)
    {
        var verb = Verb.Named(verbName);
        AssertRejected<ArgumentOutOfRangeException>(verb, "rows", a => a.Rows = -1);
        AssertRejected<ArgumentOutOfRangeException>(verb, "cols", a => a.Cols = -1);
        foreach (double epsilon in new[] { -1e-300, double.NegativeInfinity, double.NaN })
        {
            AssertRejected<ArgumentOutOfRangeException>(verb, "epsilon", a => a.Epsilon = epsilon);
        }

        foreach (string tensor in verb.Inputs.Concat(OutputsOf(verb)))
        {
            AssertRejected<ArgumentException>(verb, tensor, a => a[tensor] = [.. a.Get(tensor), Untouched]);
            AssertRejected<ArgumentException>(verb, tensor, a => a[tensor] = a.Get(tensor)[1..]);
            if (!Verb.IsOptional(tensor))
            {
                AssertRejected<ArgumentException>(verb, tensor, a => a[tensor] = null);
            }
        }

        // 2^16 * 2^16 is 0 in 32 bits, which no tensor at all would fit.
        var wrapping = new Arguments(1 << 16, 1 << 16);
        ArgumentException thrown = Assert.ThrowsExactly<ArgumentException>(() => Run(verb, wrapping));
        Assert.AreEqual(verb.Inputs[0], thrown.ParamName);
    }

    [TestMethod]
    [DataRow(-0.0)]
    [DataRow(double.PositiveInfinity)]
    public void Every_epsilon_from_zero_to_infinity_is_taken(double epsilon)
    {
        Arguments arguments = Ready(Verb.Forward, 2, 5);
        arguments.Epsilon = epsilon;
        Run(Verb.Forward, arguments);
        Assert.AreEqual(double.IsInfinity(epsilon), arguments.Row(1).Get("y").SequenceEqual(arguments.Get("bias")));
        Assert.IsTrue(arguments.Get("rstd").All(double.IsFinite));
    }

    [TestMethod]
    public void No_rows_make_no_gradient()
    {
        foreach (Verb verb in new[] { Verb.Backward, Verb.AddBackward })
        {
            Arguments arguments = Ready(verb, 0, 5);
            Run(verb, arguments);
            Check.SameBits(new double[5], arguments.Get("dweight"), "dweight");
            Check.SameBits(new double[5], arguments.Get("dbias"), "dbias");
        }
    }

    [TestMethod]
    public void Rows_of_no_elements_have_no_statistics()
    {
        Arguments arguments = Ready(Verb.Forward, 3, 0);
        Run(Verb.Forward, arguments);
        Assert.IsTrue(arguments.Get("rstd").All(double.IsNaN));
        Assert.IsTrue(!HasMean || arguments.Get("mean").All(double.IsNaN));
    }

    [TestMethod]
    [DynamicData(nameof(VerbNames))]
    public void No_rows_need_no_memory_however_long_they_are(string verbName) =>
        Run(Verb.Named(verbName), new Arguments(0, int.MaxValue));

    [TestMethod]
    public void Sums_over_rows_lose_no_small_term()
    {
        Arguments arguments = Ready(Verb.Backward, 4, 1);
        arguments["dy"] = [1, 1e16, 1, -1e16];
        Run(Verb.Backward, arguments);
        Assert.AreEqual(2.0, arguments.Get("dbias")[0]);
    }

    private protected abstract void Run(Verb verb, Arguments a);

    /// <summary>Checks y of a row that has a NaN or an infinity.</summary>
    private protected abstract void AssertNotFiniteRow(double[] x, double[] y, double[] bias);

    /// <summary>Runs the three plain verbs on a case with an exact answer.</summary>
    private protected void AssertWorkedExample(Arguments given, Arguments expected)
    {
        given["weight"] = [.. given.Get("weight").Select(w => w - WeightOffset)];
        foreach (Verb verb in new[] { Verb.Forward, Verb.Backward, Verb.Jvp })
        {
            Run(verb, given.WithFilled(Untouched, OutputsOf(verb)));
            AssertSameBits(verb, expected, given, "worked example");
        }
    }

    private protected IEnumerable<string> OutputsOf(Verb verb) =>
        verb.Outputs.Where(output => HasMean || output != "mean");

    /// <summary>Random inputs and outputs that hold <see cref="Untouched"/>.</summary>
    private protected Arguments Ready(Verb verb, int rows, int cols) =>
        new Arguments(rows, cols).WithRandom(verb.Inputs).WithFilled(Untouched, OutputsOf(verb));

    /// <summary>A copy that is not finite in row 1 (a NaN), 3 (an infinity) and 4 (both infinities).</summary>
    private static Arguments Poison(Verb verb, Arguments clean)
    {
        Arguments poisoned = clean.Copy();
        double[] point = poisoned.Get(verb.Point);
        int cols = clean.Cols;
        point[cols + 2] = double.NaN;
        point[3 * cols + 4] = double.PositiveInfinity;
        point[4 * cols] = double.NegativeInfinity;
        point[4 * cols + 5] = double.PositiveInfinity;
        return poisoned;
    }

    private Linearization Linearize(int rows, int cols, bool weight, bool bias, bool add)
    {
        (string, string, string)[] inputs =
        [
            .. _inputs.Where(i => i.Value switch { "residual" => add, "weight" => weight, "bias" => bias, _ => true })
        ];
        (string, string, string)[] outputs = [.. _outputs.Where(o => add || o.Value == "y")];
        var at = new Linearization(new Arguments(rows, cols) { Epsilon = 0.1 }, inputs, outputs, add);
        at.Arguments
            .WithRandom(at.Inputs.SelectMany(i => new[] { i.Value, i.Tangent }))
            .WithRandom(at.Outputs.Select(o => o.Cotangent))
            .WithFilled(Untouched, at.Outputs.SelectMany(o => new[] { o.Value, o.Tangent }))
            .WithFilled(Untouched, at.Inputs.Select(i => i.Gradient));
        foreach (Verb verb in add
            ? new[] { Verb.AddForward, Verb.AddBackward, Verb.AddJvp }
            : [Verb.Forward, Verb.Backward, Verb.Jvp])
        {
            Run(verb, at.Arguments);
        }

        return at;
    }

    private void AssertRejected<TException>(Verb verb, string parameter, Action<Arguments> spoil)
        where TException : ArgumentException
    {
        Arguments arguments = Ready(verb, 3, 4);
        spoil(arguments);
        TException thrown = Assert.ThrowsExactly<TException>(() => Run(verb, arguments), $"{verb.Name} {parameter}");
        Assert.AreEqual(parameter, thrown.ParamName);
        foreach (string output in OutputsOf(verb))
        {
            Assert.IsTrue(arguments[output] is not { } tensor || tensor.All(v => v == Untouched), output);
        }
    }

    private void AssertSameBits(Verb verb, Arguments expected, Arguments actual, string what)
    {
        foreach (string output in OutputsOf(verb).Where(name => expected[name] is not null))
        {
            Check.SameBits(expected.Get(output), actual.Get(output), $"{verb.Name} {output}, {what}");
        }
    }

    private static double[] Times(double factor, double[] a) => [.. a.Select(value => factor * value)];

    /// <summary>A point, the derivatives computed there, and the function itself for finite differences.</summary>
    private sealed record Linearization(
        Arguments Arguments,
        (string Value, string Tangent, string Gradient)[] Inputs,
        (string Value, string Cotangent, string Tangent)[] Outputs,
        bool Add)
    {
        /// <summary>The derivative of an output along the tangents, by finite differences.</summary>
        public double[] Slope(RowNormSuite suite, string output, Arguments along) => Check.Slope(distance =>
        {
            Arguments moved = along.Copy();
            foreach ((string value, string tangent, _) in Inputs)
            {
                moved[value] = [.. along.Get(value).Zip(along.Get(tangent), (v, t) => v + distance * t)];
            }

            suite.Run(Add ? Verb.AddForward : Verb.Forward, moved);
            return moved.Get(output);
        });
    }
}
