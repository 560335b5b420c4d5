using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// A slice's result depends on that slice alone: every test runs one problem in two ways and compares the bits.
/// </summary>
public abstract class SameBitsSuite : NormSuite
{
    private static readonly int[] _numbersOfThreads = [1, 3, 8];
    private static readonly int[] _offsets = [0, 1, 2, 3, 7, 8, 13, 15];

    private protected SameBitsSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    public void Instruction_set_and_number_of_threads()
    {
        foreach (Problem problem in FullProblems(Norm.Shapes.Parallel))
        {
            IReadOnlyDictionary<string, byte[]> expected = AssertSameOnEach(problem, new Setup { Threads = 2 });
            // Work is shared out alike for all instruction sets.
            foreach (int threads in _numbersOfThreads)
            {
                AssertSame(problem, expected, new() { Threads = threads });
            }
        }

        foreach (Problem problem in Norm.Shapes.Parallel.SelectMany(Variety))
        {
            AssertSameOnEach(problem, new Setup { Threads = 6 });
        }

        foreach (Problem problem in SmallProblems())
        {
            AssertSameOnEach(problem, new(), new() { Threads = 3 });
        }
    }

    [TestMethod]
    public void Slice_alone_or_among_others()
    {
        foreach (Problem problem in FullProblems(Norm.Shapes.Small.Where(shape => shape.Slices > 1)))
        {
            foreach (InstructionSet isa in InstructionSets.Available)
            {
                Setup setup = new() { InstructionSet = isa };
                IReadOnlyDictionary<string, byte[]> all = Execution.Run(problem, setup);
                foreach (int slice in Few(problem.Shape.Slices))
                {
                    IReadOnlyDictionary<string, byte[]> alone = Execution.Run(problem.Slice(slice), setup);
                    foreach (Argument output in problem.Outputs.Where(problem.IsOfOneSlice))
                    {
                        byte[] among = problem.SliceOf(output, all[output.Name], slice);
                        AssertSameBits(problem, output, alone[output.Name], among, $"slice {slice} alone, {setup}");
                    }
                }
            }
        }
    }

    [TestMethod]
    public void Misalignment()
    {
        foreach (Problem problem in SmallProblems())
        {
            AssertSameOnEach(problem, _offsets.SelectMany(by => new Setup[]
            {
                new() { Offset = _ => by },
                new() { Offset = index => (by + 5 * index) % 16 },
            }));
        }
    }

    [TestMethod]
    public void In_place()
    {
        foreach (Problem problem in SmallProblems().Concat(FullProblems(Norm.Shapes.Parallel)))
        {
            List<Setup> setups = [];
            foreach (IReadOnlyDictionary<string, string> way in problem.Verb.InPlace())
            {
                if (!problem.Missing.Overlaps(way.Values))
                {
                    if (problem.Shape.Count < 100_000)
                    {
                        setups.Add(new() { InPlace = way });
                    }

                    setups.Add(new() { InPlace = way, Padding = index => 3 + index, Threads = 5 });
                }
            }

            AssertSameOnEach(problem, setups);
        }
    }

    [TestMethod]
    public void Statistics_saved_or_computed_again()
    {
        double[] magnitudes = [1, 1e-30, 1e30, 1e-18, 1e18];
        foreach (ProblemShape shape in Norm.Shapes.Small)
        {
            foreach (Verb verb in Norm.Verbs.Where(verb => verb.SavedStatistics.Any()))
            {
                foreach (double magnitude in magnitudes)
                {
                    Problem problem = Full(verb, shape) with { Epsilon = magnitude == 1 ? 1e-5 : 0 };
                    double[] point = [.. problem.Values(verb.Point).Select(x => x * magnitude)];
                    problem.With(verb.Point, point).SaveStatistics();
                    Problem without = problem.Without([.. verb.SavedStatistics.Select(a => a.Name)]);
                    foreach (InstructionSet isa in InstructionSets.Available)
                    {
                        Setup setup = new() { InstructionSet = isa };
                        IReadOnlyDictionary<string, byte[]> again = Execution.Run(without, setup);
                        AssertSameBits(problem, Execution.Run(problem, setup), again, $"times {magnitude} {setup}");
                    }
                }
            }
        }
    }

    [TestMethod]
    public void Slices_that_are_not_finite_disturb_no_other()
    {
        double[][] poison =
            [[double.NaN], [double.PositiveInfinity], [double.NegativeInfinity, double.PositiveInfinity]];
        foreach (Problem problem in FullProblems(Norm.Shapes.Small.Where(shape => shape.Slices > 3)))
        {
            int[] bad = [.. Enumerable.Range(0, problem.Shape.Slices).Where(slice => slice % 2 == 1).Take(3)];
            foreach (Argument input in problem.Verb.Inputs.Where(a => a.Extent == Extent.Tensor))
            {
                problem.SaveStatistics();
                Problem poisoned = problem with { Tensors = new(problem.Tensors) };
                double[] values = problem.Values(input.Name);
                for (int i = 0; i < bad.Length; i++)
                {
                    int[] elements = problem.Shape.Indices(Extent.Tensor, bad[i]);
                    for (int j = 0; j < Math.Min(poison[i].Length, elements.Length); j++)
                    {
                        values[elements[(elements.Length / 2 + j) % elements.Length]] = poison[i][j];
                    }
                }

                poisoned.With(input.Name, values).SaveStatistics();
                foreach (InstructionSet isa in InstructionSets.Available)
                {
                    AssertUndisturbed(problem, poisoned, input, bad, new() { InstructionSet = isa });
                }
            }
        }
    }

    [TestMethod]
    public void Second_call()
    {
        foreach (Problem problem in SmallProblems().Concat(FullProblems(Norm.Shapes.Parallel)))
        {
            using Execution execution = new(problem, new() { Threads = 8 });
            execution.Call();
            IReadOnlyDictionary<string, byte[]> first = execution.Results();
            if (!problem.Flags.Contains("accumulate") && !problem.Outputs.Any(output => output.IsUpdated))
            {
                execution.Call();
                AssertSameBits(problem, first, execution.Results(), "called again");
            }

            AssertSame(problem, first, new() { Threads = 8 });
        }
    }

    [TestMethod]
    public void Sixteen_callers_at_once()
    {
        (Problem Problem, IReadOnlyDictionary<string, byte[]> Expected)[] cases =
        [
            .. FullProblems(Norm.Shapes.Parallel).Concat(FullProblems(Norm.Shapes.Tiny)).Select(p => (p, Execution.Run(p, new()))),
        ];
        using Barrier start = new(16);
        Task[] callers =
        [
            .. Enumerable.Range(0, 16).Select(caller => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    for (int i = 0; i < cases.Length; i++)
                    {
                        (Problem problem, IReadOnlyDictionary<string, byte[]> expected) =
                            cases[(i + caller) % cases.Length];
                        AssertSame(problem, expected, new() { Threads = 1 + caller % 8 });
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        Task.WaitAll(callers);
    }

    // Slices that are not bad have the same results as if none was, and the first bad one has a NaN where it is to.
    private void AssertUndisturbed(Problem problem, Problem poisoned, Argument input, int[] bad, Setup setup)
    {
        IReadOnlyDictionary<string, byte[]> clean = Execution.Run(problem, setup);
        IReadOnlyDictionary<string, byte[]> results = Execution.Run(poisoned, setup);
        foreach (Argument output in problem.Outputs.Where(problem.IsOfOneSlice))
        {
            foreach (int slice in Few(problem.Shape.Slices).Except(bad))
            {
                AssertSameBits(
                    problem, output, problem.SliceOf(output, clean[output.Name], slice),
                    problem.SliceOf(output, results[output.Name], slice),
                    $"slice {slice} beside bad ones of {input}, {setup}");
            }

            double[] first = problem.TypeOf(output).Decode(problem.SliceOf(output, results[output.Name], bad[0]));
            bool isResult = output.Extent == Extent.Tensor || problem.Shape is AxesProblemShape;
            Assert.AreEqual(
                isResult && Norm.Spreads(problem, input, output), isResult && first.Any(double.IsNaN),
                $"{problem}: {output} of the slice with a NaN in {input}, {setup}");
        }
    }

    // Whichever part of the work they are in: the first ones, the last, and some between.
    private static int[] Few(int slices) =>
        slices <= 6 ? [.. Enumerable.Range(0, slices)] : [0, 1, slices / 3, slices / 2, slices - 2, slices - 1];

    private protected static void AssertSame(
        Problem problem, IReadOnlyDictionary<string, byte[]> expected, Setup setup) =>
        AssertSameBits(problem, expected, Execution.Run(problem, setup), setup.ToString());

    // On every instruction set, in every way; returns what one thread computes on the best of them.
    private protected static IReadOnlyDictionary<string, byte[]> AssertSameOnEach(
        Problem problem, params IEnumerable<Setup> setups)
    {
        IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
        foreach (Setup setup in setups)
        {
            foreach (InstructionSet isa in InstructionSets.Available)
            {
                AssertSame(problem, expected, setup with { InstructionSet = isa });
            }
        }

        return expected;
    }

    private protected IEnumerable<Problem> SmallProblems() =>
        Norm.Shapes.Small.SelectMany(shape => FullProblems(shape).Concat(Variety(shape)));

    private IEnumerable<Problem> Variety(ProblemShape shape) =>
        VerbsOf(shape).SelectMany(verb => Enumerable.Range(0, 2).Select(opposite =>
            Varied(verb, shape, opposite + 2 * (shape.Count % 50))));
}
