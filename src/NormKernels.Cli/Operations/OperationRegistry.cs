using System;
using System.Collections.Immutable;
using System.Linq;

namespace NormKernels.Cli.Operations;

/// <summary>Every operation that the commands know.</summary>
internal static class OperationRegistry
{
    /// <summary>All of them, in the order in which they are shown.</summary>
    public static ImmutableArray<Operation> All { get; } =
    [
        new LayerNormOperation(add: false),
        new RmsNormOperation(add: false),
        new LayerNormOperation(add: true),
        new RmsNormOperation(add: true),
        new GroupNormOperation(),
        new InstanceNormOperation(),
        new BatchNormOperation(BatchNormKind.Train),
        new BatchNormOperation(BatchNormKind.Inference),
        new BatchNormOperation(BatchNormKind.Stateless),
        new AxisNormOperation(),
        new L2NormalizeOperation(),
        new WeightNormOperation(),
        new VectorNormOperation(),
        new MatrixNormOperation(),
    ];

    /// <summary>Their names, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(operation => operation.Name));

    /// <summary>The operation of that name, or null.</summary>
    public static Operation? Find(string name) =>
        All.FirstOrDefault(operation => string.Equals(operation.Name, name, StringComparison.Ordinal));
}
