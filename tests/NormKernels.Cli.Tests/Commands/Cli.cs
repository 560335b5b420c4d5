using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Cli.Tests.Commands;

/// <summary>What one run of the program wrote, and its exit code.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Error)
{
    public string[] Lines { get; } = Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Runs the program in this process.</summary>
internal static class Cli
{
    /// <summary>The set of cases of this repository.</summary>
    public static string Golden { get; } = Path.Combine(AppContext.BaseDirectory, "golden");

    /// <summary>Instruction sets that can be asked for here, whatever NK_MAX_ISA says.</summary>
    public static IEnumerable<string> InstructionSets => Enum.GetValues<InstructionSet>()
        .Where(isa => isa != InstructionSet.Best && CpuBackend.IsSupported(isa))
        .Select(isa => isa.ToString().ToLowerInvariant());

    public static CliResult Run(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = Program.Run(args, output, error);
        return new CliResult(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs the program of a folder in a process of its own: a library is loaded once in a process, so what
    /// chooses it, or keeps it from being loaded, needs one.</summary>
    public static CliResult RunProgram(string folder, Dictionary<string, string> environment, params string[] args)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string arg in (string[])[Path.Combine(folder, "NormKernels.Cli.dll"), .. args])
        {
            start.ArgumentList.Add(arg);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    /// <summary>The arguments are refused: exit code 2, nothing on stdout, one line on stderr that says why.</summary>
    public static void Refused(string[] args, params string[] fragments)
    {
        CliResult result = Run(args);
        Assert.AreEqual(2, result.ExitCode, result.Error);
        Assert.AreEqual("", result.Out);
        Assert.StartsWith("error: ", result.Error);
        Assert.EndsWith(Environment.NewLine, result.Error);
        string line = result.Error[..^Environment.NewLine.Length];
        Assert.IsFalse(line.Any(char.IsControl), line);
        foreach (string fragment in fragments)
        {
            Assert.Contains(fragment, line);
        }
    }

    /// <summary>A copy of the golden set whose manifest the caller changes.</summary>
    public static string CopyGolden(TempDirectory temp, Action<JsonArray> change, params string[] ops)
    {
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "manifest.json")))!;
        JsonArray cases = manifest["cases"]!.AsArray();
        foreach (JsonNode? other in cases.Where(node => !ops.Contains((string)node!["op"]!)).ToArray())
        {
            _ = cases.Remove(other);
        }

        change(cases);
        foreach (string op in ops)
        {
            File.Copy(Path.Combine(Golden, op + ".npz"), temp.PathOf(op + ".npz"));
        }

        _ = temp.Write("manifest.json", manifest.ToJsonString());
        return temp.Root;
    }
}
