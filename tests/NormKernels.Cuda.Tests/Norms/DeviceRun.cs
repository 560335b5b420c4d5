using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>A case in the memory of a device, ready to be called.</summary>
internal sealed class DeviceRun : IDisposable
{
    private readonly Element _tensor;
    private readonly Element _parameter;
    private readonly IReadOnlyList<IDisposable> _owned;

    public DeviceRun(
        DeviceCase call, Element tensor, Element parameter, DeviceStream stream,
        IReadOnlySet<string>? missing = null, IReadOnlyDictionary<string, string>? inPlace = null)
    {
        (Case, _tensor, _parameter, Stream) = (call, tensor, parameter, stream);
        Missing = missing ?? new HashSet<string>();
        Before = call.Inputs(tensor, parameter);
        foreach (Argument argument in call.Arguments.Where(a => !Missing.Contains(a.Name)).OrderBy(a => a.Role))
        {
            if (inPlace is not null && inPlace.TryGetValue(argument.Name, out string? input))
            {
                Buffers[argument.Name] = Buffers[input];
                continue;
            }

            long length = argument.Role == Role.Scratch ? call.WorkspaceSize() : argument.Count;
            IDisposable buffer = TypeOf(argument).Allocate(length, stream);
            Buffers[argument.Name] = buffer;
            if (argument.Role != Role.Scratch)
            {
                TypeOf(argument).Write(buffer, Before[argument.Name], stream);
            }
        }

        _owned = [.. Buffers.Values];
    }

    public DeviceCase Case { get; }

    public DeviceStream Stream { get; }

    public IReadOnlySet<string> Missing { get; }

    /// <summary>What inputs and outputs hold before the call.</summary>
    public Values Before { get; }

    /// <summary>What is passed.</summary>
    public Dictionary<string, IDisposable> Buffers { get; } = [];

    public Element TypeOf(Argument argument) => DeviceCase.TypeOf(argument, _tensor, _parameter);

    /// <summary>Calls the method, with some arguments in place of the usual ones.</summary>
    public void Call(params (string Name, object? Value)[] changes) => Call(_tensor.Type, _parameter.BufferType, changes);

    /// <summary>Calls the method for tensors of a type that need not be that of the buffers.</summary>
    public void Call(Type tensor, Type parameter, params (string Name, object? Value)[] changes)
    {
        MethodInfo method = Case.Norm.GetMethods()
            .Where(m => m.Name == Case.Method && m.IsGenericMethodDefinition)
            .Select(m => m.MakeGenericMethod(tensor))
            .First(m => m.GetParameters().All(p =>
                Case.Arguments.All(a => a.Name != p.Name || a.Kind != Kind.Parameter || p.ParameterType == parameter)));
        object?[] arguments = [.. method.GetParameters().Select(p => Find(p, changes))];
        method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    public double[] Read(Argument argument) => TypeOf(argument).Read(Buffers[argument.Name], Stream);

    /// <summary>Holds the outputs against the oracle.</summary>
    public void Check(string what)
    {
        Values expected = Before.Copy();
        foreach (Argument argument in Case.Arguments.Where(a => Missing.Contains(a.Name)))
        {
            expected[argument.Name] = [];
        }

        Case.Oracle(expected);
        bool accumulates = Case.Scalars.TryGetValue("accumulate", out object? accumulate) && (bool)accumulate;
        foreach (Argument output in Case.Outputs.Where(a => !Missing.Contains(a.Name)))
        {
            double[] exact = expected[output.Name];
            double[] actual = Read(output);
            if (accumulates && output.Kind == Kind.Float32)
            {
                exact = [.. exact.Zip(Before[output.Name], (sum, before) => sum + before)];
            }

            AssertNear(output, exact, actual, what);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable buffer in _owned)
        {
            buffer.Dispose();
        }
    }

    public override string ToString() => $"{Case} {_tensor}, parameters {_parameter}";

    private object? Find(ParameterInfo parameter, (string Name, object? Value)[] changes)
    {
        foreach ((string name, object? value) in changes)
        {
            if (name == parameter.Name)
            {
                return value;
            }
        }

        return parameter.Name == "stream" ? Stream
            : Buffers.TryGetValue(parameter.Name!, out IDisposable? buffer) ? buffer
            : Case.Scalars.TryGetValue(parameter.Name!, out object? scalar) ? scalar
            : parameter.HasDefaultValue ? parameter.DefaultValue
            : null;
    }

    private void AssertNear(Argument output, double[] exact, double[] actual, string what)
    {
        Assert.HasCount(exact.Length, actual, $"{this} {what}: {output}");
        double largest = exact.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
        Element type = TypeOf(output);
        double[] rounded = type.Round(exact);
        for (int i = 0; i < exact.Length; i++)
        {
            // Beyond the type lies infinity. A quantized value may fall on either side of a half.
            double allowed = output.Kind == Kind.Int8
                ? 1
                : type.Relative * Math.Abs(exact[i]) + Case.OfLargest * largest + 1e-7;
            bool accepted = double.IsFinite(rounded[i])
                ? Math.Abs(actual[i] - exact[i]) <= allowed
                : rounded[i].Equals(actual[i]);
            if (!accepted)
            {
                Assert.Fail(FormattableString.Invariant(
                    $"{this} {what}: {output}[{i}] is {actual[i]:R}, expected {exact[i]:R} within {allowed:E1}"));
            }
        }
    }
}
