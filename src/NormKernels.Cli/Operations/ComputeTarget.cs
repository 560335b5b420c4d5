using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Commands;
using NormKernels.Cuda;
using NormKernels.Layers.Files.Numpy;

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
    /// <summary>The instruction set that the kernels of the processor run on; null for other backends.</summary>
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

    /// <summary>Whether the CUDA kernels compute.</summary>
    public bool IsDevice => Backend is BackendKind.Emu or BackendKind.Cuda;

    /// <summary>How many bytes tensors may take.</summary>
    public long AvailableMemory
    {
        get
        {
            long host = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            return Backend == BackendKind.Cuda ? long.Min(host, CudaDevice.Current.Memory) : host;
        }
    }

    /// <summary>Computes every result whose inputs are there.</summary>
    /// <inheritdoc cref="Operation.ComputeReference" path="/exception"/>
    public OrderedDictionary<string, NpyArray> Compute(Operation operation, OperationArguments arguments)
    {
        if (IsDevice)
        {
            using DeviceTwins on = new();
            return Dtype switch
            {
                CaseDtype.Float16 => operation.ComputeDevice<Half>(arguments, on),
                CaseDtype.BFloat16 => operation.ComputeDevice<BFloat16>(arguments, on),
                _ => operation.ComputeDevice<float>(arguments, on),
            };
        }

        return this switch
        {
            { Backend: BackendKind.Reference } => operation.ComputeReference(arguments),
            { Dtype: CaseDtype.Float16 } => operation.ComputeCpu<Half>(arguments, Options),
            { Dtype: CaseDtype.BFloat16 } => operation.ComputeCpu<BFloat16>(arguments, Options),
            _ => operation.ComputeCpu<float>(arguments, Options),
        };
    }

    /// <summary>What times one verb of an operation.</summary>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope",
        Justification = "The benchmark disposes of its twins.")]
    public Benchmark CreateBenchmark(Operation operation, string verb, long rows, long cols) => this switch
    {
        { Backend: BackendKind.Reference } => operation.CreateReferenceBenchmark(verb, rows, cols),
        { IsDevice: true, Dtype: CaseDtype.Float16 } => operation.CreateDeviceBenchmark<Half>(verb, rows, cols, new()),
        { IsDevice: true, Dtype: CaseDtype.BFloat16 } =>
            operation.CreateDeviceBenchmark<BFloat16>(verb, rows, cols, new()),
        { IsDevice: true } => operation.CreateDeviceBenchmark<float>(verb, rows, cols, new()),
        { Dtype: CaseDtype.Float16 } => operation.CreateCpuBenchmark<Half>(verb, rows, cols, Options),
        { Dtype: CaseDtype.BFloat16 } => operation.CreateCpuBenchmark<BFloat16>(verb, rows, cols, Options),
        _ => operation.CreateCpuBenchmark<float>(verb, rows, cols, Options),
    };

    /// <summary>A copy of so many bytes where the kernels run, half of them read and half written.</summary>
    public ICopy CreateCopy(long bytesMoved) =>
        IsDevice ? new DeviceCopy(bytesMoved) : new MemoryCopy(bytesMoved, Options.MaxDegreeOfParallelism);

    /// <summary>What this result is kept in.</summary>
    public CaseDtype StorageOf(Operation operation, string result) =>
        Backend != BackendKind.Reference && operation.IsKeptInFloat32(result) ? CaseDtype.Float32 : Dtype;
}
