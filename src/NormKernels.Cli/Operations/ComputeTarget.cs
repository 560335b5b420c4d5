using System;
using System.Collections.Generic;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Commands;
using NormKernels.Cli.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>What computes.</summary>
internal enum BackendKind
{
    /// <summary>The kernels on the processor; what is used if nothing is said.</summary>
    Cpu,

    /// <summary>The managed reference, in double precision.</summary>
    Reference,

    /// <summary>The CUDA kernels run by the processor.</summary>
    Emu,

    /// <summary>The CUDA kernels.</summary>
    Cuda,
}

/// <summary>What computes, in which format and how.</summary>
/// <param name="Backend">What computes.</param>
/// <param name="Dtype">What tensors are stored in; float64 for the reference, and for it alone.</param>
/// <param name="Options">How the kernels run.</param>
internal sealed record ComputeTarget(BackendKind Backend, CaseDtype Dtype, CpuOptions Options)
{
    /// <summary>The instruction set that the kernels run on; null for the reference.</summary>
    public string? InstructionSetName => Backend != BackendKind.Cpu ? null : Names.Of(
        Options.InstructionSet == InstructionSet.Best ? CpuBackend.BestInstructionSet : Options.InstructionSet);

    /// <summary>The backend and its instruction set, for a headline.</summary>
    public string Title => $"{Names.Of(Backend)} {InstructionSetName}".TrimEnd();

    /// <summary>How many threads may be used.</summary>
    public int Threads => Options.MaxDegreeOfParallelism switch
    {
        -1 => Environment.ProcessorCount,
        int threads => Math.Max(1, threads),
    };

    /// <summary>Computes every result whose inputs are there.</summary>
    /// <inheritdoc cref="Operation.ComputeReference" path="/exception"/>
    public OrderedDictionary<string, NpyArray> Compute(Operation operation, OperationArguments arguments) => this switch
    {
        { Backend: BackendKind.Reference } => operation.ComputeReference(arguments),
        { Backend: not BackendKind.Cpu } => throw NotBuilt(),
        { Dtype: CaseDtype.Float16 } => operation.ComputeCpu<Half>(arguments, Options),
        { Dtype: CaseDtype.BFloat16 } => operation.ComputeCpu<BFloat16>(arguments, Options),
        _ => operation.ComputeCpu<float>(arguments, Options),
    };

    /// <summary>What times one verb of an operation.</summary>
    public Benchmark CreateBenchmark(Operation operation, string verb, long rows, long cols) => this switch
    {
        { Backend: BackendKind.Reference } => operation.CreateReferenceBenchmark(verb, rows, cols),
        { Backend: not BackendKind.Cpu } => throw NotBuilt(),
        { Dtype: CaseDtype.Float16 } => operation.CreateCpuBenchmark<Half>(verb, rows, cols, Options),
        { Dtype: CaseDtype.BFloat16 } => operation.CreateCpuBenchmark<BFloat16>(verb, rows, cols, Options),
        _ => operation.CreateCpuBenchmark<float>(verb, rows, cols, Options),
    };

    /// <summary>What this result is kept in.</summary>
    public CaseDtype StorageOf(Operation operation, string result) =>
        Backend != BackendKind.Reference && operation.IsKeptInFloat32(result) ? CaseDtype.Float32 : Dtype;

    private NotSupportedException NotBuilt() => new($"the backend {Backend} is not in this build");
}
