using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;

using NormKernels.Cli.Benchmarking;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>
/// An operator as the commands see it: by its name, and by the names of its tensors and attributes, which are those of
/// a case set. To add one, derive from this in a file of this folder and name it in <see cref="OperationRegistry"/>.
/// </summary>
internal abstract class Operation
{
    /// <summary>The name in a case.</summary>
    public abstract string Name { get; }

    /// <summary>One line for help.</summary>
    public abstract string Summary { get; }

    /// <summary>What it reads in the forward pass; the first is what <c>--input</c> gives.</summary>
    public abstract ImmutableArray<OperationInput> Inputs { get; }

    /// <summary>Its parameters.</summary>
    public abstract ImmutableArray<OperationAttribute> Attributes { get; }

    /// <summary>What the forward pass gives, statistics aside; the first is what <c>--output</c> receives.</summary>
    public abstract ImmutableArray<string> Outputs { get; }

    /// <summary>What can be timed.</summary>
    public virtual ImmutableArray<string> Verbs => [];

    /// <summary>
    /// Whether a kernel keeps this result in float32 whatever the tensors are stored in: statistics, gradients of
    /// parameters.
    /// </summary>
    public abstract bool IsKeptInFloat32(string result);

    /// <summary>
    /// Computes every result whose inputs are there, by name: outputs and statistics always, gradients if there is any
    /// cotangent (<c>ct_*</c>), the JVP if there is any tangent (<c>tan_*</c>); absent ones are zeros.
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor or an attribute is missing or does not fit; one
    /// line.</exception>
    public abstract OrderedDictionary<string, NpyArray> ComputeReference(OperationArguments arguments);

    /// <summary>The same by the kernels of the processor, with tensors of <typeparamref name="T"/> and the statistics that forward
    /// saved.</summary>
    /// <typeparam name="T">float, Half or BFloat16; tensors are rounded to it.</typeparam>
    /// <inheritdoc cref="ComputeReference" path="/exception"/>
    public abstract OrderedDictionary<string, NpyArray> ComputeCpu<T>(OperationArguments arguments, CpuOptions options)
        where T : unmanaged;

    /// <summary>The same by the kernels of a device.</summary>
    /// <inheritdoc cref="ComputeCpu{T}"/>
    public abstract OrderedDictionary<string, NpyArray> ComputeDevice<T>(OperationArguments arguments, DeviceTwins on)
        where T : unmanaged;

    /// <summary>One of <see cref="Verbs"/> on the kernels of the processor, over a tensor of about rows x cols.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    public virtual Benchmark CreateCpuBenchmark<T>(string verb, long rows, long cols, CpuOptions options)
        where T : unmanaged => throw NothingToTime();

    /// <summary>The same on the kernels of a device. The benchmark disposes of the twins.</summary>
    /// <inheritdoc cref="CreateCpuBenchmark{T}"/>
    public virtual Benchmark CreateDeviceBenchmark<T>(string verb, long rows, long cols, DeviceTwins on)
        where T : unmanaged => throw NothingToTime();

    /// <summary>The same on the reference.</summary>
    public virtual Benchmark CreateReferenceBenchmark(string verb, long rows, long cols) => throw NothingToTime();

    private InvalidDataException NothingToTime() => new($"{Name} has no benchmark");
}
