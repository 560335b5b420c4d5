using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

using NormKernels.Cli.Commands;
using NormKernels.Cli.Operations;
using NormKernels.Peers;

namespace NormKernels.Cli.Peers;

/// <summary><c>normkernels bench --peers</c>: the table of targets, measured here and now.</summary>
internal static class PeerReport
{
    /// <summary>Measures and prints; 1 if an output was wrong. A target that is missed is no error.</summary>
    public static int Run(CommandOutput output, string? json)
    {
        if (json is not null)
        {
            OutputFiles.RequireWritable(json);
        }

        using IDisposable kept = NativeArena.KeepBlocks();
        using TorchPeer? torch = TorchPeer.Start();
        Func<PeerResult>[] lines = [.. new PeerTable(torch).Lines()];
        List<PeerResult> results = [];
        output.WithProgress("bench --peers", lines.Length, advance =>
        {
            foreach (Func<PeerResult> line in lines)
            {
                results.Add(line());
                advance();
            }
        });
        string isa = Names.Of(CpuBackend.BestInstructionSet);
        if (json is not null)
        {
            Json.Write(json, new { isa, one_dnn = NativePeers.OneDnnVersion, torch = torch?.Version, results });
        }

        output.WriteLine(
            $"cpu {isa}, f32 and one thread unless said; x: times the peer's rate; as a copy: if ours took as long as "
            + "a copy of as many bytes");
        output.WriteTable(
            ["case ", "against ", "measured", "as a copy", "target", "verdict "],
            results.Select(result => (IEnumerable<string>)[
                result.Case,
                result.Peer,
                Number(result.Measured, result.Unit),
                Number(result.AtRateOfCopy, result.Unit),
                (result.AtMost ? "<= " : ">= ") + Number(result.Target, result.Unit),
                result.Verdict + (result.Missing is null ? "" : $": {result.Missing}"),
            ]));
        return results.Exists(result => result.Wrong) ? 1 : 0;
    }

    /// <summary><c>normkernels bench --sweep</c>: the points of the curves over columns.</summary>
    public static int Sweep(CommandOutput output, string? json)
    {
        if (json is not null)
        {
            OutputFiles.RequireWritable(json);
        }

        using IDisposable kept = NativeArena.KeepBlocks();
        using TorchPeer? torch = TorchPeer.Start();
        Func<SweepPoint>[] work = [.. new PeerTable(torch).Sweep()];
        List<SweepPoint> points = [];
        output.WithProgress("bench --sweep", work.Length, advance =>
        {
            foreach (Func<SweepPoint> point in work)
            {
                points.Add(point());
                advance();
            }
        });
        string isa = Names.Of(CpuBackend.BestInstructionSet);
        if (json is not null)
        {
            Json.Write(json, new { isa, one_dnn = NativePeers.OneDnnVersion, torch = torch?.Version, points });
        }

        output.WriteLine($"cpu {isa}, forward, f32, one thread; nanoseconds a row");
        output.WriteTable(
            ["op ", "rows", "cols", "against ", "ours", "peer"],
            points.Select(point => (IEnumerable<string>)[
                point.Op,
                point.Rows.ToString(CultureInfo.InvariantCulture),
                point.Cols.ToString(CultureInfo.InvariantCulture),
                point.Peer + (point.Missing is null ? "" : $": {point.Missing}"),
                Nanoseconds(point.OursNanoseconds),
                Nanoseconds(point.PeerNanoseconds),
            ]));
        return 0;
    }

    private static string Nanoseconds(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";

    private static string Number(double? measured, string unit) => measured is not { } value ? "-"
        : unit == "x" ? value.ToString("0.00", CultureInfo.InvariantCulture) + "x"
        : value.ToString("0.#", CultureInfo.InvariantCulture) + " " + unit;
}
