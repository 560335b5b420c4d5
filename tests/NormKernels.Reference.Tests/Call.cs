using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Reference.Tests;

/// <summary>
/// The arguments of one call by parameter name. A tensor that is missing is passed as an empty span.
/// </summary>
internal sealed class Call(params (string Name, object Value)[] attributes)
{
    private readonly Dictionary<string, object> _attributes = attributes.ToDictionary(a => a.Name, a => a.Value);
    private readonly Dictionary<string, double[]> _tensors = [];

    public double[]? this[string tensor]
    {
        get => _tensors.GetValueOrDefault(tensor);
        set
        {
            if (value is null)
            {
                _tensors.Remove(tensor);
            }
            else
            {
                _tensors[tensor] = value;
            }
        }
    }

    /// <summary>The tensor, where a missing one is a fault of the test.</summary>
    public double[] Get(string tensor) => _tensors[tensor];

    public T Attribute<T>(string name) => (T)_attributes[name];

    public int Int(string name) => Attribute<int>(name);

    public double Real(string name) => Attribute<double>(name);

    public int Product(params IEnumerable<string> names) => names.Aggregate(1, (product, name) => product * Int(name));

    public Call With(string name, object value)
    {
        Call copy = Copy();
        copy._attributes[name] = value;
        return copy;
    }

    public Call Copy()
    {
        var copy = new Call([.. _attributes.Select(a => (a.Key, a.Value))]);
        foreach ((string name, double[] tensor) in _tensors)
        {
            copy[name] = [.. tensor];
        }

        return copy;
    }

    public override string ToString() => string.Join(", ", _attributes.Select(a => $"{a.Key} {Text(a.Value)}"));

    private static string? Text(object value) => value is int[] list ? $"[{string.Join(", ", list)}]" : $"{value}";
}
