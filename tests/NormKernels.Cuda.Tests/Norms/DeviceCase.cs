using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>A call as data: which method, on what shape, with which buffers, and what the oracle says.</summary>
internal sealed record DeviceCase(Type Norm, string Method, string Shape)
{
    public required IReadOnlyList<Argument> Arguments { get; init; }

    /// <summary>The parameters that are no buffers.</summary>
    public required IReadOnlyDictionary<string, object> Scalars { get; init; }

    /// <summary>Fills in the outputs.</summary>
    public required Action<Values> Oracle { get; init; }

    /// <summary>Fills in statistics that are inputs.</summary>
    public Action<Values>? Save { get; init; }

    /// <summary>How many bytes of workspace the call takes, if any.</summary>
    public required Func<long> WorkspaceSize { get; init; }

    /// <summary>Whether the call needs its workspace for gradients of parameters alone.</summary>
    public bool NeedsWorkspaceForGradients =>
        Method == "InferenceBackward" || Norm == typeof(LayerNorm) || Norm == typeof(RmsNorm);

    /// <summary>How far a result may be off beside what rounding costs, as a share of the largest.</summary>
    public double OfLargest { get; init; } = 3e-5;

    public IEnumerable<Argument> Outputs => Arguments.Where(a => a.Role == Role.Output);

    public Argument this[string name] => Arguments.Single(a => a.Name == name);

    /// <summary>The same call with a flag or another value.</summary>
    public DeviceCase With(string name, object value) =>
        this with { Scalars = new Dictionary<string, object>(Scalars) { [name] = value } };

    public static Element TypeOf(Argument argument, Element tensor, Element parameter) => argument.Kind switch
    {
        Kind.Tensor => tensor,
        Kind.Parameter => parameter,
        Kind.Float32 => Element.F32,
        Kind.Int8 => Element.Int8,
        Kind.Float8 => Element.Float8,
        _ => Element.Byte,
    };

    /// <summary>Random inputs, rounded to their types, and what outputs hold before the call.</summary>
    public Values Inputs(Element tensor, Element parameter)
    {
        Values values = new(tensor);
        foreach (Argument argument in Arguments.Where(a => a.Role != Role.Scratch))
        {
            RandomData random = new(argument.Name, argument.Count);
            double[] normals = argument.Kind is Kind.Int8 or Kind.Float8
                ? new double[argument.Count]
                : random.Normals(argument.Count, mean: 0.25);
            // Variances, and magnitudes.
            values[argument.Name] = TypeOf(argument, tensor, parameter).Round(
                argument.Name == "runningVar" ? [.. normals.Select(v => 0.5 + Math.Abs(v))] : normals);
        }

        Save?.Invoke(values);
        foreach (Argument statistic in Arguments.Where(a => a.Kind == Kind.Float32))
        {
            values[statistic.Name] = Element.F32.Round(values[statistic.Name]);
        }

        return values;
    }

    public override string ToString() =>
        $"{Norm.Name}.{Method} {Shape}"
        + string.Concat(Scalars.Where(pair => pair.Key != "shape").Select(pair => $" {pair.Key}={pair.Value}"));
}
