using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>What the suites share: a norm, a type, and loops over verbs and shapes.</summary>
public abstract class NormSuite
{
    private static readonly double[] _momenta = [0.1, 0, 1, 0.7];

    private protected NormSuite(Norm norm, Dtype dtype)
    {
        Norm = norm;
        Dtype = dtype;
    }

    public static IEnumerable<InstructionSet> AvailableInstructionSets => InstructionSets.Available;

    private protected Norm Norm { get; }

    private protected Dtype Dtype { get; }

    private protected IEnumerable<Verb> VerbsOf(ProblemShape shape) => Norm.Verbs.Where(verb => Norm.Has(verb, shape));

    /// <summary>A problem with everything passed and wanted.</summary>
    private protected Problem Full(Verb verb, ProblemShape shape) => Problem.Random(Norm, verb, Dtype, shape);

    private protected IEnumerable<Problem> FullProblems(ProblemShape shape) =>
        VerbsOf(shape).Select(verb => Full(verb, shape));

    private protected IEnumerable<Problem> FullProblems(IEnumerable<ProblemShape> shapes) =>
        shapes.SelectMany(FullProblems);

    /// <summary>
    /// A problem with some of the options, chosen by a seed: what is passed and wanted, flags, the parameters' type.
    /// Twice the seed and twice the seed plus one choose opposites.
    /// </summary>
    private protected Problem Varied(Verb verb, ProblemShape shape, int seed)
    {
        RandomData random = new(verb.Name, seed / 2);
        bool opposite = seed % 2 != 0;
        bool Chosen() => random.Coin() != opposite;

        HashSet<string> missing = [.. verb.Arguments.Where(a => a.Optional && Chosen()).Select(a => a.Name)];
        foreach (Argument argument in verb.Arguments.Where(a => a.Partner is not null && missing.Contains(a.Partner)))
        {
            missing.Add(argument.Name);
        }

        HashSet<string> flags = [.. verb.Flags.Where(_ => Chosen())];
        bool float32Parameters = Chosen();
        Problem problem = Problem.Random(
            Norm, verb, Dtype, shape,
            p => p.Without([.. missing]) with
            {
                Flags = flags,
                Float32Parameters = float32Parameters,
                Momentum = _momenta[seed % 4],
            });
        if (Norm.WorkspaceSize(problem, default) > 4 * 1024)
        {
            problem = problem with { Missing = problem.Missing.Where(name => name != "workspace").ToHashSet() };
        }

        if (flags.Contains("accumulate"))
        {
            foreach (Argument gradient in problem.Outputs.Where(a => a.Extent == Extent.PerParameter))
            {
                problem.With(gradient.Name, new RandomData(gradient.Name, shape.Count).Normals(shape.Parameters));
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
