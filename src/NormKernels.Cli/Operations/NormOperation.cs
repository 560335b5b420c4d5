using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

using NormKernels.Cli.Benchmarking;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>
/// A norm of one input with at most a weight, a bias and running statistics. The same code feeds the kernels and the
/// reference.
/// </summary>
internal abstract class NormOperation(NormNames names) : Operation
{
    /// <summary>What its tensors are called.</summary>
    public NormNames TensorNames { get; } = names;

    /// <inheritdoc/>
    public override ImmutableArray<string> Outputs { get; } =
        names is { HasRunningStatistics: true, IsInference: false }
            ? [names.Y, "running_mean_out", "running_var_out"]
            : [names.Y];

    /// <inheritdoc/>
    public override ImmutableArray<string> Verbs => ["forward", "backward", "jvp"];

    /// <inheritdoc/>
    public sealed override bool IsKeptInFloat32(string result) =>
        result != TensorNames.Y && result != "d" + TensorNames.X && result != "jvp_" + TensorNames.Y;

    /// <inheritdoc/>
    public sealed override OrderedDictionary<string, NpyArray> ComputeReference(OperationArguments arguments) =>
        Compute(arguments, NormVerbs.OfReference);

    /// <inheritdoc/>
    public sealed override OrderedDictionary<string, NpyArray> ComputeCpu<T>(
        OperationArguments arguments, CpuOptions options) =>
        Compute(arguments, call => NormVerbs.OfCpu<T>(call, options));

    /// <inheritdoc/>
    public sealed override OrderedDictionary<string, NpyArray> ComputeDevice<T>(
        OperationArguments arguments, DeviceTwins on) =>
        Compute(arguments, call => NormVerbs.OfDevice<T>(call, on), on);

    /// <inheritdoc/>
    public sealed override Benchmark CreateCpuBenchmark<T>(string verb, long rows, long cols, CpuOptions options) =>
        new NormBenchmark<T, float>(
            this, verb, Sample(verb, rows, cols), call => NormVerbs.OfCpu<T>(call, options));

    /// <inheritdoc/>
    public sealed override Benchmark CreateDeviceBenchmark<T>(string verb, long rows, long cols, DeviceTwins on) =>
        new NormBenchmark<T, float>(
            this, verb, Sample(verb, rows, cols), call => NormVerbs.OfDevice<T>(call, on), on);

    /// <inheritdoc/>
    public sealed override Benchmark CreateReferenceBenchmark(string verb, long rows, long cols) =>
        new NormBenchmark<double, double>(this, verb, Sample(verb, rows, cols), NormVerbs.OfReference);

    /// <summary>Reads the attributes and the shapes of the inputs.</summary>
    /// <exception cref="InvalidDataException">They do not fit; one line.</exception>
    public abstract NormCall Read(OperationArguments arguments);

    /// <summary>The tensors of a call: every input that is there, and room for the results that follow.</summary>
    /// <exception cref="InvalidDataException">One has not the shape that it needs; one line.</exception>
    public NormTensors<T, TStat> Load<T, TStat>(CallTensors tensors, NormCall call, long workspaceSize)
        where T : unmanaged
        where TStat : unmanaged
    {
        OperationArguments arguments = tensors.Arguments;
        NormNames names = TensorNames;
        bool backward = arguments.Has("ct_" + names.Y);
        bool jvp = arguments.HasAny(Inputs.Select(input => "tan_" + input.Name));
        bool running = names.HasRunningStatistics && arguments.HasAny("running_mean", "running_var");
        NormTensors<T, TStat> loaded = new()
        {
            X = tensors.Load<T>(names.X, call.Input),
            Weight = Parameter("", names.Weight),
            Bias = Parameter("", names.Bias),
            RunningMean = running ? tensors.Load<TStat>("running_mean", call.Parameter) : default,
            RunningVar = running ? tensors.Load<TStat>("running_var", call.Parameter) : default,
            Y = tensors.Result<T>(names.Y, call.Output),
            Mean = names.SavesMeanAndRstd ? tensors.Result<TStat>("mean", call.Statistic) : default,
            Rstd = names.SavesMeanAndRstd ? tensors.Result<TStat>("rstd", call.Statistic) : default,
            Norm = names.SavesNorm ? tensors.Result<TStat>("norm", call.Statistic) : default,
            Workspace = workspaceSize == 0 ? default : tensors.Workspace(workspaceSize),
            Dy = backward ? tensors.Load<T>("ct_" + names.Y, call.Output) : default,
            Dx = backward ? tensors.Result<T>("d" + names.X, call.Input) : default,
            Dweight = Gradient(names.Weight),
            Dbias = Gradient(names.Bias),
            TanX = jvp ? tensors.LoadOrZeros<T>("tan_" + names.X, call.Input) : default,
            TanWeight = Parameter("tan_", names.Weight),
            TanBias = Parameter("tan_", names.Bias),
            JvpY = jvp ? tensors.Result<T>("jvp_" + names.Y, call.Output) : default,
        };
        if (running && !names.IsInference)
        {
            _ = tensors.Put("running_mean_out", loaded.RunningMean, call.Parameter);
            _ = tensors.Put("running_var_out", loaded.RunningVar, call.Parameter);
        }

        return loaded;

        NativeBuffer<T> Parameter(string prefix, string? name) =>
            name is null ? default : tensors.LoadIfThere<T>(prefix + name, call.Parameter);

        NativeBuffer<TStat> Gradient(string? name) => backward && name is not null && arguments.Has(name)
            ? tensors.Result<TStat>("d" + name, call.Parameter)
            : default;
    }

    /// <summary>What is timed: attributes and inputs of about rows x cols.</summary>
    protected abstract NormSample Sample(string verb, long rows, long cols);

    private OrderedDictionary<string, NpyArray> Compute<T, TStat>(
        OperationArguments arguments, Func<NormCall, NormVerbs<T, TStat>> bind, DeviceTwins? on = null)
        where T : unmanaged
        where TStat : unmanaged
    {
        foreach (OperationInput input in Inputs.Where(input => input.Required))
        {
            _ = arguments.Shape(input.Name);
        }

        NormCall call = Read(arguments);
        NormVerbs<T, TStat> verbs = bind(call);
        using CallTensors tensors = new(arguments);
        NormTensors<T, TStat> loaded = Load<T, TStat>(tensors, call, verbs.WorkspaceSize);
        verbs.Forward(loaded);
        if (arguments.Has("ct_" + TensorNames.Y))
        {
            verbs.Backward(loaded);
        }

        if (arguments.HasAny(Inputs.Select(input => "tan_" + input.Name)))
        {
            verbs.Jvp(loaded);
        }

        on?.Fetch();
        return tensors.Results();
    }
}
