using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Tests.Commands;

[TestClass]
public sealed class VerifyCommandTests
{
    private static readonly string[] _dtypes = ["f32", "f16", "bf16"];

    public static IEnumerable<object[]> Targets =>
        from operation in OperationRegistry.All
        from isa in Cli.InstructionSets
        from dtype in _dtypes
        select new object[] { operation.Name, isa, dtype };

    public static IEnumerable<object[]> Operations =>
        OperationRegistry.All.Select(operation => new object[] { operation.Name });

    [TestMethod]
    [DynamicData(nameof(Targets))]
    public void Kernels_pass_the_golden_cases(string op, string isa, string dtype)
    {
        CliResult result = Cli.Run("verify", Cli.Golden, "--op", op, "--isa", isa, "--dtype", dtype);
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        Assert.AreEqual("", result.Error);
    }

    [TestMethod]
    [DynamicData(nameof(Operations))]
    public void Kernels_pass_the_golden_cases_on_two_threads(string op)
    {
        CliResult result = Cli.Run("verify", Cli.Golden, "--op", op, "--threads", "2");
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
    }

    [TestMethod]
    [DynamicData(nameof(Operations))]
    public void Reference_passes_the_golden_cases(string op)
    {
        CliResult result = Cli.Run("verify", Cli.Golden, "--op", op, "--backend", "reference");
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        int count = GoldenCases(op).Count();
        Assert.AreEqual($"{count} cases passed, 0 failed, 0 skipped", result.Lines[^1]);
    }

    [TestMethod]
    public void A_16_bit_dtype_runs_the_cases_of_that_format_and_counts_the_others()
    {
        int all = GoldenCases("rms_norm").Count();
        int half = GoldenCases("rms_norm").Count(normCase => normCase.InputDtype == CaseDtype.Float16);
        CliResult result = Cli.Run(
            "verify", Cli.Golden, "--op", "rms_norm", "--dtype", "f16", "--backend", "reference");
        Assert.AreEqual(0, result.ExitCode, result.Out);
        Assert.AreEqual($"{half} cases passed, 0 failed, {all - half} skipped", result.Lines[^1]);
        Assert.Contains("skipped: ", result.Out);
    }

    [TestMethod]
    public void Output_that_is_not_a_terminal_is_plain_text_without_wrapped_lines()
    {
        CliResult result = Cli.Run("verify", Cli.Golden, "--op", "layer_norm,add_rms_norm", "--backend", "reference");
        Assert.IsFalse(result.Out.Any(c => c > '~' || (c < ' ' && c != '\n' && c != '\r')), result.Out);
        Assert.HasCount(5, result.Lines);
        Assert.StartsWith("layer_norm   f64", result.Lines[2]);
        Assert.StartsWith("add_rms_norm f64", result.Lines[3]);
    }

    [TestMethod]
    public void An_operation_of_the_set_that_ran_no_case_fails_and_is_named()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases => cases[0]!["op"] = "frobnicate",
            "layer_norm");
        CliResult result = Cli.Run("verify", set, "--backend", "reference");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("FAILED: no case was run of frobnicate", result.Out);
        Assert.Contains("'frobnicate' is not an operation of this program", result.Out);
        Assert.EndsWith("passed, 0 failed, 1 skipped", result.Lines[^1]);
    }

    [TestMethod]
    public void An_operation_that_the_set_does_not_have_fails_and_is_named()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(temp, _ => { }, "layer_norm");
        CliResult result = Cli.Run("verify", set, "--op", "rms_norm,layer_norm", "--backend", "reference");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("FAILED: no case was run of rms_norm\n", result.Out.ReplaceLineEndings("\n"));
    }

    [TestMethod]
    public void A_dtype_without_cases_fails()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(temp, cases => Keep(cases, 1), "layer_norm");
        CliResult result = Cli.Run("verify", set, "--dtype", "bf16");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("no case was run of layer_norm", result.Out);
        Assert.AreEqual("0 cases passed, 0 failed, 1 skipped", result.Lines[^1]);
    }

    [TestMethod]
    public void A_set_without_cases_fails()
    {
        using TempDirectory temp = new();
        _ = temp.Write("manifest.json", """{"format": 2, "cases": []}""");
        CliResult result = Cli.Run("verify", temp.Root);
        Assert.AreEqual(1, result.ExitCode);
        Assert.AreEqual("0 cases passed, 0 failed, 0 skipped", result.Lines[^1]);
    }

    [TestMethod]
    public void A_format_that_overflows_is_skipped_with_the_reason()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp, cases => cases[0]!["overflows"] = new JsonArray("float32"), "layer_norm");
        CliResult result = Cli.Run("verify", set, "--dtype", "f32");
        Assert.AreEqual(0, result.ExitCode, result.Out);
        Assert.Contains("skipped: 1 of layer_norm f32: a tensor exceeds the range of float32", result.Out);
        Assert.EndsWith("0 failed, 1 skipped", result.Lines[^1]);
    }

    [TestMethod]
    [DataRow("reference")]
    [DataRow("cpu")]
    public void One_changed_value_fails_and_names_the_case(string backend)
    {
        using TempDirectory temp = new();
        string id = "";
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                Keep(cases, 3);
                id = (string)cases[1]!["id"]!;
                JsonNode y = cases[1]!["tensors"]!["y"]!;
                using NpzArchive archive = NpzArchive.Open(Path.Combine(Cli.Golden, "layer_norm.npz"));
                NpyArray array = archive.Read((string)y["array"]!);
                double[] values = array.ToDoubles();
                values[^1] += 0.01;
                NpyFile.Write(temp.PathOf("changed.npy"), new NpyArray(values, array.Shape));
                y["file"] = "changed.npy";
            },
            "layer_norm");
        string json = temp.PathOf("report.json");
        CliResult result = Cli.Run("verify", set, "--backend", backend, "--json", json);
        Assert.AreEqual(1, result.ExitCode, result.Out);
        Assert.AreEqual("2 cases passed, 1 failed, 0 skipped", result.Lines[^1]);
        Assert.Contains($"FAILED: {id} ", result.Out);

        JsonElement report = ReadJson(json);
        JsonElement failure = report.GetProperty("failures").EnumerateArray().Single();
        Assert.AreEqual(id, failure.GetProperty("case").GetString());
        Assert.AreEqual("y", failure.GetProperty("tensor").GetString());
        Assert.IsGreaterThan(1, failure.GetProperty("fraction").GetDouble());
        Assert.AreEqual(
            failure.GetProperty("value").GetDouble() + 0.01, failure.GetProperty("reference").GetDouble(), 1e-5);
        Assert.AreEqual(2, failure.GetProperty("index").GetArrayLength());
        Assert.IsFalse(report.GetProperty("success").GetBoolean());
        Assert.AreEqual(1, report.GetProperty("failed").GetInt32());
    }

    [TestMethod]
    public void Json_tells_what_was_run()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(temp, cases => Keep(cases, 4), "rms_norm");
        string json = temp.PathOf("report.json");
        CliResult result = Cli.Run("verify", set, "--json", json, "--isa", "scalar", "--threads", "2");
        Assert.AreEqual(0, result.ExitCode, result.Out);
        JsonElement report = ReadJson(json);
        Assert.AreEqual("cpu", report.GetProperty("backend").GetString());
        Assert.AreEqual("scalar", report.GetProperty("isa").GetString());
        Assert.AreEqual(2, report.GetProperty("threads").GetInt32());
        Assert.AreEqual(4, report.GetProperty("passed").GetInt32());
        Assert.AreEqual(0, report.GetProperty("failures").GetArrayLength());
        JsonElement op = report.GetProperty("ops").EnumerateArray().Single();
        Assert.AreEqual("rms_norm", op.GetProperty("op").GetString());
        Assert.AreEqual("f32", op.GetProperty("dtype").GetString());
        Assert.AreEqual(4, op.GetProperty("cases").GetInt32());
        Assert.IsLessThan(1, op.GetProperty("worst_fraction").GetDouble());
    }

    [TestMethod]
    public void Json_writes_what_is_not_finite_as_text()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                Keep(cases, 1);
                NpyFile.Write(temp.PathOf("nan.npy"), new NpyArray(Enumerable.Repeat(double.NaN, 15).ToArray(), 5, 3));
                cases[0]!["tensors"]!["y"]!["file"] = "nan.npy";
            },
            "layer_norm");
        string json = temp.PathOf("report.json");
        Assert.AreEqual(1, Cli.Run("verify", set, "--json", json).ExitCode);
        JsonElement failure = ReadJson(json).GetProperty("failures")[0];
        Assert.AreEqual("NaN", failure.GetProperty("reference").GetString());
        Assert.AreEqual("Infinity", failure.GetProperty("fraction").GetString());
    }

    [TestMethod]
    [DataRow("stat", "")]
    [DataRow("grad", "cotangent")]
    [DataRow("jvp", "tangent")]
    public void A_set_that_holds_less_is_checked_for_what_it_has(string role, string needed)
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases => RemoveRoles(cases, role, needed),
            [.. OperationRegistry.All.Select(operation => operation.Name)]);
        CliResult result = Cli.Run("verify", set, "--dtype", "f32");
        Assert.AreEqual(0, result.ExitCode, result.Out);
        CliResult reference = Cli.Run("verify", set, "--backend", "reference");
        Assert.AreEqual(0, reference.ExitCode, reference.Out);
    }

    [TestMethod]
    public void A_set_of_outputs_without_attributes_passes_where_the_defaults_fit()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                RemoveRoles(cases, "stat", "grad", "jvp", "tangent", "cotangent");
                Keep(cases, 1);
                cases[0]!.AsObject().Remove("attributes");
                cases[0]!.AsObject().Remove("tags");
                cases[0]!.AsObject().Remove("overflows");
            },
            "layer_norm");
        CliResult result = Cli.Run("verify", set, "--dtype", "f32");
        Assert.AreEqual(0, result.ExitCode, result.Out);
    }

    [TestMethod]
    public void A_gradient_that_cannot_be_computed_is_not_passed_over()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                Keep(cases, 1);
                RemoveRoles(cases, "cotangent");
            },
            "layer_norm");
        CliResult result = Cli.Run("verify", set);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("dx: was not computed", result.Out);
    }

    [TestMethod]
    public void A_case_with_nothing_to_compare_is_skipped()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                Keep(cases, 1);
                RemoveRoles(cases, "output", "stat", "grad", "jvp");
            },
            "layer_norm");
        CliResult result = Cli.Run("verify", set);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("the case has nothing to compare with", result.Out);
        Assert.Contains("no case was run of layer_norm", result.Out);
    }

    [TestMethod]
    public void A_case_that_cannot_be_run_fails_and_the_others_are_run()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                Keep(cases, 4);
                cases[0]!["tensors"]!["x"]!["array"] = "gone";
                cases[1]!["attributes"]!["normalized_shape"] = new JsonArray(4);
                cases[2]!["attributes"]!["eps"] = "much";
            },
            "layer_norm");
        CliResult result = Cli.Run("verify", set);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("holds no array 'gone'", result.Out);
        Assert.Contains("normalized_shape (4,) is not how the shape (5, 7) of x ends", result.Out);
        Assert.Contains("the attribute 'eps' is '\"much\"', not a number", result.Out);
        Assert.AreEqual("1 cases passed, 3 failed, 0 skipped", result.Lines[^1]);
    }

    [TestMethod]
    public void A_long_list_of_failures_is_cut_in_print_and_whole_in_json()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(
            temp,
            cases =>
            {
                foreach (JsonNode? normCase in cases)
                {
                    normCase!["tensors"]!["x"]!["array"] = "gone";
                }
            },
            "layer_norm",
            "rms_norm");
        string json = temp.PathOf("report.json");
        CliResult result = Cli.Run("verify", set, "--dtype", "f32", "--json", json);
        int failures = ReadJson(json).GetProperty("failures").GetArrayLength();
        Assert.IsGreaterThan(50, failures);
        Assert.AreEqual(50, result.Lines.Count(line => line.StartsWith("FAILED: ", StringComparison.Ordinal)));
        Assert.Contains($"and {failures - 50} more", result.Lines);
    }

    [TestMethod]
    public void Saved_results_are_float64_under_their_names_with_their_shapes()
    {
        using TempDirectory temp = new();
        string saved = temp.PathOf("saved/here");
        CliResult result = Cli.Run(
            "verify", Cli.Golden, "--op", "add_layer_norm", "--backend", "reference", "--save", saved);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        using CaseSet set = CaseSet.Load(Cli.Golden);
        int count = 0;
        foreach (NormCase normCase in set.Cases.Where(normCase => normCase.Op == "add_layer_norm"))
        {
            using NpzArchive archive = NpzArchive.Open(Path.Combine(saved, normCase.Id + ".npz"));
            CaseTensor[] wanted =
            [
                .. normCase.Tensors.Where(tensor =>
                    tensor.Role is TensorRole.Output or TensorRole.Stat or TensorRole.Grad or TensorRole.Jvp),
            ];
            CollectionAssert.AreEqual(wanted.Select(tensor => tensor.Name).ToArray(), archive.Keys);
            foreach (CaseTensor tensor in wanted)
            {
                NpyArray array = archive.Read(tensor.Name);
                Assert.AreEqual(NpyKind.Float64, array.Kind);
                TensorComparison comparison = TensorComparison.Compare(
                    array, set.Read(tensor), tensor, Tolerance.Default(CaseDtype.Float64));
                Assert.IsTrue(comparison.Passed, $"{normCase.Id} {tensor.Name}: {comparison.Message}");
            }

            count++;
        }

        Assert.HasCount(count, Directory.GetFiles(saved));
        Assert.IsEmpty(Directory.GetDirectories(saved));
    }

    [TestMethod]
    public void A_case_that_runs_twice_has_its_16_bit_results_apart()
    {
        using TempDirectory temp = new();
        string set = Cli.CopyGolden(temp, cases =>
        {
            foreach (JsonNode? other in cases.Where(node => (string)node!["input_dtype"]! == "float32").ToArray())
            {
                _ = cases.Remove(other);
            }
        }, "layer_norm");
        string both = temp.PathOf("both");
        string one = temp.PathOf("one");
        Assert.AreEqual(0, Cli.Run("verify", set, "--save", both).ExitCode);
        Assert.AreEqual(0, Cli.Run("verify", set, "--save", one, "--dtype", "f16").ExitCode);
        string[] half = [.. Directory.GetFiles(one).Select(file => Path.GetFileName(file))];
        string[] apart = [.. Directory.GetFiles(Path.Combine(both, "f16")).Select(file => Path.GetFileName(file))];
        CollectionAssert.AreEquivalent(half, apart);
        Assert.IsNotEmpty(Directory.GetFiles(Path.Combine(both, "bf16")));
        foreach (string file in half)
        {
            Assert.IsTrue(File.Exists(Path.Combine(both, file)));
            CollectionAssert.AreEqual(
                File.ReadAllBytes(Path.Combine(one, file)), File.ReadAllBytes(Path.Combine(both, "f16", file)));
        }
    }

    [TestMethod]
    public void Bad_arguments_are_refused_in_one_line()
    {
        using TempDirectory temp = new();
        Cli.Refused(["verify"], "DIR");
        Cli.Refused(["verify", temp.PathOf("nowhere")], "there is no such directory");
        Cli.Refused(["verify", temp.Root], "holds no manifest.json");
        Cli.Refused(["verify", Cli.Golden, "--op", "nonsense"], "'nonsense' is not an operation", "layer_norm");
        Cli.Refused(["verify", Cli.Golden, "--op", ","], "--op");
        Cli.Refused(["verify", Cli.Golden, "--backend", "gpu"], "'gpu' is not one of reference|cpu|emu|cuda");
        Cli.Refused(["verify", Cli.Golden, "--backend"], "--backend");
        Cli.Refused(["verify", Cli.Golden, "--isa", "sse"], "'sse' is not one of scalar|avx2|avx512|neon");
        Cli.Refused(["verify", Cli.Golden, "--isa", "avx2", "--backend", "reference"], "--isa is for --backend cpu");
        Cli.Refused(["verify", Cli.Golden, "--isa", "avx2", "--backend", "emu"], "--isa is for --backend cpu");
        Cli.Refused(["verify", Cli.Golden, "--dtype", "f64"], "'f64' is not one of f32|f16|bf16");
        Cli.Refused(["verify", Cli.Golden, "--threads", "0"], "--threads: '0'");
        Cli.Refused(["verify", Cli.Golden, "--threads", "many"], "--threads: 'many'");
        Cli.Refused(["verify", Cli.Golden, "--frob"], "'--frob' is not an option here");
        Cli.Refused(["verify", Cli.Golden, "more"], "'more'");
        Cli.Refused(["verify", Cli.Golden, "--json", temp.PathOf("no/where.json")], "there is no directory");
        string file = temp.Write("file", "");
        Cli.Refused(["verify", Cli.Golden, "--op", "layer_norm", "--save", file], "cannot be made a directory");
        string broken = temp.Write("broken/manifest.json", "{");
        Cli.Refused(["verify", Path.GetDirectoryName(broken)!], "is not valid JSON");
    }

    [TestMethod]
    public void An_instruction_set_that_is_not_here_is_refused()
    {
        // No processor has those of two architectures.
        string[] sets = ["avx2", "avx512", "neon"];
        string[] absent = [.. sets.Except(Cli.InstructionSets)];
        Assert.IsNotEmpty(absent);
        foreach (string isa in absent)
        {
            Cli.Refused(["verify", Cli.Golden, "--isa", isa], $"--isa {isa} is not available here");
        }
    }

    private static IEnumerable<NormCase> GoldenCases(string op)
    {
        using CaseSet set = CaseSet.Load(Cli.Golden);
        return set.Cases.Where(normCase => normCase.Op == op);
    }

    private static JsonElement ReadJson(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.Clone();
    }

    private static void Keep(JsonArray cases, int count)
    {
        while (cases.Count > count)
        {
            cases.RemoveAt(count);
        }
    }

    private static void RemoveRoles(JsonArray cases, params string[] roles)
    {
        foreach (JsonNode? normCase in cases)
        {
            JsonObject tensors = normCase!["tensors"]!.AsObject();
            string[] names =
            [
                .. tensors.Where(pair => roles.Contains((string)pair.Value!["role"]!)).Select(pair => pair.Key),
            ];
            foreach (string name in names)
            {
                _ = tensors.Remove(name);
            }
        }
    }
}
