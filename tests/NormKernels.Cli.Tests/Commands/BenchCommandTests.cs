using System.IO;
using System.Linq;
using System.Text.Json;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Tests.Commands;

[TestClass]
[DoNotParallelize]
public sealed class BenchCommandTests
{
    [TestMethod]
    [DataRow("f32")]
    [DataRow("f16")]
    [DataRow("bf16")]
    public void Every_operation_and_verb_is_checked_and_timed(string dtype)
    {
        using TempDirectory temp = new();
        string json = temp.PathOf("bench.json");
        CliResult result = Cli.Run("bench", "--rows", "7", "--cols", "33", "--dtype", dtype, "--seconds", "0", "--json", json);
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement[] results = [.. document.RootElement.GetProperty("results").EnumerateArray()];
        Assert.HasCount(OperationRegistry.All.Sum(operation => operation.Verbs.Length), results);
        foreach (JsonElement row in results)
        {
            Assert.AreEqual(dtype, row.GetProperty("dtype").GetString());
            Assert.IsGreaterThan(0, row.GetProperty("seconds").GetDouble());
            Assert.IsGreaterThan(0, row.GetProperty("ratio_to_copy").GetDouble());
            bool composed = dtype == "f32" && row.GetProperty("verb").GetString() == "forward"
                && OperationRegistry.Find(row.GetProperty("op").GetString()!) is RowNormOperation;
            Assert.AreEqual(
                composed ? JsonValueKind.Number : JsonValueKind.Null,
                row.GetProperty("ratio_to_tensor_primitives").ValueKind);
        }

        JsonElement forward = results.Single(row =>
            row.GetProperty("op").GetString() == "layer_norm" && row.GetProperty("verb").GetString() == "forward");
        int element = dtype == "f32" ? 4 : 2;
        // x and y, weight and bias, mean and rstd.
        Assert.AreEqual(
            2 * 7 * 33 * element + 2 * 33 * element + 2 * 7 * 4, forward.GetProperty("bytes_moved").GetInt64());
    }

    [TestMethod]
    public void The_reference_and_chosen_operations_can_be_timed()
    {
        CliResult result = Cli.Run(
            "bench", "rms_norm,layer_norm", "add_rms_norm", "--rows", "3", "--cols", "17", "--seconds", "0.001",
            "--backend", "reference");
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        Assert.HasCount(11, result.Lines);
        Assert.AreEqual("backend reference, threads 1", result.Lines[0]);
        Assert.Contains("f64", result.Lines[2]);
    }

    [TestMethod]
    public void One_row_and_one_column_can_be_timed()
    {
        Assert.AreEqual(0, Cli.Run("bench", "--rows", "1", "--cols", "1", "--seconds", "0").ExitCode);
        Assert.AreEqual(
            0, Cli.Run("bench", "layer_norm", "--rows", "300", "--cols", "500", "--threads", "2").ExitCode);
    }

    [TestMethod]
    public void More_elements_than_are_checked_whole_are_checked_in_parts()
    {
        string[] ops = [.. OperationRegistry.All.Where(operation => operation is NormOperation).Select(op => op.Name)];
        Assert.HasCount(10, ops);
        CliResult result = Cli.Run(["bench", .. ops, "--rows", "300", "--cols", "600", "--seconds", "0"]);
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        Assert.Contains("forward-channels-last", result.Out);
    }

    [TestMethod]
    public void Bad_arguments_are_refused_in_one_line()
    {
        Cli.Refused(["bench", "nonsense"], "'nonsense' is not an operation");
        Cli.Refused(["bench", "--rows", "4"], "--rows and --cols");
        Cli.Refused(["bench", "--rows", "0", "--cols", "4"], "--rows: '0'");
        Cli.Refused(["bench", "--rows", "4", "--cols", "x"], "--cols: 'x'");
        Cli.Refused(["bench", "--rows", "65536", "--cols", "32768"], "a span holds at most 2147483647");
        Cli.Refused(["bench", "--rows", "9223372036854775807", "--cols", "2"], "too many");
        Cli.Refused(["bench", "--seconds", "-1"], "--seconds: '-1' is not a number from 0 to 3600");
        Cli.Refused(["bench", "--backend", "reference", "--dtype", "f32"], "--dtype is for kernels");
    }
}
