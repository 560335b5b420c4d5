using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.CaseSets;

namespace NormKernels.Cli.Tests.CaseSets;

[TestClass]
public sealed class CaseAttributesTests
{
    private const string Attributes = """
        {"eps": 1e-05, "zero": 0, "ord": "inf", "low": "-inf", "kind": "fro", "nothing": null, "yes": true, "no": false,
         "dim": [0, -1], "none": [], "one": 3, "fraction": 1.5, "huge": 1e999, "mixed": [1, "2"], "nested": {"a": [1]}}
        """;

    private static CaseAttributes Read()
    {
        using TempDirectory temp = new();
        _ = temp.Write(
            "manifest.json",
            $$$"""
            {"cases": [{"id": "a-0", "op": "a",
                        "input_dtype": "float32", "tensors": {}, "attributes": {{{Attributes}}}}]}
            """);
        using CaseSet set = CaseSet.Load(temp.Root);
        return set.Cases.Single().Attributes;
    }

    [TestMethod]
    public void Values_are_read_by_type()
    {
        CaseAttributes attributes = Read();
        Assert.AreEqual(1e-5, attributes.GetDouble("eps"));
        Assert.AreEqual(0.0, attributes.GetDouble("zero", 7));
        Assert.AreEqual(double.PositiveInfinity, attributes.GetDouble("ord"));
        Assert.AreEqual(double.NegativeInfinity, attributes.GetDouble("low"));
        Assert.AreEqual("fro", attributes.GetString("kind"));
        Assert.IsTrue(attributes.GetBool("yes"));
        Assert.IsFalse(attributes.GetBool("no", true));
        Assert.AreEqual(3, attributes.GetLong("one"));
        CollectionAssert.AreEqual(new long[] { 0, -1 }, attributes.GetLongs("dim"));
        CollectionAssert.AreEqual(new long[] { 3 }, attributes.GetLongs("one"));
        Assert.IsEmpty(attributes.GetLongs("none"));
        foreach (string name in (string[])["eps", "zero", "ord", "low", "kind", "yes", "nothing", "absent"])
        {
            Assert.AreEqual(name is "eps" or "zero" or "ord" or "low", attributes.IsNumber(name), name);
        }
    }

    [TestMethod]
    [DataRow("nothing", true)]
    [DataRow("absent", false)]
    public void What_is_null_or_absent_is_the_fallback_or_null_or_an_error(string name, bool has)
    {
        CaseAttributes attributes = Read();
        Assert.AreEqual(has, attributes.Has(name));
        Assert.AreEqual(2.5, attributes.GetDouble(name, 2.5));
        Assert.AreEqual(2, attributes.GetLong(name, 2));
        Assert.AreEqual("x", attributes.GetString(name, "x"));
        Assert.IsTrue(attributes.GetBool(name, true));
        CollectionAssert.AreEqual(new long[] { 1 }, attributes.GetLongs(name, [1]));
        Assert.IsNull(attributes.GetOptionalDouble(name));
        Assert.IsNull(attributes.GetOptionalLong(name));
        Assert.IsNull(attributes.GetOptionalLongs(name));
        Action[] required =
        [
            () => attributes.GetDouble(name),
            () => attributes.GetLong(name),
            () => attributes.GetLongs(name),
            () => attributes.GetBool(name),
            () => attributes.GetString(name),
        ];
        foreach (Action get in required)
        {
            OneLine.Refused(get, $"case 'a-0': lacks the attribute '{name}'");
        }
    }

    [TestMethod]
    [DataRow("double", "kind", "is '\"fro\"', not a number")]
    [DataRow("double", "yes", "is 'true', not a number")]
    [DataRow("double", "dim", "is '[0, -1]', not a number")]
    [DataRow("double", "huge", "is '1e999', not a number")]
    [DataRow("long", "fraction", "is '1.5', not an integer")]
    [DataRow("long", "ord", "is '\"inf\"', not an integer")]
    [DataRow("longs", "mixed", "is '[1, \"2\"]', not a list of integers")]
    [DataRow("longs", "kind", "not a list of integers")]
    [DataRow("longs", "nested", "not a list of integers")]
    [DataRow("bool", "zero", "is '0', not true or false")]
    [DataRow("string", "eps", "is '1e-05', not a string")]
    public void Values_of_another_type_are_refused_even_where_there_is_a_fallback(
        string type,
        string name,
        string fragment)
    {
        CaseAttributes attributes = Read();
        Action get = type switch
        {
            "double" => () => attributes.GetDouble(name, 1),
            "long" => () => attributes.GetLong(name, 1),
            "longs" => () => attributes.GetLongs(name, [1]),
            "bool" => () => attributes.GetBool(name, true),
            _ => () => attributes.GetString(name, ""),
        };
        OneLine.Refused(get, $"case 'a-0': the attribute '{name}' ", fragment);
    }
}
