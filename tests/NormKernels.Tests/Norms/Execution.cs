using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>How a problem is run; none of it may change the result.</summary>
internal sealed record Setup
{
    private static readonly Dictionary<string, string> _outOfPlace = [];

    public InstructionSet InstructionSet { get; init; }

    public int Threads { get; init; } = 1;

    public Placement Placement { get; init; }

    /// <summary>How many elements off its natural alignment the argument of this index starts.</summary>
    public Func<int, int> Offset { get; init; } = _ => 0;

    /// <summary>How much longer than a row the stride of the argument of this index is.</summary>
    public Func<int, int> Padding { get; init; } = _ => 0;

    /// <summary>The inputs that outputs take the place of.</summary>
    public IReadOnlyDictionary<string, string> InPlace { get; init; } = _outOfPlace;

    public override string ToString() =>
        $"on {InstructionSet}, {Threads} threads, {Placement}"
        + string.Concat(InPlace.Select(pair => $", {pair.Key} in place of {pair.Value}"));
}

/// <summary>
/// A problem laid out in guarded memory, ready to be called. After the call nothing may have changed but the elements
/// of the outputs: not the inputs, not what lies between strided rows, not what lies around.
/// </summary>
internal sealed class Execution : IDisposable
{
    // Room for a shift by 16 elements, and for spans that start early or end late.
    private const int Margin = 256;

    private readonly Problem _problem;
    private readonly List<GuardedMemory> _memory = [];
    private readonly Dictionary<string, Tensor> _tensors = [];

    public Execution(Problem problem, Setup setup)
    {
        _problem = problem;
        Arguments = new()
        {
            Shape = problem.Shape.Native,
            Numbers = problem.Numbers(),
            Options = new() { InstructionSet = setup.InstructionSet, MaxDegreeOfParallelism = setup.Threads },
            Float32Parameters = problem.Float32Parameters,
            Flags = [.. problem.Flags],
        };
        int index = 0;
        // Inputs first: an output may take the place of one.
        foreach (Argument argument in problem.Arguments.OrderBy(a => a.Role))
        {
            _tensors[argument.Name] = setup.InPlace.TryGetValue(argument.Name, out string? input)
                ? _tensors[input] with { Argument = argument }
                : Lay(argument, index++, setup);
        }

        foreach (Tensor tensor in _tensors.Values)
        {
            Argument argument = tensor.Argument;
            Arguments[argument.Name] = new(tensor.Memory.Address + tensor.Start, tensor.Bytes / tensor.ElementSize);
            if (tensor.Stride != tensor.Length)
            {
                Arguments.SetStride(argument.Name, tensor.Stride);
            }

            // What was put in this place as an input stays there.
            bool isFree = !setup.InPlace.ContainsKey(argument.Name);
            if (isFree && problem.Tensors.TryGetValue(argument.Name, out byte[]? values))
            {
                tensor.Write(values);
            }
        }

        Remember();
    }

    public Arguments Arguments { get; }

    /// <summary>Where an argument starts, and the size of its elements.</summary>
    public (nint Start, int ElementSize) this[string name] =>
        (_tensors[name].Memory.Address + _tensors[name].Start, _tensors[name].ElementSize);

    public static IReadOnlyDictionary<string, byte[]> Run(Problem problem, Setup setup)
    {
        using Execution execution = new(problem, setup);
        execution.Call();
        return execution.Results();
    }

    public void Call() => Call(Arguments);

    public void Call(Arguments arguments) =>
        _problem.Dtype.Call(_problem.Norm, _problem.Verb, arguments);

    /// <summary>The outputs, contiguous, after a check that nothing else has changed.</summary>
    public IReadOnlyDictionary<string, byte[]> Results()
    {
        Dictionary<string, byte[]> results = [];
        foreach (Tensor tensor in _tensors.Values.Where(t => t.Argument.Role != Role.Input))
        {
            tensor.CopyRowsToImage();
            if (tensor.Argument.Role == Role.Output)
            {
                results[tensor.Argument.Name] = tensor.Read();
            }
        }

        AssertUnchanged();
        return results;
    }

    /// <summary>Nothing has been written since the execution was made, or since the last results.</summary>
    public void AssertUnchanged()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            int at = tensor.Memory.Image.AsSpan().CommonPrefixLength(tensor.Memory.Bytes);
            if (at != tensor.Memory.Image.Length)
            {
                Assert.Fail(
                    $"{_problem}: byte {at - tensor.Start} from the start of {tensor.Argument} was changed; its "
                    + $"{tensor.Count} rows of {tensor.Length} have a stride of {tensor.Stride}");
            }
        }
    }

    /// <summary>Undoes what has been written since.</summary>
    public void Restore() => _memory.ForEach(memory => memory.Image.CopyTo(memory.Bytes));

    public void Dispose()
    {
        _memory.ForEach(memory => memory.Return());
        _memory.Clear();
    }

    private Tensor Lay(Argument argument, int index, Setup setup)
    {
        (int count, int length) = _problem.SizeOf(argument, Arguments.Options);
        int size = _problem.TypeOf(argument).Size;
        int stride = length + (_problem.IsStrided(argument) ? setup.Padding(index) : 0);
        int bytes = count == 0 || length == 0 ? 0 : ((count - 1) * stride + length) * size;
        var memory = GuardedMemory.Rent(setup.Placement == Placement.Middle ? bytes + 2 * Margin : bytes);
        _memory.Add(memory);
        int start = memory.StartOf(setup.Placement, bytes, Margin + setup.Offset(index) * size);
        return new(argument, memory, start, count, length, stride, size);
    }

    private void Remember()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            tensor.Memory.Bytes.CopyTo(tensor.Memory.Image);
        }
    }

    private sealed record Tensor(
        Argument Argument,
        GuardedMemory Memory,
        int Start,
        int Count,
        int Length,
        int Stride,
        int ElementSize)
    {
        public int Bytes => Count == 0 || Length == 0 ? 0 : ((Count - 1) * Stride + Length) * ElementSize;

        public void Write(ReadOnlySpan<byte> values)
        {
            for (int row = 0; row < Count; row++)
            {
                values.Slice(row * Length * ElementSize, Length * ElementSize).CopyTo(Row(Memory.Bytes, row));
            }
        }

        public byte[] Read()
        {
            byte[] values = new byte[Count * Length * ElementSize];
            for (int row = 0; row < Count; row++)
            {
                Row(Memory.Bytes, row).CopyTo(values.AsSpan(row * Length * ElementSize));
            }

            return values;
        }

        public void CopyRowsToImage()
        {
            for (int row = 0; row < Count; row++)
            {
                Row(Memory.Bytes, row).CopyTo(Row(Memory.Image, row));
            }
        }

        private Span<byte> Row(Span<byte> bytes, int row) =>
            bytes.Slice(Start + row * Stride * ElementSize, Length * ElementSize);
    }
}
