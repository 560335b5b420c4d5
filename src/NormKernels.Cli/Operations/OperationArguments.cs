using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>What an operation is given: attributes and the tensors that are there, by name.</summary>
internal abstract class OperationArguments(CaseAttributes attributes)
{
    /// <summary>The attributes.</summary>
    public CaseAttributes Attributes { get; } = attributes;

    /// <summary>The shape of a tensor, or null if it is not there.</summary>
    public abstract long[]? FindShape(string name);

    /// <summary>The values of a tensor that is there, each rounded once.</summary>
    public abstract void Read<T>(string name, Span<T> to)
        where T : unmanaged;

    /// <summary>Whether a tensor is there.</summary>
    public bool Has(string name) => FindShape(name) is not null;

    /// <summary>Whether any of these tensors is there.</summary>
    public bool HasAny(params IEnumerable<string> names) => names.Any(Has);

    /// <summary>The shape of a tensor that has to be there, small enough that every product of its axes, be the tensor
    /// empty, is a number of elements.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is too large.</exception>
    public long[] Shape(string name)
    {
        long[] shape = FindShape(name) ?? throw new InvalidDataException($"{name} is missing");
        return NpyArray.TryCountElements([.. shape.Where(length => length != 0)], out long count)
            && count <= NativeArena.MaxElements
                ? shape
                : throw new InvalidDataException(
                    $"{name} of the shape {NpyArray.FormatShape(shape)} is too large; at most "
                    + $"{NativeArena.MaxElements} elements fit a span");
    }

    /// <summary>The attribute <c>eps</c>.</summary>
    /// <exception cref="InvalidDataException">It is negative.</exception>
    public double Epsilon(double fallback) => Attributes.GetDouble("eps", fallback) is >= 0 and double epsilon
        ? epsilon
        : throw new InvalidDataException("eps must be 0 or more");
}

/// <summary>Arguments with tensors that were read from files.</summary>
internal sealed class ArrayArguments(CaseAttributes attributes, IReadOnlyDictionary<string, NpyArray> tensors)
    : OperationArguments(attributes)
{
    /// <inheritdoc/>
    public override long[]? FindShape(string name) => tensors.GetValueOrDefault(name)?.Shape.ToArray();

    /// <inheritdoc/>
    public override void Read<T>(string name, Span<T> to) => Elements.Convert(tensors[name].ToDoubles(), to);
}
