using System;
using System.Globalization;
using System.Text;

namespace NormKernels.Layers;

/// <summary>What a parameter file says of one of its tensors.</summary>
public sealed class ParameterInfo
{
    private readonly long[] _shape;

    internal ParameterInfo(string name, string dtype, long[] shape, long count)
    {
        _shape = shape;
        (Name, Dtype, Count) = (name, dtype, count);
    }

    /// <summary>The name, <c>model.norm.weight</c> for instance.</summary>
    public string Name { get; }

    /// <summary>What the elements are stored as, in the words of safetensors: <c>F16</c>, <c>BF16</c>, <c>F32</c>,
    /// <c>F64</c> and <c>I64</c> are read; a file may hold others.</summary>
    public string Dtype { get; }

    /// <summary>The length of every axis; none for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>Name, type and shape in one line.</summary>
    public override string ToString() => $"{Name}: {Dtype} {Format(_shape)}";

    /// <summary>A shape as PyTorch prints it: <c>[]</c>, <c>[3]</c>, <c>[2, 3]</c>.</summary>
    internal static string Format(ReadOnlySpan<long> shape)
    {
        StringBuilder text = new("[");
        for (int axis = 0; axis < shape.Length; axis++)
        {
            _ = text.Append(axis == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{shape[axis]}");
        }

        return text.Append(']').ToString();
    }
}
