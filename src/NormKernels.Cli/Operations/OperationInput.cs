namespace NormKernels.Cli.Operations;

/// <summary>A tensor that an operation reads.</summary>
/// <param name="Name">The name in a case.</param>
/// <param name="Description">What it is, for help.</param>
/// <param name="Required">Whether the operation cannot do without.</param>
/// <param name="IsFloat32">Whether a kernel takes it in float32 whatever the tensors are stored in.</param>
internal sealed record OperationInput(
    string Name, string Description, bool Required = false, bool IsFloat32 = false);
