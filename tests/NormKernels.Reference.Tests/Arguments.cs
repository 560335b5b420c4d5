using System;
using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Reference.Tests;

/// <summary>The arguments of one call by parameter name; a tensor that is missing is passed as an empty span.</summary>
internal sealed class Arguments(int rows, int cols)
{
    private readonly Dictionary<string, double[]> _tensors = [];

    public int Rows { get; set; } = rows;

    public int Cols { get; set; } = cols;

    public double Epsilon { get; set; } = 1e-5;

    public double[]? this[string name]
    {
        get => _tensors.GetValueOrDefault(name);
        set
        {
            if (value is null)
            {
                _tensors.Remove(name);
            }
            else
            {
                _tensors[name] = value;
            }
        }
    }

    /// <summary>The tensor, where a missing one is a fault of the test.</summary>
    public double[] Get(string name) => _tensors[name];

    public Arguments Copy()
    {
        var copy = new Arguments(Rows, Cols) { Epsilon = Epsilon };
        foreach ((string name, double[] tensor) in _tensors)
        {
            copy[name] = [.. tensor];
        }

        return copy;
    }

    /// <summary>The same call with the batch reduced to one of its rows.</summary>
    public Arguments Row(int row)
    {
        var copy = new Arguments(1, Cols) { Epsilon = Epsilon };
        foreach ((string name, double[] tensor) in _tensors)
        {
            copy[name] = PerRow(name) is int width ? tensor[(row * width)..((row + 1) * width)] : [.. tensor];
        }

        return copy;
    }

    /// <summary>How many elements of the tensor belong to each row, or null for those shared by all rows.</summary>
    public int? PerRow(string name) => name switch
    {
        "mean" or "rstd" => 1,
        "weight" or "bias" or "tanWeight" or "tanBias" or "dweight" or "dbias" => null,
        _ => Cols,
    };

    public int Length(string name) => PerRow(name) is int width ? Rows * width : Cols;

    /// <summary>Fills the named tensors with values from -2 to 2, the same for the same name and shape.</summary>
    public Arguments WithRandom(params IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            var random = new Random(name.Aggregate(Rows * 31 + Cols, (seed, c) => unchecked(seed * 31 + c)));
            double[] tensor = new double[Length(name)];
            for (int i = 0; i < tensor.Length; i++)
            {
                tensor[i] = 4 * random.NextDouble() - 2;
            }

            this[name] = tensor;
        }

        return this;
    }

    public Arguments WithFilled(double value, params IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            double[] tensor = new double[Length(name)];
            Array.Fill(tensor, value);
            this[name] = tensor;
        }

        return this;
    }
}
