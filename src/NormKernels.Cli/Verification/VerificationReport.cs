using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Commands;
using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Verification;

/// <summary>What came of a whole set.</summary>
/// <param name="Ops">The operations that were to be run.</param>
/// <param name="Runs">Every case in every format.</param>
internal sealed record VerificationReport(ImmutableArray<string> Ops, ImmutableArray<CaseRun> Runs)
{
    private const int MaxPrintedFailures = 50;

    /// <summary>Cases that ran and passed in every format they ran in.</summary>
    public int Passed => Cases.Count(runs => runs.Any(run => run.Passed) && !runs.Any(run => run.Failed));

    /// <summary>Cases that failed in some format.</summary>
    public int Failed => Cases.Count(runs => runs.Any(run => run.Failed));

    /// <summary>Cases that ran in no format.</summary>
    public int Skipped => Cases.Count(runs => runs.All(run => run.SkipReason is not null));

    /// <summary>Operations of which nothing was checked.</summary>
    public IEnumerable<string> OpsWithoutCases =>
        Ops.Where(op => !Runs.Any(run => run.Case.Op == op && run.SkipReason is null));

    /// <summary>Whether everything was run and right.</summary>
    public bool Success => Failed == 0 && Ops.Length != 0 && !OpsWithoutCases.Any();

    /// <summary>The last line of the report.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture, $"{Passed} cases passed, {Failed} failed, {Skipped} skipped");

    private IEnumerable<IGrouping<string, CaseRun>> Cases => Runs.GroupBy(run => run.Case.Id, StringComparer.Ordinal);

    private IEnumerable<(CaseRun Run, TensorCheck Check)> Failures =>
        Runs.SelectMany(run => run.Checks.Where(check => !check.Passed).Select(check => (run, check)));

    /// <summary>Writes it for people; the last line is the summary.</summary>
    public void Print(CommandOutput output)
    {
        output.WriteTable(
            ["op ", "dtype ", "cases", "passed", "failed", "skipped", "worst/tolerance", "in "],
            Groups().Select(group => (IEnumerable<string>)[
                group.Op,
                Names.Of(group.Dtype),
                Count(group.Runs.Length),
                Count(group.Runs.Count(run => run.Passed)),
                Count(group.Runs.Count(run => run.Failed)),
                Count(group.Runs.Count(run => run.SkipReason is not null)),
                group.Worst is { } worst ? Fraction(worst.Check.WorstFraction) : "-",
                group.Worst is { } there ? Place(there.Run, there.Check) : "-",
            ]));
        PrintSkips(output);
        PrintFailures(output);
        string[] without = [.. OpsWithoutCases];
        if (without.Length != 0)
        {
            output.WriteLine($"FAILED: no case was run of {string.Join(", ", without)}");
        }

        if (Ops.Length == 0)
        {
            output.WriteLine("FAILED: the set has no cases");
        }

        output.WriteLine(Summary);
    }

    /// <summary>All of it, for JSON.</summary>
    public object ToJson(CaseSet set, ComputeTarget target) => new
    {
        set = set.Name,
        backend = Names.Of(target.Backend),
        isa = target.InstructionSetName,
        threads = target.Threads,
        success = Success,
        passed = Passed,
        failed = Failed,
        skipped = Skipped,
        ops_without_cases = OpsWithoutCases.ToArray(),
        ops = Groups().Select(group => new
        {
            op = group.Op,
            dtype = Names.Of(group.Dtype),
            cases = group.Runs.Length,
            passed = group.Runs.Count(run => run.Passed),
            failed = group.Runs.Count(run => run.Failed),
            skipped = group.Runs.Count(run => run.SkipReason is not null),
            worst_fraction = group.Worst?.Check.WorstFraction,
            worst_case = group.Worst?.Run.Case.Id,
            worst_tensor = group.Worst?.Check.Tensor?.Name,
        }).ToArray(),
        failures = Failures.Select(failure => new
        {
            @case = failure.Run.Case.Id,
            op = failure.Run.Case.Op,
            dtype = Names.Of(failure.Run.Dtype),
            tensor = failure.Check.Tensor?.Name,
            index = Index(failure.Check),
            value = failure.Check.Comparison?.Value,
            reference = failure.Check.Comparison?.Reference,
            fraction = failure.Check.Comparison?.WorstFraction,
            message = failure.Check.Message,
        }).ToArray(),
        skips = Runs.Where(run => run.SkipReason is not null).Select(run => new
        {
            @case = run.Case.Id,
            op = run.Case.Op,
            dtype = Names.Of(run.Dtype),
            reason = run.SkipReason,
        }).ToArray(),
    };

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Fraction(double fraction) => fraction.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Place(CaseRun run, TensorCheck check) => $"{run.Case.Id} {check.Tensor?.Name}".TrimEnd();

    /// <summary>The index along every axis of the worst element; null where nothing was compared.</summary>
    private static long[]? Index(TensorCheck check)
    {
        if (check is not { Tensor: { } tensor, Comparison: { WorstIndex: >= 0 } comparison })
        {
            return null;
        }

        long[] index = new long[tensor.Shape.Length];
        long flat = comparison.WorstIndex;
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            (flat, index[axis]) = Math.DivRem(flat, tensor.Shape[axis]);
        }

        return index;
    }

    private IEnumerable<Group> Groups() =>
        from op in Ops
        from runs in Runs.Where(run => run.Case.Op == op).GroupBy(run => run.Dtype).OrderByDescending(runs => runs.Key)
        select new Group(op, runs.Key, [.. runs]);

    private void PrintSkips(CommandOutput output)
    {
        var reasons = Runs.Where(run => run.SkipReason is not null)
            .GroupBy(run => (run.Case.Op, run.Dtype, run.SkipReason))
            .Select(runs => (runs.Key, Count: runs.Count()));
        foreach (((string op, CaseDtype dtype, string? reason), int count) in reasons)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"skipped: {count} of {op} {Names.Of(dtype)}: {reason}"));
        }
    }

    private void PrintFailures(CommandOutput output)
    {
        int count = 0;
        foreach ((CaseRun run, TensorCheck check) in Failures)
        {
            if (++count > MaxPrintedFailures)
            {
                continue;
            }

            string where = $"FAILED: {run.Case.Id} {Names.Of(run.Dtype)}";
            if (check.Tensor is { } tensor)
            {
                where += $" {tensor.Name}";
            }

            output.WriteLine(check.Comparison is { } comparison && Index(check) is { } index
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{where}[{string.Join(',', index)}]: {comparison.Value:G9}, reference {comparison.Reference:G9}, "
                    + $"error {comparison.WorstFraction:G4} of the tolerance")
                : $"{where}: {check.Message}");
        }

        if (count > MaxPrintedFailures)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and {count - MaxPrintedFailures} more"));
        }
    }

    private sealed record Group(string Op, CaseDtype Dtype, ImmutableArray<CaseRun> Runs)
    {
        /// <summary>Where the error was largest.</summary>
        public (CaseRun Run, TensorCheck Check)? Worst { get; } = Runs
            .SelectMany(run => run.Checks.Select(check => (Run: run, Check: check)))
            .OrderByDescending(pair => pair.Check.WorstFraction)
            .Select(pair => ((CaseRun, TensorCheck)?)pair)
            .FirstOrDefault();
    }
}
