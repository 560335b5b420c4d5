using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Tensors without elements need neither memory nor time, however long their other axes claim to be.</summary>
[TestClass]
public sealed class EmptyTensorTests
{
    public static IEnumerable<(string Norm, string Verb, int Shape)> Calls =>
        from norm in NormUnderTest.All
        from verb in norm.Verbs
        from shape in Enumerable.Range(0, norm.Shapes.Empty.Count)
        select (norm.Name, verb.Name, shape);

    [TestMethod]
    [DynamicData(nameof(Calls))]
    [Timeout(20_000)]
    public void Calls_return(string normName, string verbName, int shape)
    {
        Norm norm = NormUnderTest.All.Single(n => n.Name == normName);
        Verb verb = norm[verbName];
        CpuOptions options = new() { MaxDegreeOfParallelism = 8 };
        Arguments arguments = new()
        {
            Shape = norm.Shapes.Empty[shape],
            Numbers = new() { ["epsilon"] = 1e-5, ["p"] = 2, ["momentum"] = 0.1, ["groups"] = 1, ["order"] = 0 },
            Options = options,
        };
        try
        {
            Dtype.F32.Call(norm, verb, arguments);
        }
        catch (ArgumentException e) when (verb.Arguments.Any(a => a.Name == e.ParamName))
        {
            // A value for each slice or channel is due even then, and there are more than a span can hold.
            Argument argument = verb[e.ParamName!];
            Assert.IsTrue(!argument.Optional && argument.Extent != Extent.Tensor, e.Message);
        }
    }
}
