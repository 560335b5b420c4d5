using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

using NormKernels.Cli.Operations;
using NormKernels.Cuda;
using NormKernels.Cuda.Interop;

namespace NormKernels.Cli.Commands;

/// <summary>
/// <c>normkernels info</c>: what this machine has. Where the native library cannot be used it says so, and why.
/// </summary>
internal static class InfoCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Func<CommandOutput> output)
    {
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("info", "Show the processor, its instruction sets, the native library and CUDA devices.")
        {
            json,
        };
        command.SetAction(parsed =>
        {
            Print(output(), parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    /// <summary>Prints it.</summary>
    public static void Print(CommandOutput output, bool json)
    {
        string? cap = Environment.GetEnvironmentVariable(NativeState.CapVariable);
        cap = string.IsNullOrEmpty(cap) ? null : cap;
        InstructionSet? best = NativeState.TryLoad(out string reason);
        bool loaded = best is not null;
        InstructionSet? hardware = loaded ? CpuBackend.HardwareInstructionSet : null;
        string[] available = best is null ? [] : [.. Enum.GetValues<InstructionSet>()
            .Where(isa => isa != InstructionSet.Best && CpuBackend.IsSupported(isa))
            .Select(Names.Of)];
        CudaAvailability cuda = CudaDevice.Availability;
        string cpu = CpuModel() ?? RuntimeInformation.ProcessArchitecture.ToString();
        if (json)
        {
            output.WriteLine(Json.Format(new
            {
                cpu = new { model = cpu, processors = Environment.ProcessorCount },
                instruction_sets = new
                {
                    hardware = hardware is null ? null : Names.Of(hardware.Value),
                    nk_max_isa = cap,
                    available,
                    chosen = best is null ? null : Names.Of(best.Value),
                },
                native_library = new
                {
                    loaded,
                    path = loaded ? CpuBackend.LibraryPath : null,
                    version = loaded ? CpuBackend.NativeVersion : null,
                    error = loaded ? null : OneLine.Of(reason),
                },
                runtime = new
                {
                    framework = RuntimeInformation.FrameworkDescription,
                    rid = RuntimeInformation.RuntimeIdentifier,
                    os = RuntimeInformation.OSDescription,
                },
                cuda = new
                {
                    state = cuda.State.ToString(),
                    devices = cuda.IsAvailable
                        ? Enumerable.Range(0, CudaDevice.Count).Select(i => CudaDevice.Get(i).ToString()).ToArray()
                        : [],
                    library = CudaLibraryLoader.LoadedPath,
                    error = cuda.IsAvailable ? null : cuda.Description,
                },
                operations = OperationRegistry.All.Select(operation => operation.Name).ToArray(),
            }));
            return;
        }

        string isas = best is null
            ? $"unknown without the native library ({NativeState.CapVariable} is {cap ?? "not set"})"
            : $"{string.Join(", ", available)}; chosen {Names.Of(best.Value)}, hardware {Names.Of(hardware!.Value)}, "
                + $"{NativeState.CapVariable} {cap ?? "not set"}";
        string library = loaded ? $"{CpuBackend.LibraryPath}, version {CpuBackend.NativeVersion}" : "cannot be used";
        IEnumerable<(string, string)> lines =
        [
            ("processor", $"{cpu}, {Environment.ProcessorCount} logical processors"),
            ("instruction sets", isas),
            ("native library", library),
            ("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, "
                + RuntimeInformation.OSDescription),
            ("CUDA devices", cuda.IsAvailable ? cuda.Description : $"none: {cuda.Description}"),
            ("operations", OperationRegistry.Names),
        ];
        foreach ((string name, string value) in lines)
        {
            output.WriteLine($"{name + ":",-18}{OneLine.Of(value)}");
        }

        if (!loaded)
        {
            output.WriteLine();
            output.WriteLine(reason);
        }
    }

    private static string? CpuModel()
    {
        const string file = "/proc/cpuinfo";
        try
        {
            string? line = File.Exists(file)
                ? File.ReadLines(file).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal))
                : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
                ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
