using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Numbers that plain float32 code gets wrong: constants, large offsets, and both ends of the range.</summary>
public abstract class NumbersSuite : NormSuite
{
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
    public void Constant_slices(double constant)
    {
        foreach (ProblemShape shape in Norm.Shapes.Numbers)
        {
            Problem problem = Full(Norm["Forward"], shape);
            double[] x = [.. Enumerable.Repeat(constant, shape.Count)];
            if (!double.IsFinite(Dtype.Round(x)[0]))
            {
                return;
            }

            AssertAccurate(problem.With(problem.Verb.Point, x));
            // Centred, that is exactly the bias.
            if (problem.Verb.Has("mean"))
            {
                double[] bias = problem.Values("bias");
                byte[] expected =
                    Dtype.Encode([.. Enumerable.Range(0, shape.Count).Select(i => bias[shape.ParameterOf(i)])]);
                foreach (InstructionSet isa in InstructionSets.Available)
                {
                    IReadOnlyDictionary<string, byte[]> results = Execution.Run(problem,
                    new() { InstructionSet = isa });
                    AssertSameBits(problem, problem.Verb["y"], expected, results["y"], $"constant slices on {isa}");
                    // Not the bits: the mean of negative zeros is a zero.
                    CollectionAssert.AreEqual(
                        Dtype.Round(x).Take(shape.Slices).Select(v => v + 0.0).ToArray(),
                        Dtype.F32.Decode(results["mean"]));
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Constants))]
    public void Derivatives_at_constant_slices(double constant) =>
        ForEachLinearVerb((verb, shape) => Shaped(verb, shape, 1e-5, (_, _) => constant));

    [TestMethod]
    [DynamicData(nameof(Offsets))]
    public void Large_mean(double offset) =>
        ForEachVerb((verb, shape) => Shaped(verb, shape, 1e-5, (random, _) => offset + random.Normal()));

    [TestMethod]
    [DynamicData(nameof(Magnitudes))]
    public void Magnitude(double magnitude, double epsilon)
    {
        if (magnitude < Norm.Magnitudes.Least || magnitude > Norm.Magnitudes.Most)
        {
            return;
        }

        ForEachVerb((verb, shape) => Shaped(verb, shape, epsilon, (random,
        _) => magnitude * (0.1 + 0.25 * random.Normal())));
    }

    [TestMethod]
    [DynamicData(nameof(Magnitudes))]
    public void Magnitude_of_everything(double magnitude, double epsilon)
    {
        double less = Math.Max(magnitude, 1e-36);
        if (magnitude <= 1e30 && magnitude >= Norm.Magnitudes.Least)
        {
            ForEachVerb((verb, shape) => Shaped(verb, shape, epsilon, (random, _) => less * (0.1 + 0.25 * random.Normal()), less));
        }
    }

    [TestMethod]
    public void First_element_far_outside()
    {
        double[] outliers = [1e8, -1e8, 1e4, 1e30, 60000];
        foreach (double outlier in outliers)
        {
            ForEachVerb((verb, shape) => Shaped(verb, shape, 1e-5, (random, at) => at == 0 ? outlier : 1 + 0.1 * random.Normal()));
        }
    }

    [TestMethod]
    public void Last_element_far_outside()
    {
        double[] outliers = [1e8, 1e4, 60000];
        foreach (double outlier in outliers)
        {
            ForEachVerb((verb, shape) => Shaped(verb, shape, 1e-5, (random, at) => at == shape.SliceLength - 1 ? outlier : 1 + 0.1 * random.Normal()));
        }
    }

    [TestMethod]
    public void Zero_slices()
    {
        foreach (double epsilon in _epsilons)
        {
            foreach (ProblemShape shape in Norm.Shapes.Numbers)
            {
                Problem problem = Shaped(Norm["Forward"], shape, epsilon, (_, _) => 0);
                AssertAccurate(problem);
                foreach (Verb verb in VerbsOf(shape))
                {
                    AssertAccurate(Shaped(verb, shape, epsilon, (_, at) => at == 0 ? 0 : 1));
                }

                if (problem.Verb.Numbers.Contains(Number.Epsilon))
                {
                    IReadOnlyDictionary<string, byte[]> results = Execution.Run(problem, new());
                    Assert.AreEqual(
                        epsilon == 0, Dtype.Decode(results[problem.Verb.Outputs.First().Name]).All(double.IsNaN),
                        problem.ToString());
                }
            }
        }
    }

    [TestMethod]
    public void Slices_that_are_not_finite()
    {
        double[][] bad =
        [
            [double.NaN], [double.PositiveInfinity], [double.NegativeInfinity],
            [double.PositiveInfinity, double.NegativeInfinity], [double.PositiveInfinity, double.NaN],
        ];
        foreach (ProblemShape shape in Norm.Shapes.Numbers)
        {
            int last = shape.SliceLength - 1;
            foreach (double[] values in bad.Where(values => values.Length <= shape.SliceLength))
            {
                double[] v = values;
                Problem[] problems =
                [
                    Shaped(Norm["Forward"], shape, 1e-5, (random, at) => at < v.Length ? v[at] : random.Normal()),
                    Shaped(
                        Norm["Forward"], shape, 1e-5,
                        (random, at) => last - at < v.Length ? v[last - at] : random.Normal()),
                ];
                foreach (Problem problem in problems)
                {
                    AssertAccurate(problem.Without("mean", "rstd", "runningMean", "runningVar"));
                }
            }
        }
    }

    [TestMethod]
    public void Half_at_the_end_of_its_range()
    {
        ForEachVerb((verb, shape) => Shaped(verb, shape, 1e-5, (random, _) => (random.Coin() ? 1 : -1) * (65504 - 32 * random.Below(8))));
    }

    [TestMethod]
    public void Sums_over_very_many()
    {
        if (Norm.Shapes.LongSums is not { } shape)
        {
            return;
        }

        Problem problem = Problem.Random(Norm, Norm["Backward"], Dtype, shape);
        // A sum that grows: float32 alone would lose what is added last.
        string cotangent = problem.Verb.Inputs.First().Name;
        problem.With(cotangent, new RandomData(cotangent).Normals(shape.Count, 1, 0.5));
        IReadOnlyDictionary<string, Expectation> expected = Norm.Expect(problem);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            IReadOnlyDictionary<string, byte[]> actual =
                Execution.Run(problem, new() { InstructionSet = isa, Threads = 2 });
            foreach (Argument gradient in problem.Outputs.Where(a => a.Extent == Extent.PerParameter))
            {
                Expectation exact = expected[gradient.Name];
                double[] sums = Dtype.F32.Decode(actual[gradient.Name]);
                for (int i = 0; i < sums.Length; i++)
                {
                    Assert.AreEqual(
                        exact.Values[i], sums[i], 1e-6 * exact.Scales!.Value[i], $"{gradient}[{i}] on {isa}");
                }
            }
        }
    }

    // Slices whose point, and the tensors that are added to it, are made by a function of the place within the slice.
    private protected Problem Shaped(
        Verb verb, ProblemShape shape, double epsilon, Func<RandomData, int, double> point,
        double magnitudeOfOthers = 1)
    {
        Problem problem = Problem.Random(Norm, verb, Dtype, shape, p => p with { Epsilon = epsilon });
        RandomData random = new("point", shape.Count);
        double limit = Dtype == Dtype.F16 ? 65504 : float.MaxValue;
        double[] values = new double[shape.Count];
        int[] next = new int[shape.Slices];
        for (int i = 0; i < values.Length; i++)
        {
            double value = point(random, next[shape.SliceOf(i)]++);
            values[i] = double.IsFinite(value) ? Math.Clamp(value, -limit, limit) : value;
        }

        // Sums of two of them have to be finite too.
        double Scaled(double value) => Math.Clamp(value * magnitudeOfOthers, -limit / 2, limit / 2);

        foreach (Argument other in verb.Inputs.Where(a => a.Extent == Extent.Tensor && a.Name != verb.Point))
        {
            bool isAdded = other.Name == "residual";
            problem.With(other.Name, [.. problem.Values(other.Name).Select(v => isAdded ? 0 : Scaled(v))]);
        }

        problem.With(verb.Point, values).SaveStatistics();
        return problem;
    }

    private void ForEachVerb(Func<Verb, ProblemShape, Problem> make)
    {
        foreach (ProblemShape shape in Norm.Shapes.Numbers)
        {
            foreach (Verb verb in VerbsOf(shape))
            {
                AssertAccurate(make(verb, shape));
            }
        }
    }

    private void ForEachLinearVerb(Func<Verb, ProblemShape, Problem> make) =>
        ForEachVerb((verb, shape) => verb.SavedStatistics.Any() ? make(verb, shape) : Full(verb, shape));
}
