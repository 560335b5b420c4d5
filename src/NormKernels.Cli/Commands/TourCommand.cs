using System;
using System.CommandLine;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Commands;

/// <summary><c>normkernels tour</c>: what a person sees who has just built this.</summary>
internal static class TourCommand
{
    // One of each kind; the rest would take a minute.
    private static readonly string[] _timed = ["layer_norm", "add_rms_norm", "group_norm", "l2_normalize"];

    /// <summary>The command.</summary>
    public static Command Create(Func<CommandOutput> output)
    {
        Option<string> golden = new("--golden")
        {
            Description = "The set of cases to check.",
            HelpName = "DIR",
            Required = true,
        };
        Command command = new(
            "tour", "Show this machine, check the kernels on the sample cases, and time a few of them.")
        {
            golden,
        };
        command.SetAction(parsed =>
        {
            CommandOutput console = output();
            console.WriteLine("This machine (normkernels info)");
            InfoCommand.Print(console, json: false);

            _ = NativeState.RequireLoaded();
            console.WriteLine();
            console.WriteLine("Kernels against sample cases (normkernels verify)");
            int checks = VerifyCommand.Verify(
                console,
                parsed.GetValue(golden)!,
                [.. OperationRegistry.All.Select(operation => operation.Name)],
                BackendKind.Cpu,
                default,
                dtype: null,
                save: null,
                json: null);

            console.WriteLine();
            console.WriteLine("Speed on one thread (normkernels bench)");
            int times = BenchCommand.Bench(
                console,
                OperationRegistry.All.Where(operation => _timed.Contains(operation.Name)),
                [(64, 1024), (4096, 4096)],
                new ComputeTarget(BackendKind.Cpu, CaseDtype.Float32, default),
                budget: null,
                json: null);
            return Math.Max(checks, times);
        });
        return command;
    }
}
