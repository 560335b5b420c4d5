using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics.Tensors;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>Times one verb of a norm on a sample, with statistics saved by forward and gradients of the parameters in
/// backward.</summary>
internal sealed class NormBenchmark<T, TStat> : Benchmark
    where T : unmanaged
    where TStat : unmanaged
{
    // The reference computes this much in a few milliseconds; of more it computes parts.
    private const long MaxElementsCheckedWhole = 1 << 17;

    private readonly NormOperation _operation;
    private readonly NormSample _sample;
    private readonly string _verb;
    private readonly DeviceTwins? _on;
    private readonly CaseAttributes _attributes;
    private readonly Dictionary<string, long[]> _shapes;
    private readonly NormCall _call;
    private readonly NormVerbs<T, TStat> _verbs;
    private readonly CallTensors _tensors;
    private readonly Action<NormTensors<T, TStat>> _run;
    private NormTensors<T, TStat>? _loaded;

    public NormBenchmark(
        NormOperation operation, string verb, NormSample sample, Func<NormCall, NormVerbs<T, TStat>> bind,
        DeviceTwins? on = null)
    {
        _operation = operation;
        _on = on;
        _sample = sample;
        _verb = verb.Split('-')[0];
        _attributes = new(operation.Name, sample.Attributes);
        _shapes = sample.Inputs.ToDictionary(
            input => input.Name, input => (long[])[.. input.Shape], StringComparer.Ordinal);
        RandomArguments arguments = new(_attributes, _shapes);
        _call = operation.Read(arguments);
        AddDirections();
        _verbs = bind(_call);
        _run = _verb switch
        {
            "forward" => _verbs.Forward,
            "backward" => _verbs.Backward,
            "jvp" => _verbs.Jvp,
            _ => throw new ArgumentOutOfRangeException(nameof(verb)),
        };
        _tensors = new CallTensors(arguments);
        BytesMoved = CountBytes();
    }

    /// <inheritdoc/>
    public override long BytesMoved { get; }

    /// <inheritdoc/>
    public override void Prepare()
    {
        _loaded = _operation.Load<T, TStat>(_tensors, _call, _verbs.WorkspaceSize);
        if (_verb != "forward")
        {
            _verbs.Forward(_loaded);
        }
    }

    /// <inheritdoc/>
    public override void Run() => _run(_loaded!);

    /// <inheritdoc/>
    public override void Wait() => _on?.Wait();

    /// <inheritdoc/>
    public override string? Check()
    {
        _on?.Fetch();
        long count = NativeArena.Count(_call.Input);
        if (count <= MaxElementsCheckedWhole)
        {
            return CheckPart(null);
        }

        long last = _call.Input[_sample.Inputs[0].Axis!.Value] - 1;
        return new[] { 0, last / 3, last / 2, last }.Distinct()
            .Select(index => CheckPart(index))
            .FirstOrDefault(wrong => wrong is not null);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _on?.Dispose();
            _tensors.Dispose();
        }
    }

    // Enough to tell a right result from a wrong one; `verify` measures.
    private static string? Compare(string name, NpyArray actual, NpyArray reference, double scale)
    {
        double[] wanted = reference.ToDoubles();
        Tolerance tolerance = Tolerance.Default(Elements.Dtype<T>()) with
        {
            AtolScale = typeof(T) == typeof(double) ? 1e-12 : 1e-5,
        };
        TensorComparison comparison = TensorComparison.Compare(
            actual.ToDoubles(), wanted, TensorRole.Output, Math.Max(scale, LargestOf(wanted)), tolerance);
        return comparison.Passed ? null : $"{name}: {comparison.Message}";
    }

    private static double LargestOf(ReadOnlySpan<double> values) =>
        values.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(values));

    // What backward and JVP read besides the inputs.
    private void AddDirections()
    {
        NormNames names = _operation.TensorNames;
        if (_verb == "backward")
        {
            _shapes.Add("ct_" + names.Y, _call.Output);
        }
        else if (_verb == "jvp")
        {
            foreach (string? name in new[] { names.X, names.Weight, names.Bias }.Where(name => name is not null))
            {
                if (_shapes.TryGetValue(name!, out long[]? shape))
                {
                    _shapes.Add("tan_" + name, shape);
                }
            }
        }
    }

    private long CountBytes()
    {
        NormNames names = _operation.TensorNames;
        (long x, long y) = (NativeArena.Count(_call.Input), NativeArena.Count(_call.Output));
        (long parameter, long statistic) = (NativeArena.Count(_call.Parameter), NativeArena.Count(_call.Statistic));
        int weight = names.Weight is null ? 0 : 1;
        int bias = names.Bias is null ? 0 : 1;
        long saved = names.SavesMeanAndRstd ? 2 * statistic : 0;
        long constant = names.IsInference ? 2 * parameter : 0;
        (long elements, long statistics) = _verb switch
        {
            "forward" => (x + y + (weight + bias) * parameter, saved + (names.SavesNorm ? statistic : 0)),
            "backward" => (2 * x + y + weight * parameter, saved + (weight + bias) * parameter),
            _ => (2 * x + y + (2 * weight + bias) * parameter, saved),
        };
        return checked(
            elements * Elements.Size(Elements.Dtype<T>())
            + (statistics + constant) * Elements.Size(Elements.Dtype<TStat>()));
    }

    // The verb once more by the reference, on everything or on the part at one index.
    private string? CheckPart(long? index)
    {
        NormNames names = _operation.TensorNames;
        Dictionary<string, int?> axes = _sample.Inputs.ToDictionary(input => input.Name, input => input.Axis);
        int? axisOfX = axes[names.X];
        Dictionary<string, NpyArray> given = _shapes.Keys.ToDictionary(
            name => name,
            name => Part(name, axes.TryGetValue(name.Replace("tan_", "", StringComparison.Ordinal), out int? axis)
                ? axis
                : axisOfX));
        OrderedDictionary<string, NpyArray> reference =
            _operation.ComputeReference(new ArrayArguments(_attributes, given));
        // What is left after the means are subtracted can be far smaller than what they are subtracted from.
        string direction = _verb switch
        {
            "forward" => names.X,
            "backward" => "ct_" + names.Y,
            _ => "tan_" + names.X,
        };
        double scale = Gain(given, reference) * LargestOf(given[direction].ToDoubles());
        string main = _verb switch
        {
            "forward" => names.Y,
            "backward" => "d" + names.X,
            _ => "jvp_" + names.Y,
        };
        if (Compare(Where(main), Part(main, axisOfX), reference[main], scale) is { } wrong)
        {
            return wrong;
        }

        // A gradient that is a sum over all parts can only be checked as a whole.
        return axes.Where(pair => reference.ContainsKey("d" + pair.Key) && pair.Key != names.X)
            .Where(pair => index is null || pair.Value is not null)
            .Select(pair => "d" + pair.Key)
            .Select(name => Compare(Where(name), Part(name, axes[name[1..]]), reference[name], scale))
            .FirstOrDefault(wrong => wrong is not null);

        NpyArray Part(string name, int? axis) =>
            index is null || axis is null ? _tensors.Copy(name) : _tensors.Copy(name, axis, index.Value);

        string Where(string name) => index is null ? name : $"{name}, part {index}";
    }

    // By how much the norm magnifies.
    private double Gain(Dictionary<string, NpyArray> given, OrderedDictionary<string, NpyArray> reference)
    {
        NormNames names = _operation.TensorNames;
        double weight = names.Weight is { } name ? LargestOf(given[name].ToDoubles()) : 1;
        return names.SavesMeanAndRstd ? weight * LargestOf(reference["rstd"].ToDoubles())
            : names.SavesNorm ? weight / Math.Abs(TensorPrimitives.Min<double>(reference["norm"].ToDoubles()))
            : names.IsInference ? weight / Math.Sqrt(TensorPrimitives.Min<double>(given["running_var"].ToDoubles()))
            : 1;
    }
}
