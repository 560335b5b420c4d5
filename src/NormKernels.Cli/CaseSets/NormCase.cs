using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

using NormKernels.Layers.Files;

namespace NormKernels.Cli.CaseSets;

/// <summary>What a tensor of a case is for.</summary>
internal enum TensorRole
{
    /// <summary>Read by the operator.</summary>
    Input,

    /// <summary>The direction of the Jacobian-vector product.</summary>
    Tangent,

    /// <summary>The weights of the vector-Jacobian product.</summary>
    Cotangent,

    /// <summary>A forward result.</summary>
    Output,

    /// <summary>A statistic saved for the backward pass.</summary>
    Stat,

    /// <summary>The vector-Jacobian product for one input.</summary>
    Grad,

    /// <summary>The Jacobian-vector product for one output.</summary>
    Jvp,
}

/// <summary>One tensor of a case: where it lies and how to compare with it.</summary>
/// <param name="CaseId">The case it belongs to.</param>
/// <param name="Name">Its name within the case.</param>
/// <param name="File">The .npz or .npy file, relative to the directory of the set.</param>
/// <param name="Array">The key within a .npz file.</param>
/// <param name="Dtype">What the manifest says it is stored as; null when it does not say.</param>
/// <param name="Shape">The length of every axis.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Scale">The magnitude that rounding errors are relative to.</param>
/// <param name="ScaleStrict">The same for kernels with more accurate statistics.</param>
internal sealed record CaseTensor(
    string CaseId,
    string Name,
    string File,
    string? Array,
    CaseDtype? Dtype,
    ImmutableArray<long> Shape,
    TensorRole Role,
    double? Scale,
    double? ScaleStrict);

/// <summary>One case: an operator, its parameters and its tensors.</summary>
/// <param name="Id">The unique name; fit to be a file name.</param>
/// <param name="Op">The operator.</param>
/// <param name="InputDtype">The format in which every input, tangent and cotangent is exact.</param>
/// <param name="Tags">What is special about the case.</param>
/// <param name="Overflows">Formats that cannot hold some tensor of the case.</param>
/// <param name="Attributes">The parameters of the operator.</param>
/// <param name="Tensors">The tensors in the order of the manifest.</param>
internal sealed record NormCase(
    string Id,
    string Op,
    CaseDtype InputDtype,
    ImmutableArray<string> Tags,
    ImmutableArray<CaseDtype> Overflows,
    CaseAttributes Attributes,
    ImmutableArray<CaseTensor> Tensors)
{
    /// <summary>The tensor of that name.</summary>
    /// <exception cref="InvalidDataException">The case has none.</exception>
    public CaseTensor this[string name] => Find(name)
        ?? throw new InvalidDataException($"case {ErrorText.Quote(Id)}: has no tensor '{name}'");

    /// <summary>The tensor of that name, or null.</summary>
    public CaseTensor? Find(string name) =>
        Tensors.FirstOrDefault(tensor => string.Equals(tensor.Name, name, StringComparison.Ordinal));
}
