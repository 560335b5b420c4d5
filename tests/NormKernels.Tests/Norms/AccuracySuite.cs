using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Every verb against the oracle, on every instruction set, with every option.</summary>
public abstract class AccuracySuite : NormSuite
{
    private static readonly int[] _longLengths =
        [511, 768, 1023, 1024, 1025, 4095, 4096, 5120, 8191, 12288, 65536, 262144];

    private protected AccuracySuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    public static IEnumerable<int> LongLengths => _longLengths;

    [TestMethod]
    public void Every_verb_at_every_short_length()
    {
        for (int cols = 0; cols <= 257; cols++)
        {
            foreach (Verb verb in Norm.Verbs)
            {
                AssertAccurate(Varied(verb, 1 + cols % 3, cols, 2 * cols));
                AssertAccurate(Varied(verb, 1 + cols % 2, cols, 2 * cols + 1));
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(LongLengths))]
    public void Every_verb_at_long_lengths(int cols)
    {
        foreach (Verb verb in Norm.Verbs)
        {
            AssertAccurate(Varied(verb, cols <= 12288 ? 3 : 1, cols, 2 * cols));
            AssertAccurate(Varied(verb, 2, cols, 2 * cols + 1));
        }
    }

    [TestMethod]
    public void Many_rows()
    {
        int[] lengths = [1, 2, 7, 17, 64];
        foreach (int cols in lengths)
        {
            foreach (Verb verb in Norm.Verbs)
            {
                AssertAccurate(Full(verb, 1000, cols));
                AssertAccurate(Varied(verb, 1000, cols, cols), new Setup { Threads = 4 });
            }
        }
    }

    [TestMethod]
    public void No_rows()
    {
        int[] lengths = [0, 1, 5, 1000];
        foreach (int cols in lengths)
        {
            foreach (Verb verb in Norm.Verbs)
            {
                AssertAccurate(Full(verb, 0, cols));
                AssertAccurate(Varied(verb, 0, cols, cols));
                AssertAccurate(Varied(verb, 0, cols, cols + 1));
            }
        }
    }

    [TestMethod]
    public void Every_epsilon_from_zero_to_infinity_is_taken()
    {
        double[] epsilons = [0, -0.0, 1e-300, 1e-12, 1, 1e10, double.MaxValue, double.PositiveInfinity];
        foreach (double epsilon in epsilons)
        {
            foreach (Verb verb in Norm.Verbs)
            {
                AssertAccurate(Problem.Random(Norm, verb, Dtype, 3, 37, p => p with { Epsilon = epsilon }));
            }
        }
    }

    [TestMethod]
    public void Short_lengths_meet_every_pair_of_options()
    {
        foreach (Verb verb in Norm.Verbs)
        {
            Problem[] met = [.. Enumerable.Range(0, 2 * 258).Select(seed => Varied(verb, 1, 3, seed))];
            HashSet<string>[] sets =
            [
                .. met.Select(p => p.Missing.Concat(p.Flags).Append(p.Float32Parameters ? "f32" : "own").ToHashSet()),
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
