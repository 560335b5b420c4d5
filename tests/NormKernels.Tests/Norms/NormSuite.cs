using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>What the suites share: a norm, a type, and loops over verbs.</summary>
public abstract class NormSuite
{
    private protected NormSuite(Norm norm, Dtype dtype)
    {
        Norm = norm;
        Dtype = dtype;
    }

    public static IEnumerable<InstructionSet> AvailableInstructionSets => InstructionSets.Available;

    private protected Norm Norm { get; }

    private protected Dtype Dtype { get; }

    /// <summary>A problem with everything passed and wanted.</summary>
    private protected Problem Full(Verb verb, int rows, int cols) => Problem.Random(Norm, verb, Dtype, rows, cols);

    private protected IEnumerable<Problem> FullProblems(int rows, int cols) =>
        Norm.Verbs.Select(verb => Full(verb, rows, cols));

    /// <summary>
    /// A problem with some of the options, chosen by a seed: what is passed and wanted, flags, the parameters' type.
    /// Twice the seed and twice the seed plus one choose opposites.
    /// </summary>
    private protected Problem Varied(Verb verb, int rows, int cols, int seed)
    {
        RandomData random = new(verb.Name, seed / 2);
        bool opposite = seed % 2 != 0;
        bool Chosen() => random.Coin() != opposite;

        HashSet<string> missing = [.. verb.Arguments.Where(a => a.Optional && Chosen()).Select(a => a.Name)];
        foreach (Argument argument in verb.Arguments.Where(a => a.Partner is not null && missing.Contains(a.Partner)))
        {
            missing.Add(argument.Name);
        }

        if (verb.Has("workspace") && Norm.WorkspaceSize(new(rows, cols)) > 16 * 1024)
        {
            missing.Remove("workspace");
        }

        HashSet<string> flags = [.. verb.Flags.Where(_ => Chosen())];
        bool float32Parameters = Chosen();
        Problem problem = Problem.Random(
            Norm, verb, Dtype, rows, cols,
            p => p with { Missing = missing, Flags = flags, Float32Parameters = float32Parameters });
        if (flags.Contains("accumulate"))
        {
            foreach (Argument gradient in problem.Outputs.Where(a => a.Extent == Extent.PerColumn))
            {
                problem.With(gradient.Name, new RandomData(gradient.Name, rows, cols).Normals(cols));
            }
        }

        return problem;
    }

    private protected static void AssertSameBits(
        Problem problem,
        IReadOnlyDictionary<string, byte[]> expected,
        IReadOnlyDictionary<string, byte[]> actual,
        string what)
    {
        foreach (Argument output in problem.Outputs)
        {
            AssertSameBits(problem, output, expected[output.Name], actual[output.Name], what);
        }
    }

    private protected static void AssertSameBits(
        Problem problem, Argument output, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        Dtype dtype = problem.TypeOf(output);
        int at = dtype.FirstDifference(expected, actual);
        if (at >= 0)
        {
            (double was, double should) = (dtype.Decode(actual)[at], dtype.Decode(expected)[at]);
            Assert.Fail(FormattableString.Invariant(
                $"{problem} {what}: {output}[{at}] is {was:R}, not {should:R}"));
        }
    }

    /// <summary>Runs a problem on every instruction set and checks the results against the oracle.</summary>
    private protected static void AssertAccurate(Problem problem, Setup? setup = null)
    {
        IReadOnlyDictionary<string, Expectation> expected = problem.Norm.Expect(problem);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            Setup here = (setup ?? new()) with { InstructionSet = isa };
            IReadOnlyDictionary<string, byte[]> actual = Execution.Run(problem, here);
            foreach (Argument output in problem.Outputs)
            {
                expected[output.Name].Check(actual[output.Name], $"{problem} {here}: {output}");
            }
        }
    }
}
