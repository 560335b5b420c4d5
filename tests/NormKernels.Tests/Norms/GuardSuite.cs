using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// Every span of every verb right before and right after a page that may not be touched, on every instruction set. A
/// step outside stops the process. That inputs, gaps between rows and everything around stay as they are is checked by
/// <see cref="Execution"/>.
/// </summary>
public abstract class GuardSuite : NormSuite
{
    private protected GuardSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Nothing_outside_is_touched(InstructionSet isa)
    {
        int odd = 0;
        foreach (ProblemShape shape in Norm.Shapes.Guarded)
        {
            Run(isa, shape, _ => 0);
            if (shape.Rows is not null)
            {
                // Gaps of canaries between the rows.
                int by = odd++;
                Run(isa, shape, index => 1 + (by + index) % 17);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Nothing_outside_is_touched_by_many_threads(InstructionSet isa)
    {
        foreach (Problem problem in FullProblems(Norm.Shapes.Parallel))
        {
            Execution.Run(problem, new() { InstructionSet = isa, Threads = 5, Placement = Placement.AtEnd });
            Execution.Run(problem, new() { InstructionSet = isa, Threads = 5, Placement = Placement.AtStart });
        }
    }

    private void Run(InstructionSet isa, ProblemShape shape, Func<int, int> padding)
    {
        Placement[] ends = [Placement.AtEnd, Placement.AtStart];
        foreach (Problem full in FullProblems(shape))
        {
            // Statistics that are computed again read the slice once more; without options there are other loops.
            Problem[] problems =
            [
                full,
                .. full.Verb.SavedStatistics.Any()
                    ? new[] { full.Without([.. full.Verb.SavedStatistics.Select(a => a.Name)]) } : [],
                full.Without([.. full.Arguments.Where(a => a.Optional && a.Role != Role.Scratch)
                    .Select(a => a.Name)]),
            ];
            foreach (Problem problem in problems)
            {
                foreach (Placement end in ends)
                {
                    Execution.Run(problem, new() { InstructionSet = isa, Placement = end, Padding = padding });
                }
            }
        }
    }
}
