using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Numbers that plain float32 code gets wrong: constants, large offsets, and both ends of the range.</summary>
public abstract class NumbersSuite : NormSuite
{
    private static readonly int[] _lengths = [1, 2, 3, 16, 17, 100, 2050];

    private protected NumbersSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    public static IEnumerable<double> Constants =>
        [0, 1, -3, 0.1f, 1e6f + 0.1f, 16777217f, 1e-30f, 1e30f, 3e38f, -1e-42f, 65504];

    public static IEnumerable<(double Magnitude, double Epsilon)> Magnitudes =>
        from magnitude in _magnitudes from epsilon in _epsilons select (magnitude, epsilon);

    public static IEnumerable<double> Offsets => [1e4, -1e5, 1e6];

    private static double[] _magnitudes => [1e30, 1e-30, 3e38, 1e18, 1e-18, 1e-42, 1e-38, 65000, 6e-8];

    private static double[] _epsilons => [0, 1e-5, 1e-30];

    [TestMethod]
    [DynamicData(nameof(Constants))]
    public void Constant_rows(double constant)
    {
        foreach (int cols in _lengths)
        {
            Problem problem = Full(Norm["Forward"], 3, cols);
            double[] x = [.. Enumerable.Repeat(constant, 3 * cols)];
            if (!double.IsFinite(Dtype.Round(x)[0]))
            {
                return;
            }

            AssertAccurate(problem.With("x", x));
            // Centred, that is exactly the bias.
            if (problem.Verb.Has("mean"))
            {
                foreach (InstructionSet isa in InstructionSets.Available)
                {
                    IReadOnlyDictionary<string, byte[]> results = Execution.Run(problem,
                    new() { InstructionSet = isa });
                    for (int row = 0; row < 3; row++)
                    {
                        AssertSameBits(
                            problem, problem.Verb["y"], problem.Tensors["bias"], problem.RowOf(results["y"], row),
                            $"constant row on {isa}");
                    }

                    // Not the bits: the mean of negative zeros is a zero.
                    CollectionAssert.AreEqual(
                        Dtype.Round(x).Take(3).Select(v => v + 0.0).ToArray(), Dtype.F32.Decode(results["mean"]));
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Constants))]
    public void Derivatives_at_constant_rows(double constant) =>
        ForEachLinearVerb((verb, cols) => Shaped(verb, cols, 1e-5, (_, _) => constant));

    [TestMethod]
    [DynamicData(nameof(Offsets))]
    public void Large_mean(double offset) =>
        ForEachVerb((verb, cols) => Shaped(verb, cols, 1e-5, (random, _) => offset + random.Normal()));

    [TestMethod]
    [DynamicData(nameof(Magnitudes))]
    public void Magnitude(double magnitude, double epsilon) =>
        ForEachVerb((verb, cols) => Shaped(verb, cols, epsilon, (random,
        _) => magnitude * (0.1 + 0.25 * random.Normal())));

    [TestMethod]
    [DynamicData(nameof(Magnitudes))]
    public void Magnitude_of_everything(double magnitude, double epsilon)
    {
        double less = Math.Max(magnitude, 1e-36);
        if (magnitude <= 1e30)
        {
            ForEachVerb((verb, cols) => Shaped(
                verb, cols, epsilon, (random, _) => less * (0.1 + 0.25 * random.Normal()), less));
        }
    }

    [TestMethod]
    public void First_element_far_outside()
    {
        double[] outliers = [1e8, -1e8, 1e4, 1e30, 60000];
        foreach (double outlier in outliers)
        {
            ForEachVerb((verb, cols) =>
                Shaped(verb, cols, 1e-5, (random, col) => col == 0 ? outlier : 1 + 0.1 * random.Normal()));
        }
    }

    [TestMethod]
    public void Last_element_far_outside()
    {
        double[] outliers = [1e8, 1e4, 60000];
        foreach (double outlier in outliers)
        {
            ForEachVerb((verb, cols) =>
                Shaped(verb, cols, 1e-5, (random, col) => col == cols - 1 ? outlier : 1 + 0.1 * random.Normal()));
        }
    }

    [TestMethod]
    public void Zero_rows()
    {
        foreach (double epsilon in _epsilons)
        {
            foreach (int cols in _lengths)
            {
                Problem problem = Shaped(Norm["Forward"], cols, epsilon, (_, _) => 0);
                AssertAccurate(problem);
                IReadOnlyDictionary<string, byte[]> results = Execution.Run(problem, new());
                Assert.AreEqual(epsilon == 0, Dtype.Decode(results["y"]).All(double.IsNaN), problem.ToString());
            }
        }
    }

    [TestMethod]
    public void Signed_zeros()
    {
        Problem problem = Full(Norm["Forward"], 1, 21).Without("weight", "bias");
        double[] x = [.. Enumerable.Range(0, 21).Select(col => col % 2 == 0 ? 0.0 : -0.0)];
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            double[] y = Dtype.Decode(Execution.Run(problem.With("x", x), new() { InstructionSet = isa })["y"]);
            Assert.IsTrue(y.All(value => value == 0));
            // Without a mean the sign stays.
            bool isSame = y.Select(double.IsNegative).SequenceEqual(x.Select(double.IsNegative));
            Assert.IsTrue(isSame || problem.Verb.Has("mean"));
        }
    }

    [TestMethod]
    public void Rows_that_are_not_finite()
    {
        double[][] bad =
        [
            [double.NaN], [double.PositiveInfinity], [double.NegativeInfinity],
            [double.PositiveInfinity, double.NegativeInfinity], [double.PositiveInfinity, double.NaN],
        ];
        foreach (int cols in _lengths)
        {
            foreach (double[] values in bad.Where(values => values.Length <= cols))
            {
                double[] at = values;
                AssertAccurate(
                    Shaped(Norm["Forward"], cols, 1e-5, (random, col) => col < at.Length ? at[col] : random.Normal())
                        .Without("mean", "rstd"));
                AssertAccurate(
                    Shaped(
                        Norm["Forward"], cols, 1e-5,
                        (random, col) => cols - 1 - col < at.Length ? at[cols - 1 - col] : random.Normal())
                        .Without("mean", "rstd"));
            }
        }
    }

    [TestMethod]
    public void Half_at_the_end_of_its_range()
    {
        ForEachVerb((verb, cols) =>
            Shaped(verb, cols, 1e-5, (random, _) => (random.Coin() ? 1 : -1) * (65504 - 32 * random.Below(8))));
    }

    [TestMethod]
    public void Sums_over_a_million_rows()
    {
        const int Rows = 1_000_000;
        Problem problem = Problem.Random(Norm, Norm["Backward"], Dtype, Rows, 3);
        // A sum that grows: float32 alone would lose what is added last.
        problem.With("dy", new RandomData("dy").Normals(3 * Rows, 1, 0.5));
        IReadOnlyDictionary<string, Expectation> expected = Norm.Expect(problem);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            IReadOnlyDictionary<string, byte[]> actual =
                Execution.Run(problem, new() { InstructionSet = isa, Threads = 2 });
            foreach (Argument gradient in problem.Outputs.Where(a => a.Extent == Extent.PerColumn))
            {
                Expectation exact = expected[gradient.Name];
                double[] sums = Dtype.F32.Decode(actual[gradient.Name]);
                for (int col = 0; col < 3; col++)
                {
                    Assert.AreEqual(exact.Values[col], sums[col], 1e-6 * exact.Scales!.Value[col],
                    $"{gradient}[{col}] on {isa}");
                }
            }
        }
    }

    // Two rows whose point, and the tensors that are added to it, are made by a function of the column.
    private Problem Shaped(
        Verb verb, int cols, double epsilon, Func<RandomData, int, double> point, double magnitudeOfOthers = 1)
    {
        Problem problem = Problem.Random(Norm, verb, Dtype, 2, cols, p => p with { Epsilon = epsilon });
        RandomData random = new("point", cols);
        double limit = Dtype == Dtype.F16 ? 65504 : float.MaxValue;
        double[] values = new double[2 * cols];
        for (int i = 0; i < values.Length; i++)
        {
            double value = point(random, i % cols);
            values[i] = double.IsFinite(value) ? Math.Clamp(value, -limit, limit) : value;
        }

        // Sums of two of them have to be finite too.
        double Scaled(double value) => Math.Clamp(value * magnitudeOfOthers, -limit / 2, limit / 2);

        foreach (Argument other in verb.Inputs.Where(a => a.Extent == Extent.Matrix && a.Name != verb.Point))
        {
            bool isAdded = other.Name == "residual";
            problem.With(other.Name, [.. problem.Values(other.Name).Select(v => isAdded ? 0 : Scaled(v))]);
        }

        problem.With(verb.Point, values).SaveStatistics();
        return problem;
    }

    private void ForEachVerb(Func<Verb, int, Problem> make)
    {
        foreach (Verb verb in Norm.Verbs)
        {
            foreach (int cols in _lengths)
            {
                AssertAccurate(make(verb, cols));
            }
        }
    }

    private void ForEachLinearVerb(Func<Verb, int, Problem> make) =>
        ForEachVerb((verb, cols) => verb.SavedStatistics.Any() ? make(verb, cols) : Full(verb, 1, cols));
}
