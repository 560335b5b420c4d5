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
    private static readonly int[] _manyThreads = [1, 2, 3, 8];
    private static readonly int[] _twoThreads = [2];
    private static readonly int[] _offsets = [0, 1, 2, 3, 7, 8, 13, 15];

    private protected SameBitsSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Instruction_set_and_number_of_threads(InstructionSet isa)
    {
        // Work is shared out alike for all instruction sets.
        int[] numbers = isa == InstructionSets.Available[^1] ? _manyThreads : _twoThreads;
        foreach (Problem problem in FullProblems(Norm.Shapes.Parallel))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            foreach (int threads in numbers)
            {
                AssertSame(problem, expected, new() { InstructionSet = isa, Threads = threads });
            }
        }

        foreach (Problem problem in Norm.Shapes.Parallel.SelectMany(Variety))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            AssertSame(problem, expected, new() { InstructionSet = isa, Threads = 6 });
        }

        foreach (Problem problem in SmallProblems())
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            AssertSame(problem, expected, new() { InstructionSet = isa });
            AssertSame(problem, expected, new() { InstructionSet = isa, Threads = 3 });
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Slice_alone_or_among_others(InstructionSet isa)
    {
        foreach (Problem problem in FullProblems(Norm.Shapes.Small.Where(shape => shape.Slices > 1)))
        {
            IReadOnlyDictionary<string, byte[]> all = Execution.Run(problem, new() { InstructionSet = isa });
            foreach (int slice in Few(problem.Shape.Slices))
            {
                IReadOnlyDictionary<string, byte[]> alone =
                    Execution.Run(problem.Slice(slice), new() { InstructionSet = isa });
                foreach (Argument output in problem.Outputs.Where(problem.IsOfOneSlice))
                {
                    byte[] among = problem.SliceOf(output, all[output.Name], slice);
                    AssertSameBits(problem, output, alone[output.Name], among, $"slice {slice} alone");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Misalignment(InstructionSet isa)
    {
        foreach (Problem problem in SmallProblems())
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            foreach (int by in _offsets)
            {
                AssertSame(problem, expected, new() { InstructionSet = isa, Offset = _ => by });
                AssertSame(problem, expected, new() { InstructionSet = isa, Offset = index => (by + 5 * index) % 16 });
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void In_place(InstructionSet isa)
    {
        foreach (Problem problem in SmallProblems().Concat(FullProblems(Norm.Shapes.Parallel)))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            foreach (IReadOnlyDictionary<string, string> way in problem.Verb.InPlace())
            {
                if (!problem.Missing.Overlaps(way.Values))
                {
                    if (problem.Shape.Count < 100_000)
                    {
                        AssertSame(problem, expected, new() { InstructionSet = isa, InPlace = way });
                    }

                    AssertSame(
                        problem,
                        expected,
                        new() { InstructionSet = isa, InPlace = way, Padding = index => 3 + index, Threads = 5 });
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Statistics_saved_or_computed_again(InstructionSet isa)
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
                    Setup setup = new() { InstructionSet = isa };
                    IReadOnlyDictionary<string, byte[]> again = Execution.Run(without, setup);
                    AssertSameBits(problem, Execution.Run(problem, setup), again, $"times {magnitude} {setup}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Slices_that_are_not_finite_disturb_no_other(InstructionSet isa)
    {
        double[][] poison =
            [[double.NaN], [double.PositiveInfinity], [double.NegativeInfinity, double.PositiveInfinity]];
        foreach (Problem problem in FullProblems(Norm.Shapes.Small.Where(shape => shape.Slices > 3)))
        {
            int[] slices = Few(problem.Shape.Slices);
            int[] bad = [.. Enumerable.Range(0, problem.Shape.Slices).Where(slice => slice % 2 == 1).Take(3)];
            foreach (Argument input in problem.Verb.Inputs.Where(a => a.Extent == Extent.Tensor))
            {
                Setup setup = new() { InstructionSet = isa };
                problem.SaveStatistics();
                IReadOnlyDictionary<string, byte[]> clean = Execution.Run(problem, setup);
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
                IReadOnlyDictionary<string, byte[]> results = Execution.Run(poisoned, setup);
                foreach (Argument output in problem.Outputs.Where(problem.IsOfOneSlice))
                {
                    foreach (int slice in slices.Except(bad))
                    {
                        AssertSameBits(
                            problem, output, problem.SliceOf(output, clean[output.Name], slice),
                            problem.SliceOf(output, results[output.Name], slice),
                            $"slice {slice} beside bad ones of {input}");
                    }

                    double[] first =
                        problem.TypeOf(output).Decode(problem.SliceOf(output, results[output.Name], bad[0]));
                    bool isResult = output.Extent == Extent.Tensor || problem.Shape is AxesProblemShape;
                    Assert.AreEqual(
                        isResult && Norm.Spreads(problem, input, output), isResult && first.Any(double.IsNaN),
                        $"{problem}: {output} of the slice with a NaN in {input}");
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

    // Whichever part of the work they are in: the first ones, the last, and some between.
    private static int[] Few(int slices) =>
        slices <= 6 ? [.. Enumerable.Range(0, slices)] : [0, 1, slices / 3, slices / 2, slices - 2, slices - 1];

    private protected static void AssertSame(
        Problem problem, IReadOnlyDictionary<string, byte[]> expected, Setup setup) =>
        AssertSameBits(problem, expected, Execution.Run(problem, setup), setup.ToString());

    private protected IEnumerable<Problem> SmallProblems() =>
        Norm.Shapes.Small.SelectMany(shape => FullProblems(shape).Concat(Variety(shape)));

    private IEnumerable<Problem> Variety(ProblemShape shape) =>
        VerbsOf(shape).SelectMany(verb => Enumerable.Range(0, 2).Select(opposite =>
            Varied(verb, shape, opposite + 2 * (shape.Count % 50))));
}
