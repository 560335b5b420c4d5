using System;
using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Tests.Support;

internal static class InstructionSets
{
    /// <summary>Every instruction set that a call may ask for here, in rising order.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(isa => isa != InstructionSet.Best && CpuBackend.IsSupported(isa))];
}
