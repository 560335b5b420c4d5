using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace NormKernels.Layers.Files;

/// <summary>The tensors of a layer under their names in a file.</summary>
internal static class StateDictionary
{
    // Problems are told apart by name; a file of the wrong model has thousands.
    private const int MostNames = 20;

    /// <summary>Loads tensors: all of them, or none.</summary>
    /// <param name="state">The tensors.</param>
    /// <param name="file">The file.</param>
    /// <param name="prefix">What comes before their names.</param>
    /// <param name="ownsName">Whether a name behind the prefix would be one of the layer's; null if nothing has to be
    /// complete.</param>
    /// <exception cref="InvalidDataException">The file does not fit.</exception>
    public static void Load(
        IReadOnlyList<LayerTensor> state, ParameterFile file, string prefix, Func<string, bool>? ownsName)
    {
        List<string> problems = [];
        List<string> missing = [];
        List<(LayerTensor Tensor, string Name)> found = [];
        foreach (LayerTensor tensor in state)
        {
            string name = prefix + tensor.Name;
            string? former = tensor.FormerName is null ? null : prefix + tensor.FormerName;
            bool isThere = file.Contains(name);
            if (former is not null && file.Contains(former))
            {
                if (isThere)
                {
                    problems.Add($"{ErrorText.QuoteName(name)} is there twice, as {ErrorText.QuoteName(former)} too");
                }

                (name, isThere) = (former, true);
            }

            if (!isThere)
            {
                if (!tensor.IsOptional)
                {
                    missing.Add(name);
                }

                continue;
            }

            found.Add((tensor, name));
            ParameterInfo info = file.Describe(name);
            if (!info.Shape.SequenceEqual(tensor.Shape))
            {
                problems.Add(
                    $"{ErrorText.QuoteName(name)} has the shape {ErrorText.Quote(ParameterInfo.Format(info.Shape))}, "
                    + $"the layer {ParameterInfo.Format(tensor.Shape)}");
            }
        }

        if (ownsName is not null)
        {
            Add(problems, "missing", missing);
            Add(problems, "unexpected", [.. Unexpected(file, prefix, ownsName, found.Select(pair => pair.Name))]);
        }

        if (problems.Count != 0)
        {
            throw new InvalidDataException($"{file.Path}: does not fit the layer: {string.Join("; ", problems)}");
        }

        List<Action> replacements = [.. found.Select(pair => pair.Tensor.Read(file, pair.Name))];
        replacements.ForEach(replace => replace());
    }

    private static IEnumerable<string> Unexpected(
        ParameterFile file, string prefix, Func<string, bool> ownsName, IEnumerable<string> found)
    {
        HashSet<string> expected = new(found, StringComparer.Ordinal);
        return file.Names.Where(name =>
            name.StartsWith(prefix, StringComparison.Ordinal) && ownsName(name[prefix.Length..])
            && !expected.Contains(name));
    }

    private static void Add(List<string> problems, string what, List<string> names)
    {
        if (names.Count != 0)
        {
            string listed = string.Join(", ", names.Take(MostNames).Select(name => ErrorText.QuoteName(name)));
            problems.Add($"{what}: {listed}{(names.Count > MostNames ? $" and {names.Count - MostNames} more" : "")}");
        }
    }
}
