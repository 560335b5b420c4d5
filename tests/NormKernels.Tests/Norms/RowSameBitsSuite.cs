using System.Collections.Generic;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>The same of rows, which may also be long, many, or apart.</summary>
public abstract class RowSameBitsSuite : SameBitsSuite
{
    private protected RowSameBitsSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    public void Long_rows_on_many_threads()
    {
        foreach (Problem problem in FullProblems(new RowProblemShape(2, 270000)))
        {
            AssertSameOnEach(problem, new(), new() { Threads = 8 });
        }
    }

    [TestMethod]
    public void Outputs_larger_than_the_caches()
    {
        // Stores may then bypass the caches, where a row is aligned (here every fourth is) and does not take the place
        // of an input.
        const int Bytes = 34 << 20;
        const int Cols = 4100;
        Problem problem = Full(Norm["Forward"], new RowProblemShape(Bytes / (Cols * Dtype.Size), Cols));
        Dictionary<string, string> inPlace = new() { ["y"] = "x" };
        IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new() { InPlace = inPlace });
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            AssertSame(problem, expected, new() { InstructionSet = isa });
            AssertSame(problem, expected, new() { InstructionSet = isa, Offset = index => index });
        }
    }

    [TestMethod]
    public void Strides()
    {
        foreach (Problem problem in SmallProblems())
        {
            AssertSameOnEach(
                problem,
                new() { Padding = index => 1 + 3 * index },
                new() { Padding = index => (index % 2) * 64 },
                new() { Padding = index => index == 0 ? 5 : 0 });
        }

        foreach (Problem problem in FullProblems(Norm.Shapes.Parallel))
        {
            AssertSameOnEach(problem, new Setup { Threads = 8, Padding = index => 2 * index });
        }
    }
}
