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
    private static readonly int[] _longLengths = [255, 256, 257, 1023, 1025, 4099, 8193, 12289];

    private protected GuardSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Nothing_outside_is_touched_in_short_rows(InstructionSet isa)
    {
        for (int cols = 1; cols <= 130; cols++)
        {
            int odd = cols;
            Run(isa, 2, cols, _ => 0);
            // Gaps of canaries between the rows.
            Run(isa, 3, cols, index => 1 + (odd + index) % 17);
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Nothing_outside_is_touched_in_long_rows(InstructionSet isa)
    {
        foreach (int cols in _longLengths)
        {
            Run(isa, 1, cols, _ => 0);
            Run(isa, 2, cols, index => index + 1);
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Nothing_outside_is_touched_by_many_threads(InstructionSet isa)
    {
        foreach (Verb verb in Norm.Verbs)
        {
            Problem problem = Full(verb, 403, 1003);
            Execution.Run(problem, new() { InstructionSet = isa, Threads = 5, Placement = Placement.AtEnd });
            Execution.Run(problem, new() { InstructionSet = isa, Threads = 5, Placement = Placement.AtStart });
        }
    }

    private void Run(InstructionSet isa, int rows, int cols, Func<int, int> padding)
    {
        Placement[] ends = [Placement.AtEnd, Placement.AtStart];
        foreach (Problem full in Norm.Verbs.Select(verb => Full(verb, rows, cols)))
        {
            // Statistics that are computed again read the row once more; without options there are other loops.
            Problem[] problems =
            [
                full,
                full.Without([.. full.Verb.Inputs.Where(a => a.Extent == Extent.PerRow).Select(a => a.Name)]),
                full.Without([.. full.Arguments.Where(a => a.Optional).Select(a => a.Name)]),
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
