using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Commands;
using NormKernels.Cli.Operations;
using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Verification;

/// <summary>Runs the cases of a set and holds the results against it.</summary>
/// <param name="set">The set.</param>
/// <param name="main">What computes, in the format of the cases that have no other.</param>
/// <param name="dtype">The format to restrict the run to; null for every one that fits.</param>
/// <param name="saveTo">A directory for what was computed, or null.</param>
internal sealed class Verifier(CaseSet set, ComputeTarget main, CaseDtype? dtype, string? saveTo)
{
    /// <summary>Plans the run: every case in every format that it is meant for, with the reason where it is not
    /// run.</summary>
    public IEnumerable<CaseRun> Plan(NormCase normCase)
    {
        if (OperationRegistry.Find(normCase.Op) is null)
        {
            return [Skip(main.Dtype, $"{ErrorText.Quote(normCase.Op)} is not an operation of this program")];
        }

        // A 16-bit run of other inputs would be checked against results of inputs that it never saw.
        if (dtype is CaseDtype.Float16 or CaseDtype.BFloat16 && normCase.InputDtype != dtype)
        {
            return [Skip(main.Dtype, $"the inputs are not {dtype.Value.ManifestName()}")];
        }

        bool also16 = dtype is null && main.Backend != BackendKind.Reference
            && normCase.InputDtype is CaseDtype.Float16 or CaseDtype.BFloat16;
        IEnumerable<CaseDtype> formats = also16 ? [main.Dtype, normCase.InputDtype] : [main.Dtype];
        return formats.Select(format => normCase.Overflows.Contains(format)
            ? Skip(format, $"a tensor exceeds the range of {format.ManifestName()}")
            : new CaseRun(normCase, format, SkipReason: null, Checks: []));

        CaseRun Skip(CaseDtype format, string reason) => new(normCase, format, reason, []);
    }

    /// <summary>Runs what was planned.</summary>
    /// <exception cref="InvalidDataException">The results cannot be saved.</exception>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever a case throws is a failure of that case; the others are still to be run.")]
    public CaseRun Run(CaseRun planned)
    {
        if (planned.SkipReason is not null)
        {
            return planned;
        }

        NormCase normCase = planned.Case;
        CaseTensor[] wanted = [.. normCase.Tensors.Where(IsResult)];
        OrderedDictionary<string, NpyArray> results;
        try
        {
            Operation operation = OperationRegistry.Find(normCase.Op)!;
            ComputeTarget target = main with { Dtype = planned.Dtype };
            results = target.Compute(operation, Load(normCase));
            planned = wanted.Length == 0
                ? planned with { SkipReason = "the case has nothing to compare with" }
                : planned with { Checks = [.. wanted.Select(tensor => Check(tensor, results, operation, target))] };
        }
        catch (Exception e)
        {
            return planned with { Checks = [new TensorCheck(null, null, OneLine.Of(e))] };
        }

        Save(planned, wanted, results);
        return planned;
    }

    private static bool IsResult(CaseTensor tensor) =>
        tensor.Role is TensorRole.Output or TensorRole.Stat or TensorRole.Grad or TensorRole.Jvp;

    private ArrayArguments Load(NormCase normCase) => new(
        normCase.Attributes,
        normCase.Tensors.Where(tensor => !IsResult(tensor)).ToDictionary(tensor => tensor.Name, set.Read));

    private TensorCheck Check(
        CaseTensor tensor, OrderedDictionary<string, NpyArray> results, Operation operation, ComputeTarget target)
    {
        if (!results.TryGetValue(tensor.Name, out NpyArray? actual))
        {
            string why = tensor.Role switch
            {
                TensorRole.Grad => "the case lacks the cotangents or the input for it",
                TensorRole.Jvp => "the case lacks the tangents for it",
                _ => $"{operation.Name} has no such result",
            };
            return new TensorCheck(tensor, null, $"was not computed: {why}");
        }

        return new TensorCheck(tensor, TensorComparison.Compare(
            actual,
            set.Read(tensor),
            tensor,
            set.ToleranceFor(target.StorageOf(operation, tensor.Name)),
            strict: target.Backend != BackendKind.Reference));
    }

    private void Save(CaseRun run, CaseTensor[] wanted, OrderedDictionary<string, NpyArray> results)
    {
        if (saveTo is null)
        {
            return;
        }

        // A case that ran in two formats has its float32 results in front.
        bool second = dtype is null && run.Dtype is CaseDtype.Float16 or CaseDtype.BFloat16;
        string folder = second ? Path.Combine(saveTo, Names.Of(run.Dtype)) : saveTo;
        try
        {
            _ = Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{folder}: cannot be made a directory ({e.Message})", e);
        }

        ImmutableArray<KeyValuePair<string, NpyArray>> arrays =
        [
            .. wanted.Where(tensor => results.ContainsKey(tensor.Name))
                .Select(tensor => KeyValuePair.Create(tensor.Name, results[tensor.Name])),
        ];
        OutputFiles.Write(Path.Combine(folder, run.Case.Id + ".npz"), path => NpzArchive.Write(path, arrays));
    }
}
