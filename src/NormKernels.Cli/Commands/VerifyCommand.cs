using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.CommandLine;
using System.IO;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Cli.Verification;
using NormKernels.Layers.Files;

namespace NormKernels.Cli.Commands;

/// <summary><c>normkernels verify</c>: holds what a backend computes against a set of cases.</summary>
internal static class VerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Func<CommandOutput> output)
    {
        Argument<string> directory = new("DIR")
        {
            Description = "Directory with manifest.json and the .npz files that it names.",
        };
        Option<string[]> ops = new("--op")
        {
            Description = "Operations to check, with commas between them; all that the set has if not given.",
            HelpName = "a,b",
        };
        Option<string> save = new("--save")
        {
            Description = "Writes OUT/<case id>.npz with every result that the case lists, as float64. A case that "
                + "runs in float32 and in its own 16-bit format as well has the second in OUT/f16 or OUT/bf16.",
            HelpName = "OUT",
        };
        Option<string> json = new("--json")
        {
            Description = "Writes the whole report, all failures included.",
            HelpName = "FILE",
        };
        Command command = new(
            "verify", "Check a backend against a set of cases. Exit code 0: all passed, 1: some failed.")
        {
            directory, ops, save, json,
        };
        TargetOptions target = new(
            command,
            "Checks this format alone. If not given, kernels are checked in f32 on all cases and f16 and bf16 on the cases with "
            + "inputs of that format; reference computes in float64 always, and f16 and bf16 only choose its cases.");
        command.SetAction(parsed =>
        {
            (BackendKind backend, CpuOptions options) = target.Read(parsed);
            return Verify(
                output(),
                parsed.GetValue(directory)!,
                parsed.GetValue(ops),
                backend,
                options,
                target.Dtype(parsed),
                parsed.GetValue(save),
                parsed.GetValue(json));
        });
        return command;
    }

    /// <summary>Runs the command; the result is its exit code.</summary>
    /// <exception cref="InvalidDataException">The arguments do not fit; one line.</exception>
    public static int Verify(
        CommandOutput output,
        string directory,
        string[]? ops,
        BackendKind backend,
        CpuOptions options,
        CaseDtype? dtype,
        string? save,
        string? json)
    {
        if (json is not null)
        {
            OutputFiles.RequireWritable(json);
        }

        using CaseSet set = CaseSet.Load(directory);
        ImmutableArray<string> inSet = [.. set.Cases.Select(normCase => normCase.Op).Distinct(StringComparer.Ordinal)];
        ImmutableArray<string> chosen = ops is not { Length: > 0 } ? inSet : OpList.Split(ops);
        if (ops is { Length: > 0 } && chosen.IsEmpty)
        {
            throw new InvalidDataException($"--op names no operation; there are {OperationRegistry.Names}");
        }

        foreach (string op in chosen)
        {
            if (!inSet.Contains(op) && OperationRegistry.Find(op) is null)
            {
                throw new InvalidDataException(
                    $"--op: {ErrorText.Quote(op)} is not an operation; there are {OperationRegistry.Names}");
            }
        }

        CaseDtype main = backend == BackendKind.Reference ? CaseDtype.Float64 : dtype ?? CaseDtype.Float32;
        ComputeTarget target = new(backend, main, options);
        Verifier verifier = new(set, target, dtype, save);
        CaseRun[] planned =
        [
            .. set.Cases.Where(normCase => chosen.Contains(normCase.Op)).SelectMany(verifier.Plan),
        ];
        List<CaseRun> runs = [];
        output.WithProgress("verify", planned.Length, advance =>
        {
            foreach (CaseRun run in planned)
            {
                runs.Add(verifier.Run(run));
                advance();
            }
        });

        VerificationReport report = new(chosen, [.. runs]);
        if (json is not null)
        {
            Json.Write(json, report.ToJson(set, target));
        }

        output.WriteLine($"{set.Name}: backend {target.Title}");
        report.Print(output);
        return report.Success ? 0 : 1;
    }
}
