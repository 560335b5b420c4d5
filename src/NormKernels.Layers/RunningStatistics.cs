using System;

using NormKernels.Cuda;

namespace NormKernels.Layers;

/// <summary>The running statistics of a layer: means, variances, and how many batches went into them.</summary>
internal sealed class RunningStatistics(long channels, CudaDevice? device)
{
    public LayerTensor<float> Mean { get; } = new("running_mean", [channels], 0, device);

    public LayerTensor<float> Variance { get; } = new("running_var", [channels], 1, device);

    public BatchCounter Batches { get; } = new() { IsOptional = true };
}

/// <summary><c>num_batches_tracked</c>: a scalar that stays in the computer's memory, where it is counted.</summary>
internal sealed class BatchCounter() : LayerTensor("num_batches_tracked", [], device: null)
{
    public long Value { get; set; }

    internal override Action Read(ParameterFile file, string name)
    {
        long value = 0;
        file.Read(name, new Span<long>(ref value));
        return value >= 0
            ? () => Value = value
            : throw file.Error(name, $"is {value}, which counts nothing");
    }

    internal override void Write(ParameterFileWriter writer, string name) => writer.Add<long>(name, [Value], Shape);

    internal override void Free()
    {
    }
}
