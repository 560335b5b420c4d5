using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.CaseSets;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Tests.CaseSets;

[TestClass]
public sealed class CaseSetTests
{
    private const string SmallTensor = """{"file": "x.npy", "shape": [2], "role": "input"}""";

    // One set for all tests, which run side by side: threads share it.
    private static readonly CaseSet Golden = CaseSet.Load(Path.Combine(AppContext.BaseDirectory, "golden"));

    public static IEnumerable<(string Op, int Cases)> Ops() =>
    [
        ("layer_norm", 37), ("rms_norm", 41), ("add_layer_norm", 35), ("add_rms_norm", 35), ("group_norm", 27),
        ("instance_norm", 17), ("batch_norm_train", 26), ("batch_norm_inference", 14), ("batch_norm_stateless", 9),
        ("weight_norm", 19), ("l2_normalize", 43), ("vector_norm", 116), ("matrix_norm", 93),
        ("normalize_along_dim", 19),
    ];

    public static IEnumerable<(string Manifest, string Fragment)> Malformed()
    {
        yield return ("", "is not valid JSON");
        yield return ("{", "is not valid JSON");
        yield return ("{\"cases\": [],}", "is not valid JSON");
        yield return ("{\"cases\": [], \"cases\": []}", "is not valid JSON");
        yield return ("[]", "is '[]', not an object");
        yield return ("{}", "lacks 'cases'");
        yield return ("{\"cases\": {}}", "'cases': is '{}', not a list");
        yield return ("{\"cases\": [1]}", "case 0: is '1', not an object");
        yield return ("{\"format\": 3, \"cases\": []}", "'format': is 3; this version reads up to 2");
        yield return ("{\"set\": \"\\ud800\", \"cases\": []}", "is not valid JSON");
        yield return ("{\"tolerances\": {\"float8\": {}}, \"cases\": []}", "'float8' is not a dtype; accepted are");
        yield return ("{\"tolerances\": {\"float32\": {\"rtol\": 1}}, \"cases\": []}", "'float32': lacks 'atol_scale'");
        yield return ("{\"tolerances\": {\"float32\": {\"rtol\": -1}}, \"cases\": []}", "is '-1', not a finite number");
        yield return (Set("{}"), "case 0: lacks 'id'");
        yield return (Set(Case(id: "\"\"")), "the id '' cannot be the name of a file");
        yield return (Set(Case(id: "\"..\"")), "the id '..' cannot be");
        yield return (Set(Case(id: "\"a/b\"")), "the id 'a/b' cannot be");
        yield return (Set(Case(id: "\"a\\n\"")), "the id 'a?' cannot be");
        yield return (Set(Case(id: "7")), "'id': is '7', not a string");
        yield return (Set(Case() + "," + Case()), "case 1: the id 'a-0' occurs twice");
        yield return (Set(Case(inputDtype: "\"float8\"")), "case 'a-0': 'input_dtype': 'float8' is not a dtype");
        yield return (Set(Case(inputDtype: "null")), "case 'a-0': lacks 'input_dtype'");
        yield return (Set(Case(more: "\"tags\": \"x\",")), "'tags': is '\"x\"', not a list");
        yield return (Set(Case(more: "\"overflows\": [\"int8\"],")), "dtype 0: 'int8' is not a dtype");
        yield return (Set(Case(more: "\"attributes\": [],")), "'attributes': is '[]', not an object");
        yield return (Set(Case(more: "\"attributes\": {\"a\": \"\\ud800\"},")), "is not valid JSON");
        string[] outside = ["../x.npy", "a/../../x.npy", "a\\\\..\\\\x.npy", "/x.npy", "", "..", "x\\u0000.npy"];
        foreach (string file in outside)
        {
            yield return (Tensor("x.npy", file), "does not lie in the directory of the set");
        }

        yield return (Tensor("x.npy", "x.npz"), "tensor 'x': lacks 'array', the key within 'x.npz'");
        yield return (Tensor("input", "weight"), "'role': 'weight' is not a role; accepted are 'input'");
        yield return (Tensor("[2]", "[-2]"), "'shape': axis 0: is '-2', not an integer");
        yield return (Tensor("[2]", "2"), "'shape': is '2', not a list");
        yield return (Tensor("\"shape\": [2], ", ""), "tensor 'x': lacks 'shape'");
        yield return (Tensor("x.npy\"", "x.npy\", \"\\ud800\": 1"), "is not valid JSON");
        yield return (Set(Case()).Replace("\"x\"", "\"\\ud800\"", StringComparison.Ordinal), "is not valid JSON");
        yield return (Tensor("{", "{\"dtype\": \"int32\", "), "'dtype': 'int32' is not a dtype");
        yield return (Tensor("{", "{\"scale\": -1, "), "'scale': is '-1', not a finite number");
        yield return (Tensor("{", "{\"scale_strict\": \"1\", "), "'scale_strict': is '\"1\"', not a finite number");
    }

    [TestMethod]
    [DynamicData(nameof(Ops))]
    public void Every_tensor_of_the_golden_set_loads_and_agrees_with_itself(string op, int count)
    {
        NormCase[] cases = [.. Golden.Cases.Where(c => string.Equals(c.Op, op, StringComparison.Ordinal))];
        Assert.HasCount(count, cases);
        foreach (NormCase one in cases)
        {
            foreach (CaseTensor tensor in one.Tensors)
            {
                NpyArray array = Golden.Read(tensor);
                CollectionAssert.AreEqual(tensor.Shape.ToArray(), array.Shape.ToArray());
                TensorComparison same = TensorComparison.Compare(array, array, tensor, default, strict: true);
                Assert.AreEqual((true, 0.0), (same.Passed, same.WorstFraction), $"{one.Id} {tensor.Name}");
            }
        }
    }

    [TestMethod]
    public void The_golden_set_is_read_whole()
    {
        Assert.AreEqual("golden", Golden.Name);
        Assert.HasCount(531, Golden.Cases);
        Assert.AreEqual(531, Ops().Sum(op => op.Cases));
        Assert.AreEqual(5349, Golden.Cases.Sum(c => c.Tensors.Length));
        Assert.AreEqual(60, Golden.Cases.Count(c => c.Overflows.Contains(CaseDtype.Float16)));
        Assert.AreEqual(31, Golden.Cases.Count(c => c.InputDtype == CaseDtype.BFloat16));
        Assert.AreEqual(245, Golden.Cases.Sum(c => c.Tensors.Count(tensor => tensor.ScaleStrict is not null)));
        foreach (CaseDtype dtype in Enum.GetValues<CaseDtype>())
        {
            Assert.AreEqual(Tolerance.Default(dtype), Golden.ToleranceFor(dtype));
            Assert.AreEqual(dtype, CaseDtypeNames.Parse(dtype.ManifestName()));
        }

        NormCase first = Golden.Cases[0];
        Assert.AreEqual(("layer_norm-000-cols3", CaseDtype.Float32), (first.Id, first.InputDtype));
        Assert.AreEqual(1e-5, first.Attributes.GetDouble("eps"));
        CaseTensor rstd = first["rstd"];
        Assert.AreEqual((TensorRole.Stat, 17.1, 6.39), (rstd.Role, rstd.Scale, rstd.ScaleStrict));
        Assert.IsNull(first.Find("dresidual"));
        OneLine.Refused(() => _ = first["dresidual"], "case 'layer_norm-000-cols3': has no tensor 'dresidual'");
    }

    [TestMethod]
    public void Threads_share_a_set()
    {
        // Many reads, for without its lock an archive loses the file position that its members share only now and then.
        CaseTensor[] tensors = [.. Golden.Cases.Take(20).SelectMany(c => c.Tensors)];
        double[][] alone = Array.ConvertAll(tensors, tensor => Golden.Read(tensor).ToDoubles());
        _ = Parallel.For(
            0,
            20 * tensors.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            i =>
            {
                int at = i % tensors.Length;
                CollectionAssert.AreEqual(alone[at], Golden.Read(tensors[at]).ToDoubles());
            });
    }

    [TestMethod]
    public void A_set_of_users_may_hold_little()
    {
        using TempDirectory temp = new();
        _ = temp.Write("manifest.json", "\uFEFF" + Set("""
            {"id": "a-0", "op": "a", "input_dtype": "float32", "remark": [{}],
             "tensors": {
               "x": {"file": "x.npy", "array": null, "shape": [2], "role": "input"},
               "y": {"file": "deep/set.npz", "array": "k", "dtype": "float32", "shape": [], "role": "output",
                     "scale": null}}}
            """));
        _ = temp.Write("x.npy", NpyBytesOf(1, 2));
        _ = Directory.CreateDirectory(temp.PathOf("deep"));
        NpzArchive.Write(temp.PathOf("deep/set.npz"), [KeyValuePair.Create("k", new NpyArray([3f], []))]);
        using CaseSet set = CaseSet.Load(temp.Root);
        NormCase only = set.Cases.Single();
        Assert.AreEqual(Path.GetFileName(temp.Root), set.Name);
        Assert.IsEmpty(only.Tags);
        Assert.IsEmpty(only.Overflows);
        Assert.IsFalse(only.Attributes.Has("eps"));
        Assert.IsNull(only["x"].Dtype);
        Assert.IsNull(only["y"].Scale);
        CollectionAssert.AreEqual(new double[] { 1, 2 }, set.Read(only["x"]).ToDoubles());
        CollectionAssert.AreEqual(new double[] { 3 }, set.Read(only["y"]).ToDoubles());
        Assert.AreEqual(Tolerance.Default(CaseDtype.Float32), set.ToleranceFor(CaseDtype.Float32));
    }

    [TestMethod]
    public void Rows_of_the_manifest_replace_the_default_ones()
    {
        using TempDirectory temp = new();
        _ = temp.Write("manifest.json", """
            {"tolerances": {"float32": {"rtol": 1, "atol_scale": 2, "atol_abs": 3e-4}}, "cases": []}
            """);
        using CaseSet set = CaseSet.Load(temp.Root);
        Assert.IsEmpty(set.Cases);
        Assert.AreEqual(new Tolerance(1, 2, 3e-4), set.ToleranceFor(CaseDtype.Float32));
        Assert.AreEqual(Tolerance.Default(CaseDtype.Float16), set.ToleranceFor(CaseDtype.Float16));
    }

    [TestMethod]
    [DynamicData(nameof(Malformed))]
    public void Malformed_manifests_are_refused_in_one_line(string manifest, string fragment)
    {
        using TempDirectory temp = new();
        string path = temp.Write("manifest.json", manifest);
        OneLine.Refused(() => CaseSet.Load(temp.Root), $"{path}: ", fragment);
    }

    [TestMethod]
    public void Bytes_that_are_not_UTF_8_are_refused()
    {
        using TempDirectory temp = new();
        _ = temp.Write("manifest.json", [.. "{\"set\": \""u8, 0xff, .. "\", \"cases\": []}"u8]);
        OneLine.Refused(() => CaseSet.Load(temp.Root), "is not valid JSON");
    }

    [TestMethod]
    public void A_directory_without_a_manifest_is_no_set()
    {
        using TempDirectory temp = new();
        OneLine.Refused(() => CaseSet.Load(temp.Root), temp.Root, "holds no manifest.json");
        OneLine.Refused(() => CaseSet.Load(temp.PathOf("absent")), "absent: there is no such directory");
    }

    [TestMethod]
    [DataRow("none", "x.npy")]
    [DataRow("bad", "is not a .npy file")]
    [DataRow("shape", "has the shape (3,) in 'x.npy', (2,) in the manifest")]
    public void A_tensor_that_cannot_be_read_is_named(string what, string fragment)
    {
        using TempDirectory temp = new();
        _ = temp.Write("manifest.json", Set(Case()));
        if (what is not "none")
        {
            _ = temp.Write("x.npy", what is "bad" ? [1, 2, 3] : NpyBytesOf(1, 2, 3));
        }

        using CaseSet set = CaseSet.Load(temp.Root);
        OneLine.Refused(() => set.Read(set.Cases[0]["x"]), "case 'a-0': tensor 'x': ", fragment);
    }

    [TestMethod]
    public void An_array_that_an_archive_lacks_is_named()
    {
        using TempDirectory temp = new();
        _ = temp.Write("manifest.json", Tensor("\"x.npy\"", "\"x.npz\", \"array\": \"a.x\""));
        CaseSet set = CaseSet.Load(temp.Root);
        OneLine.Refused(() => set.Read(set.Cases[0]["x"]), "case 'a-0': tensor 'x': ", "x.npz");
        NpzArchive.Write(temp.PathOf("x.npz"), [KeyValuePair.Create("b.x", new NpyArray([3f], []))]);
        OneLine.Refused(() => set.Read(set.Cases[0]["x"]), "holds no array 'a.x'; it holds 'b.x'");
        set.Dispose();
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => set.Read(set.Cases[0]["x"]));
    }

    private static byte[] NpyBytesOf(params double[] values)
    {
        using MemoryStream stream = new();
        NpyFile.Write(stream, new NpyArray(values, values.Length));
        return stream.ToArray();
    }

    private static string Set(string cases) => $$"""{"cases": [{{cases}}]}""";

    private static string Case(
        string id = "\"a-0\"",
        string inputDtype = "\"float32\"",
        string more = "",
        string tensor = SmallTensor) =>
        $$$"""
        {"id": {{{id}}}, "op": "a", "input_dtype": {{{inputDtype}}}, {{{more}}}
         "tensors": {"x": {{{tensor}}}}}
        """;

    private static string Tensor(string old, string replacement) =>
        Set(Case(tensor: SmallTensor.Replace(old, replacement, StringComparison.Ordinal)));
}
