using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Tensors without elements need neither memory nor time, however many rows or columns they claim.</summary>
[TestClass]
public sealed class EmptyTensorTests
{
    private static readonly Norm[] _norms = [RowNorms.LayerNorm, RowNorms.RmsNorm];

    public static IEnumerable<(string Norm, string Verb)> Calls =>
        from norm in _norms from verb in norm.Verbs select (norm.Name, verb.Name);

    [TestMethod]
    [DynamicData(nameof(Calls))]
    [Timeout(20_000)]
    public void No_rows(string norm, string verb) => Call(norm, verb, new(0, long.MaxValue));

    [TestMethod]
    [DynamicData(nameof(Calls))]
    [Timeout(20_000)]
    public void No_columns(string norm, string verb) => Call(norm, verb, new(long.MaxValue, 0));

    private static void Call(string normName, string verbName, RowShape shape)
    {
        Norm norm = _norms.Single(n => n.Name == normName);
        CpuOptions options = new() { MaxDegreeOfParallelism = 8 };
        Dtype.F32.Call(norm, norm[verbName], new() { Shape = shape, Epsilon = 1e-5, Options = options });
    }
}
