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

/// <summary>What holds for every operation that is registered.</summary>
[TestClass]
public sealed class EveryOperationTests
{
    private static readonly JsonArray _manifest =
        JsonNode.Parse(File.ReadAllText(Path.Combine(Cli.Golden, "manifest.json")))!["cases"]!.AsArray();

    private static readonly string[] _backends = ["cpu", "reference"];

    private static readonly string[] _threads = ["1", "3"];

    private static readonly float[] _one = [1.5f];

    // No golden case has it.
    private static readonly NpyArray _misfit = new(new float[2 * 3 * 97], 2, 3, 97);

    public static IEnumerable<object[]> Operations =>
        OperationRegistry.All.Select(operation => new object[] { operation.Name });

    public static IEnumerable<object[]> OperationsAndBackends =>
        from operation in OperationRegistry.All
        from backend in _backends
        select new object[] { operation.Name, backend };

    [TestMethod]
    public void They_are_the_operators_of_the_golden_set() => CollectionAssert.AreEquivalent(
        _manifest.Select(node => (string)node!["op"]!).Distinct().ToArray(),
        OperationRegistry.All.Select(operation => operation.Name).ToArray());

    [TestMethod]
    [DynamicData(nameof(OperationsAndBackends))]
    public void Run_gives_from_files_what_verify_computes(string op, string backend)
    {
        using TempDirectory temp = new();
        string saved = temp.PathOf("saved");
        string[] dtype = backend == "cpu" ? ["--dtype", "f32"] : [];
        _ = Cli.Run(["verify", Cli.Golden, "--op", op, "--backend", backend, "--save", saved, .. dtype]);
        using CaseSet set = CaseSet.Load(Cli.Golden);
        foreach (NormCase normCase in set.Cases.Where(normCase => normCase.Op == op))
        {
            string output = temp.PathOf("all.npz");
            CliResult result = Cli.Run(
                ["run", op, .. Options(set, normCase, temp), "--output", output, "--backend", backend]);
            Assert.AreEqual(0, result.ExitCode, normCase.Id + ": " + result.Error);
            using NpzArchive computed = NpzArchive.Open(output);
            using NpzArchive verified = NpzArchive.Open(Path.Combine(saved, normCase.Id + ".npz"));
            foreach (CaseTensor tensor in normCase.Tensors.Where(tensor =>
                tensor.Role is TensorRole.Output or TensorRole.Stat))
            {
                NpyArray actual = computed.Read(tensor.Name);
                NpyArray wanted = verified.Read(tensor.Name);
                string where = $"{normCase.Id} {tensor.Name}";
                CollectionAssert.AreEqual(wanted.Shape.ToArray(), actual.Shape.ToArray(), where);
                CollectionAssert.AreEqual(wanted.ToDoubles(), actual.ToDoubles(), where);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Operations))]
    public void An_input_that_is_missing_is_named(string op)
    {
        Operation operation = OperationRegistry.Find(op)!;
        foreach (OperationInput input in operation.Inputs.Where(input => input.Required))
        {
            using TempDirectory temp = new();
            string set = CopyFirstCase(temp, op, normCase => normCase["tensors"]!.AsObject().Remove(input.Name));
            CliResult result = Cli.Run("verify", set);
            Assert.AreEqual(1, result.ExitCode);
            Assert.Contains($"f32: {input.Name} is missing", result.Out);

            bool first = input.Name == operation.Inputs[0].Name;
            Cli.Refused(["run", op, "--output", temp.PathOf("y.npy")], first ? "--input" : Option(input.Name));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Operations))]
    public void A_tensor_that_does_not_fit_is_named(string op)
    {
        Operation operation = OperationRegistry.Find(op)!;
        IEnumerable<string> names = operation.Inputs.Skip(1).Select(input => input.Name)
            .Concat(operation.Inputs.Select(input => "tan_" + input.Name))
            .Append("ct_" + operation.Outputs[0]);
        foreach (string name in names)
        {
            using TempDirectory temp = new();
            string set = CopyFirstCase(temp, op, normCase =>
            {
                if (normCase["tensors"]![name] is { } tensor)
                {
                    NpyFile.Write(temp.PathOf("misfit.npy"), _misfit);
                    tensor["file"] = "misfit.npy";
                    tensor["shape"] = new JsonArray(2, 3, 97);
                    tensor["dtype"] = "float32";
                }
            });
            if (File.Exists(temp.PathOf("misfit.npy")))
            {
                CliResult result = Cli.Run("verify", set);
                Assert.AreEqual(1, result.ExitCode, name);
                Assert.Contains($"f32: {name} has the shape (2, 3, 97)", result.Out);
                Assert.HasCount(2, result.Lines.Where(line => line.Contains("FAILED", StringComparison.Ordinal)
                    || line.Contains("0 cases passed, 1 failed", StringComparison.Ordinal)));
            }
        }
    }

    [TestMethod]
    [DataRow("group_norm --num-groups 4")]
    [DataRow("group_norm --num-groups 3 --layout NHWC")]
    [DataRow("instance_norm")]
    [DataRow("instance_norm --layout NHWC")]
    [DataRow("batch_norm_train")]
    [DataRow("batch_norm_train --layout NHWC")]
    [DataRow("batch_norm_stateless")]
    [DataRow("weight_norm --dim none --g {one}")]
    [DataRow("l2_normalize")]
    [DataRow("l2_normalize --p 3 --dim -1")]
    [DataRow("vector_norm --dim 1,3")]
    [DataRow("vector_norm --ord 0.5")]
    [DataRow("matrix_norm --dim 0,2 --ord -inf")]
    [DataRow("matrix_norm --ord nuc")]
    [DataRow("normalize_along_dim --dim 1")]
    public void Every_instruction_set_and_number_of_threads_gives_the_same_bytes(string command)
    {
        using TempDirectory temp = new();
        Random random = new(1);
        string x = temp.PathOf("x.npy");
        NpyFile.Write(x, new NpyArray(
            Enumerable.Range(0, 8 * 64 * 20 * 9).Select(_ => random.NextSingle() - 0.5f).ToArray(), 8, 64, 20, 9));
        string one = temp.PathOf("one.npy");
        NpyFile.Write(one, new NpyArray(_one));
        string output = temp.PathOf("all.npz");
        string[] args = command.Replace("{one}", one, StringComparison.Ordinal).Split(' ');
        List<byte[]> written = [];
        foreach (string isa in Cli.InstructionSets)
        {
            foreach (string threads in _threads)
            {
                CliResult result = Cli.Run(
                    ["run", .. args, "--input", x, "--output", output, "--isa", isa, "--threads", threads]);
                Assert.AreEqual(0, result.ExitCode, result.Error);
                written.Add(File.ReadAllBytes(output));
            }
        }

        foreach (byte[] bytes in written)
        {
            CollectionAssert.AreEqual(written[0], bytes);
        }
    }

    // The inputs of a case as files, and its attributes.
    private static List<string> Options(CaseSet set, NormCase normCase, TempDirectory temp)
    {
        Operation operation = OperationRegistry.Find(normCase.Op)!;
        List<string> options = [];
        foreach (OperationInput input in operation.Inputs)
        {
            if (normCase.Find(input.Name) is { } tensor)
            {
                NpyArray array = set.Read(tensor);
                string path = temp.PathOf(input.Name + ".npy");
                NpyFile.Write(path, new NpyArray(array.ToFloats(), array.Shape));
                options.AddRange([options.Count == 0 ? "--input" : Option(input.Name), path]);
            }
        }

        JsonObject attributes =
            _manifest.Single(node => (string)node!["id"]! == normCase.Id)!["attributes"]!.AsObject();
        if (attributes["normalized_shape"] is { } normalized)
        {
            options.AddRange(["--normalized-axes", $"{normalized.AsArray().Count}"]);
        }

        foreach (OperationAttribute attribute in operation.Attributes)
        {
            if (attributes.TryGetPropertyValue(attribute.Name, out JsonNode? value)
                && (value is not null || attribute.MayBeNone))
            {
                options.AddRange([Option(attribute.Name), Text(value)]);
            }
        }

        return options;
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "none",
        JsonArray list => string.Join(',', list.Select(item => item!.ToJsonString())),
        _ when value.GetValueKind() == JsonValueKind.String => (string)value!,
        _ => value.ToJsonString(),
    };

    private static string Option(string name) => "--" + name.Replace('_', '-');

    // A set of the first case that has everything an operation can be given.
    private static string CopyFirstCase(TempDirectory temp, string op, Action<JsonNode> change) => Cli.CopyGolden(
        temp,
        cases =>
        {
            int most = cases.Max(Count);
            JsonNode chosen = cases.First(node => Count(node) == most)!;
            foreach (JsonNode? other in cases.Where(node => node != chosen).ToArray())
            {
                _ = cases.Remove(other);
            }

            change(chosen);
        },
        op);

    private static int Count(JsonNode? normCase) => normCase!["tensors"]!.AsObject().Count;
}
