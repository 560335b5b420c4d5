using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Operations;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Tests.Commands;

/// <summary>The backends emu and cuda, each run in a process of its own. Without the emulation they are skipped.</summary>
[TestClass]
public sealed class DeviceBackendTests
{
    private const string Variable = "NK_CUDA_LIBRARY";

    private static readonly string _emulation = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsMacOS() ? "libnormkernels_emu.dylib" : "libnormkernels_emu.so");

    public static IEnumerable<object[]> Operations =>
        OperationRegistry.All.Select(operation => new object[] { operation.Name });

    [TestMethod]
    [DynamicData(nameof(Operations))]
    public void Emulated_kernels_pass_the_golden_cases(string op)
    {
        CliResult result = Run("verify", Cli.Golden, "--op", op, "--backend", "emu");
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        Assert.AreEqual("", result.Error);
        Assert.Contains("backend emu", result.Lines[0]);
        Assert.Contains(" 0 failed, 0 skipped", result.Lines[^1]);
    }

    [TestMethod]
    [DataRow("layer_norm")]
    [DataRow("vector_norm")]
    public void Run_computes_on_the_device(string op)
    {
        using TempDirectory temp = new();
        double[] values = [.. Enumerable.Range(0, 12).Select(i => Math.Sin(i))];
        string x = temp.PathOf("x.npy");
        NpyFile.Write(x, new NpyArray(values.Select(value => (float)value).ToArray(), [3, 4]));
        (string device, string reference) = (temp.PathOf("device.npy"), temp.PathOf("reference.npy"));
        CliResult result = Run("run", op, "--input", x, "--output", device, "--backend", "emu");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        _ = Cli.Run("run", op, "--input", x, "--output", reference, "--backend", "reference");
        double[] actual = NpyFile.Read(device).ToDoubles();
        double[] expected = NpyFile.Read(reference).ToDoubles();
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], 1e-5);
        }
    }

    [TestMethod]
    public void Bench_compares_calls_with_those_of_the_native_functions()
    {
        using TempDirectory temp = new();
        string json = temp.PathOf("enqueue.json");
        CliResult result = Run("bench", "--enqueue", "--backend", "emu", "--seconds", "0", "--json", json);
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement[] results = [.. document.RootElement.GetProperty("results").EnumerateArray()];
        Assert.HasCount(2, results);
        foreach (JsonElement row in results)
        {
            Assert.IsGreaterThan(0, row.GetProperty("native_nanoseconds").GetDouble());
            Assert.IsGreaterThan(0, row.GetProperty("dotnet_nanoseconds").GetDouble());
            Assert.AreEqual(0, row.GetProperty("managed_bytes").GetDouble());
        }
    }

    [TestMethod]
    [DataRow("cpu", "--seconds", "0")]
    [DataRow("emu", "--dtype", "f16")]
    public void Bench_of_calls_takes_no_other_choices(string backend, string option, string value)
    {
        CliResult result = Run("bench", "--enqueue", "--backend", backend, option, value);
        Assert.AreEqual(2, result.ExitCode, result.Out);
        Assert.Contains("--enqueue measures calls of its own", result.Error);
    }

    [TestMethod]
    public void Bench_checks_and_times()
    {
        CliResult result = Run(
            "bench", "rms_norm", "--rows", "4", "--cols", "64", "--seconds", "0", "--backend", "emu", "--dtype", "bf16");
        Assert.AreEqual(0, result.ExitCode, result.Out + result.Error);
        Assert.AreEqual("backend emu, threads 1", result.Lines[0].TrimEnd());
        Assert.HasCount(2 + 3, result.Lines);
    }

    [TestMethod]
    public void Info_shows_devices()
    {
        Dictionary<string, string> environment = new() { [Variable] = "emu" };
        CliResult text = RunWith(environment, "info");
        Assert.Contains("CUDA devices:     0: CUDA emulated on the CPU", text.Out);
        using JsonDocument json = JsonDocument.Parse(RunWith(environment, "info", "--json").Out);
        JsonElement cuda = json.RootElement.GetProperty("cuda");
        Assert.AreEqual("Available", cuda.GetProperty("state").GetString());
        Assert.AreEqual(1, cuda.GetProperty("devices").GetArrayLength());
        Assert.AreEqual(_emulation, cuda.GetProperty("library").GetString());
    }

    [TestMethod]
    public void Another_library_than_the_one_asked_for_is_refused() => Refused(
        RunWith(new() { [Variable] = "emu" }, "verify", Cli.Golden, "--backend", "cuda"),
        "--backend cuda: ", "has been loaded already; NK_CUDA_LIBRARY is emu");

    [TestMethod]
    [DataRow("no-driver", "DriverMissing", "There is no CUDA driver here")]
    [DataRow("old-driver", "DriverTooOld", "The CUDA driver is too old: it is for CUDA 10.2")]
    [DataRow("no-device", "NoDevice", "has no device (cudaErrorNoDevice: ")]
    public void A_machine_without_a_device_is_told_and_the_processor_works_on(string machine, string state, string why)
    {
        Dictionary<string, string> environment = new() { [Variable] = "emu", ["NK_EMU_MACHINE"] = machine };
        CliResult info = RunWith(environment, "info");
        Assert.AreEqual(0, info.ExitCode, info.Error);
        string line = info.Lines.Single(text => text.StartsWith("CUDA devices:", StringComparison.Ordinal));
        Assert.StartsWith("CUDA devices:     none: ", line);
        Assert.Contains(why, line);
        using JsonDocument json = JsonDocument.Parse(RunWith(environment, "info", "--json").Out);
        Assert.AreEqual(state, json.RootElement.GetProperty("cuda").GetProperty("state").GetString());
        Refused(RunWith(environment, "verify", Cli.Golden, "--backend", "emu"), "--backend emu: ", why);
        CliResult cpu = RunWith(environment, "verify", Cli.Golden, "--op", "rms_norm");
        Assert.AreEqual(0, cpu.ExitCode, cpu.Error);
    }

    [TestMethod]
    public void A_choice_that_is_none_is_told()
    {
        Dictionary<string, string> environment = new() { [Variable] = "gpu" };
        CliResult info = RunWith(environment, "info");
        Assert.AreEqual(0, info.ExitCode, info.Error);
        Assert.Contains("CUDA devices:     none: The environment variable NK_CUDA_LIBRARY is 'gpu'", info.Out);
        Refused(RunWith(environment, "verify", Cli.Golden, "--backend", "emu"), "'gpu'; it may be cuda or emu");
    }

    [TestMethod]
    [DataRow("emu")]
    [DataRow("cuda")]
    public void A_missing_library_is_told_and_the_processor_works_on(string backend)
    {
        using TempDirectory temp = new();
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory)
            .Where(file => !Path.GetFileName(file).StartsWith("libnormkernels_", StringComparison.Ordinal)))
        {
            File.Copy(file, temp.PathOf(Path.GetFileName(file)));
        }

        CliResult info = Cli.RunProgram(temp.Root, new() { [Variable] = backend }, "info");
        Assert.AreEqual(0, info.ExitCode, info.Error);
        string line = info.Lines.Single(text => text.StartsWith("CUDA devices:", StringComparison.Ordinal));
        Assert.Contains($"libnormkernels_{backend}", line);
        Assert.Contains(": not there", line);
        Refused(
            Cli.RunProgram(temp.Root, [], "verify", Cli.Golden, "--backend", backend),
            $"--backend {backend}: ", $"libnormkernels_{backend}", ": not there");
        CliResult cpu = Cli.RunProgram(temp.Root, [], "verify", Cli.Golden, "--op", "rms_norm");
        Assert.AreEqual(0, cpu.ExitCode, cpu.Error);
    }

    private static CliResult Run(params string[] args) => RunWith([], args);

    private static CliResult RunWith(Dictionary<string, string> environment, params string[] args)
    {
        if (!File.Exists(_emulation))
        {
            Assert.Inconclusive($"{_emulation} has not been built.");
        }

        return Cli.RunProgram(AppContext.BaseDirectory, environment, args);
    }

    private static void Refused(CliResult result, params string[] fragments)
    {
        Assert.AreEqual(2, result.ExitCode, result.Error);
        Assert.HasCount(1, result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        foreach (string fragment in fragments)
        {
            Assert.Contains(fragment, result.Error);
        }
    }
}
