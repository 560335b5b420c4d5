using System;
using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Tests.Support;

internal static class InstructionSets
{
    /// <summary>Every instruction set that a call may ask for here, in rising order.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(isa => isa != InstructionSet.Best && CpuBackend.IsSupported(isa))];

    /// <summary>What no call may ask for here: instruction sets that this processor lacks, and numbers of none.</summary>
    public static IReadOnlyList<int> Refused { get; } =
    [
        .. Enum.GetValues<InstructionSet>().Where(isa => !CpuBackend.IsSupported(isa)).Select(isa => (int)isa),
        -1,
        (int)Enum.GetValues<InstructionSet>().Max() + 1,
        99,
        int.MaxValue,
        int.MinValue,
    ];
}
