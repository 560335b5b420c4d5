using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Cli.Tests.Commands;

[TestClass]
public sealed class InfoCommandTests
{
    [TestMethod]
    public void Text_names_what_is_used()
    {
        CliResult result = Cli.Run("info");
        Assert.AreEqual(0, result.ExitCode);
        Assert.AreEqual("", result.Error);
        Assert.Contains(CpuBackend.LibraryPath, result.Out);
        Assert.Contains($"chosen {CpuBackend.BestInstructionSet.ToString().ToLowerInvariant()}", result.Out);
        Assert.HasCount(1, result.Lines.Where(line => line.StartsWith("CUDA devices:", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Json_holds_the_same()
    {
        CliResult result = Cli.Run("info", "--json");
        Assert.AreEqual(0, result.ExitCode);
        using JsonDocument document = JsonDocument.Parse(result.Out);
        JsonElement info = document.RootElement;
        Assert.AreEqual(Environment.ProcessorCount, info.GetProperty("cpu").GetProperty("processors").GetInt32());
        JsonElement sets = info.GetProperty("instruction_sets");
        CollectionAssert.AreEqual(
            Cli.InstructionSets.ToArray(),
            sets.GetProperty("available").EnumerateArray().Select(isa => isa.GetString()).ToArray());
        JsonElement library = info.GetProperty("native_library");
        Assert.IsTrue(library.GetProperty("loaded").GetBoolean());
        Assert.AreEqual(CpuBackend.LibraryPath, library.GetProperty("path").GetString());
        JsonElement cuda = info.GetProperty("cuda");
        bool available = cuda.GetProperty("state").GetString() == "Available";
        Assert.AreEqual(available, cuda.GetProperty("devices").GetArrayLength() != 0);
        Assert.AreEqual(available, cuda.GetProperty("error").GetString() is null);
    }

    [TestMethod]
    public void A_cap_that_is_no_instruction_set_is_told_by_info_and_refused_by_the_rest()
    {
        Dictionary<string, string> environment = new() { ["NK_MAX_ISA"] = "sse9" };
        CliResult info = Cli.RunProgram(AppContext.BaseDirectory, environment, "info");
        Assert.AreEqual(0, info.ExitCode, info.Error);
        Assert.Contains("sse9", info.Out);
        Assert.Contains("cannot be used", info.Out);
        CliResult json = Cli.RunProgram(AppContext.BaseDirectory, environment, "info", "--json");
        Assert.AreEqual(0, json.ExitCode);
        using JsonDocument document = JsonDocument.Parse(json.Out);
        Assert.Contains(
            "sse9", document.RootElement.GetProperty("native_library").GetProperty("error").GetString()!);
        CliResult verify = Cli.RunProgram(AppContext.BaseDirectory, environment, "verify", Cli.Golden);
        Assert.AreEqual(2, verify.ExitCode);
        Assert.HasCount(1, verify.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public void A_missing_library_is_told_by_info_and_refused_by_the_rest()
    {
        using TempDirectory temp = new();
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory)
            .Where(file => !Path.GetFileName(file).StartsWith("libnormkernels", StringComparison.Ordinal)))
        {
            File.Copy(file, temp.PathOf(Path.GetFileName(file)));
        }

        CliResult info = Cli.RunProgram(temp.Root, [], "info");
        Assert.AreEqual(0, info.ExitCode, info.Error);
        Assert.Contains("cannot be used", info.Out);
        Assert.Contains(temp.Root, info.Out);
        CliResult verify = Cli.RunProgram(temp.Root, [], "verify", Cli.Golden);
        Assert.AreEqual(2, verify.ExitCode);
        Assert.HasCount(1, verify.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        CliResult reference = Cli.RunProgram(
            temp.Root, [], "verify", Cli.Golden, "--op", "layer_norm", "--backend", "reference");
        Assert.AreEqual(0, reference.ExitCode, reference.Error);
    }
}
