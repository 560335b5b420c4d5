using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// A row's result depends on that row alone: every test runs one problem in two ways and compares the bits.
/// </summary>
public abstract class SameBitsSuite : NormSuite
{
    // Enough for 8 threads of 192 KiB of a 16-bit tensor, and for more than 64 row blocks of a backward call.
    private const int ManyRows = 2100;
    private const int ManyCols = 391;

    private static readonly (int Rows, int Cols)[] _shapes = [(1, 1), (3, 5), (2, 64), (5, 257), (17, 33), (70, 300)];

    private protected SameBitsSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Instruction_set_and_number_of_threads(InstructionSet isa)
    {
        foreach (Problem problem in FullProblems(ManyRows, ManyCols))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            for (int threads = 1; threads <= 8; threads++)
            {
                AssertSame(problem, expected, new() { InstructionSet = isa, Threads = threads });
            }
        }

        foreach (Problem problem in Variety(ManyRows, ManyCols))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            AssertSame(problem, expected, new() { InstructionSet = isa, Threads = 6 });
            AssertSame(problem, expected, new() { InstructionSet = isa, Threads = -1 });
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
    public void Long_rows_on_many_threads(InstructionSet isa)
    {
        foreach (Problem problem in FullProblems(2, 400000))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            AssertSame(problem, expected, new() { InstructionSet = isa });
            AssertSame(problem, expected, new() { InstructionSet = isa, Threads = 8 });
        }
    }

    [TestMethod]
    public void Outputs_larger_than_the_caches()
    {
        // Stores may then bypass the caches, where a row is aligned (here every fourth is) and does not take the place
        // of an input.
        const int Bytes = 48 << 20;
        const int Cols = 4100;
        Problem problem = Full(Norm["Forward"], Bytes / (Cols * Dtype.Size), Cols);
        Dictionary<string, string> inPlace = new() { ["y"] = "x" };
        IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new() { InPlace = inPlace });
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            AssertSame(problem, expected, new() { InstructionSet = isa });
            AssertSame(problem, expected, new() { InstructionSet = isa, Offset = index => index });
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Row_alone_or_in_a_batch(InstructionSet isa)
    {
        int[] lengths = [1, 7, 33, 300];
        foreach (Problem problem in lengths.SelectMany(cols => FullProblems(17, cols)))
        {
            IReadOnlyDictionary<string, byte[]> batch = Execution.Run(problem, new() { InstructionSet = isa });
            for (int row = 0; row < problem.Rows; row++)
            {
                IReadOnlyDictionary<string, byte[]> alone =
                    Execution.Run(problem.Row(row), new() { InstructionSet = isa });
                foreach (Argument output in RowOutputs(problem))
                {
                    byte[] inBatch = problem.RowOf(batch[output.Name], row);
                    AssertSameBits(problem, output, alone[output.Name], inBatch, $"row {row} alone");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Strides(InstructionSet isa)
    {
        foreach (Problem problem in SmallProblems())
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            AssertSame(problem, expected, new() { InstructionSet = isa, Padding = index => 1 + 3 * index });
            AssertSame(problem, expected, new() { InstructionSet = isa, Padding = index => (index % 2) * 64 });
            AssertSame(problem, expected, new() { InstructionSet = isa, Padding = index => index == 0 ? 5 : 0 });
        }

        foreach (Problem problem in FullProblems(ManyRows, ManyCols))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            AssertSame(problem, expected, new() { InstructionSet = isa, Threads = 8, Padding = index => 2 * index });
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Misalignment(InstructionSet isa)
    {
        foreach (Problem problem in SmallProblems())
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            for (int offset = 0; offset < 16; offset++)
            {
                int by = offset;
                AssertSame(problem, expected, new() { InstructionSet = isa, Offset = _ => by });
                AssertSame(problem, expected, new() { InstructionSet = isa, Offset = index => (by + 5 * index) % 16 });
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void In_place(InstructionSet isa)
    {
        foreach (Problem problem in SmallProblems().Concat(FullProblems(ManyRows, ManyCols)))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            foreach (IReadOnlyDictionary<string, string> way in problem.Verb.InPlace())
            {
                if (!problem.Missing.Overlaps(way.Values))
                {
                    AssertSame(problem, expected, new() { InstructionSet = isa, InPlace = way });
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
        (int, int)[] shapes = [.. _shapes, (2, 40000)];
        double[] magnitudes = [1, 1e-30, 1e30, 1e-18, 1e18];
        foreach ((int rows, int cols) in shapes)
        {
            foreach (Verb verb in Norm.Verbs.Where(verb => verb.SavedStatistics.Any()))
            {
                foreach (double magnitude in magnitudes)
                {
                    Problem problem = Full(verb, rows, cols) with { Epsilon = magnitude == 1 ? 1e-5 : 0 };
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
    public void Rows_that_are_not_finite_disturb_no_other(InstructionSet isa)
    {
        (int Row, double[] Values)[] poison =
        [
            (1, [double.NaN]),
            (3, [double.PositiveInfinity]),
            (4, [double.NegativeInfinity, double.PositiveInfinity]),
        ];
        foreach (Verb verb in Norm.Verbs)
        {
            foreach (Argument input in verb.Inputs.Where(a => a.Extent == Extent.Matrix))
            {
                Problem problem = Full(verb, 6, 37);
                Setup setup = new() { InstructionSet = isa };
                IReadOnlyDictionary<string, byte[]> clean = Execution.Run(problem, setup);
                double[] values = problem.Values(input.Name);
                foreach ((int row, double[] bad) in poison)
                {
                    bad.CopyTo(values, row * problem.Cols + row);
                }

                problem.With(input.Name, values).SaveStatistics();
                IReadOnlyDictionary<string, byte[]> poisoned = Execution.Run(problem, setup);
                foreach (Argument output in RowOutputs(problem))
                {
                    int[] others = [0, 2, 5];
                    foreach (int row in others)
                    {
                        AssertSameBits(
                            problem, output, problem.RowOf(clean[output.Name], row),
                            problem.RowOf(poisoned[output.Name], row), $"row {row} beside bad rows of {input}");
                    }

                    bool isNaN = output.Extent == Extent.Matrix
                        && problem.TypeOf(output).Decode(problem.RowOf(poisoned[output.Name], 1)).Any(double.IsNaN);
                    Assert.AreEqual(output.Extent == Extent.Matrix && Reads(verb, output, input), isNaN,
                        $"{problem}: {output} of the row with a NaN in {input}");
                }
            }
        }
    }

    [TestMethod]
    public void Second_call()
    {
        foreach (Problem problem in SmallProblems().Concat(FullProblems(ManyRows, ManyCols)))
        {
            using Execution execution = new(problem, new() { Threads = 8 });
            execution.Call();
            IReadOnlyDictionary<string, byte[]> first = execution.Results();
            if (!problem.Flags.Contains("accumulate"))
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
            .. FullProblems(900, 391).Concat(FullProblems(3, 65)).Select(p => (p, Execution.Run(p, new()))),
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

    // The sums of the residual forms hold what they are made of and nothing else.
    private static bool Reads(Verb verb, Argument output, Argument input) =>
        output.Name switch
        {
            "jvpH" => input.Name is "tanX" or "tanResidual",
            _ => verb.Inputs.Contains(input),
        };

    private static IEnumerable<Argument> RowOutputs(Problem problem) =>
        problem.Outputs.Where(output => output.Extent is Extent.Matrix or Extent.PerRow);

    private static void AssertSame(
        Problem problem, IReadOnlyDictionary<string, byte[]> expected, Setup setup) =>
        AssertSameBits(problem, expected, Execution.Run(problem, setup), setup.ToString());

    private IEnumerable<Problem> SmallProblems() =>
        _shapes.SelectMany(shape => FullProblems(shape.Rows, shape.Cols).Concat(Variety(shape.Rows, shape.Cols)));

    private IEnumerable<Problem> Variety(int rows, int cols) =>
        Norm.Verbs.SelectMany(verb => Enumerable.Range(0, 2).Select(opposite => Varied(verb, rows, cols,
        opposite + cols)));
}
