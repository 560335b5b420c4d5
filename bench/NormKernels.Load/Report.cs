using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace NormKernels.Load;

/// <summary>What was seen, as a table in markdown. Each cell has the native path, then the managed one.</summary>
internal static class Report
{
    /// <summary>The head of the table.</summary>
    public const string Head =
        "| native / managed | requests/s | p50 ms | p99 ms | server CPU us | norm us | norm ratio | allocated B | by norms B |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    /// <summary>A row: medians over the windows; the ratio is the median of ratios, so that what slowed both down for a
    /// while is not in it.</summary>
    public static string Row(string name, IReadOnlyList<(Window Native, Window Managed)> pairs)
    {
        const string norm = "normserver_norm_seconds_total";
        string[] cells =
        [
            name,
            Both("N0", window => window.Rate),
            Both("N2", window => 1e3 * window.Percentile(0.5)),
            Both("N2", window => 1e3 * window.Percentile(0.99)),
            Both("N0", window => 1e6 * window.Each("process_cpu_seconds_total")),
            Both("N1", window => 1e6 * window.Each(norm)),
            Text("N2", Median(pairs.Select(pair => pair.Managed.Each(norm) / pair.Native.Each(norm)))),
            Both("N0", window => window.Each("dotnet_gc_allocated_bytes_total")),
            Both("N0", window => window.Each("normserver_norm_allocated_bytes_total")),
        ];
        return $"| {string.Join(" | ", cells)} |";

        string Both(string format, Func<Window, double> value) =>
            $"{Text(format, Median(pairs.Select(pair => value(pair.Native))))} / "
            + Text(format, Median(pairs.Select(pair => value(pair.Managed))));
    }

    private static string Text(string format, double value) => value.ToString(format, CultureInfo.InvariantCulture);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
