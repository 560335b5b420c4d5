using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Every verb against the oracle, on every instruction set, with every option.</summary>
public abstract class AccuracySuite : NormSuite
{
    private protected AccuracySuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    public void Every_verb_of_every_shape()
    {
        int seed = 0;
        foreach (ProblemShape shape in Norm.Shapes.Accurate)
        {
            foreach (Verb verb in VerbsOf(shape))
            {
                AssertAccurate(Varied(verb, shape, 2 * seed));
                AssertAccurate(Varied(verb, shape, 2 * seed + 1), new Setup { Threads = 1 + seed % 4 });
            }

            seed++;
        }
    }

    [TestMethod]
    public void Everything_passed_or_nothing()
    {
        foreach (Problem problem in FullProblems(Norm.Shapes.Small))
        {
            AssertAccurate(problem);
            AssertAccurate(problem.Without([.. problem.Arguments
                .Where(a => a.Optional && a.Role != Role.Scratch).Select(a => a.Name)]));
        }
    }

    [TestMethod]
    public void Every_epsilon_from_zero_to_infinity_is_taken()
    {
        double[] epsilons = [0, -0.0, 1e-300, 1e-12, 1, 1e10, double.MaxValue, double.PositiveInfinity];
        foreach (double epsilon in epsilons)
        {
            ProblemShape shape = Norm.Shapes.Numbers[^2];
            foreach (Verb verb in VerbsOf(shape).Where(verb => verb.Numbers.Contains(Number.Epsilon)))
            {
                AssertAccurate(Problem.Random(Norm, verb, Dtype, shape, p => p with { Epsilon = epsilon }));
            }
        }
    }

    [TestMethod]
    public void The_shapes_meet_every_pair_of_options()
    {
        foreach (Verb verb in Norm.Verbs)
        {
            // Of those shapes that can have all options.
            int[] seeds =
            [
                .. Enumerable.Range(0, 2 * Norm.Shapes.Accurate.Count).Where(seed =>
                    Norm.Has(verb, Norm.Shapes.Accurate[seed / 2])
                    && !Norm.Impossible(verb, Norm.Shapes.Accurate[seed / 2]).Any()),
            ];
            ProblemShape small = Norm.Shapes.Tiny.First(s => Norm.Has(verb, s) && !Norm.Impossible(verb, s).Any());
            HashSet<string>[] sets =
            [
                .. seeds.Select(seed => Varied(verb, small, seed))
                    .Select(p => p.Missing.Concat(p.Flags).Append(p.Float32Parameters ? "f32" : "own").ToHashSet()),
            ];
            string[] options = [.. sets.SelectMany(set => set).Distinct()];
            foreach (string one in options)
            {
                foreach (string other in options)
                {
                    bool partners = verb.Has(one) && verb[one].Partner == other;
                    bool exclude = one is "f32" or "own" && other is "f32" or "own";
                    if (one != other && !partners && !exclude)
                    {
                        int kinds = sets.Select(set => (set.Contains(one), set.Contains(other))).Distinct().Count();
                        Assert.AreEqual(4, kinds, $"{verb}: {one}, {other}");
                    }
                }
            }
        }
    }
}
