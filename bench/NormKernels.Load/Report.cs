using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace NormKernels.Load;

/// <summary>What was seen, as markdown.</summary>
internal sealed class Report(LoadTest test)
{
    private const string Begin = "<!-- results -->\n";
    private const string End = "<!-- end of results -->\n";

    private readonly StringBuilder _rows = new();
    private readonly string _loadBefore = LoadAverage();
    private int _requests;

    /// <summary>Adds a scenario.</summary>
    /// <returns>One line about it.</returns>
    public string Add(Scenario scenario, IReadOnlyList<(Window Native, Window Managed)> pairs)
    {
        _requests += pairs.Sum(pair => pair.Native.Requests + pair.Managed.Requests);
        Window[] native = [.. pairs.Select(pair => pair.Native)];
        Window[] managed = [.. pairs.Select(pair => pair.Managed)];
        string cells = string.Join(" | ",
            $"{scenario.Name}",
            Both("N0", window => window.Rate),
            Ratio(window => window.Rate),
            Both("N2", window => 1e3 * window.Percentile(0.5)),
            Both("N2", window => 1e3 * window.Percentile(0.99)),
            Both("N0", window => 1e6 * window.Each("process_cpu_seconds_total")),
            Both("N1", window => 1e6 * window.Each("normserver_norm_seconds_total")),
            Ratio(window => 1 / window.Each("normserver_norm_seconds_total")),
            Both("N0", window => window.Each("dotnet_gc_allocated_bytes_total")),
            Both("N0", window => window.Counted["normserver_norm_allocated_bytes_total"]));
        _ = _rows.Append("| ").Append(cells).Append(" |\n");
        return cells;

        string Both(string format, Func<Window, double> value) =>
            $"{Text(LoadTest.Median(native.Select(value)), format)} / {Text(LoadTest.Median(managed.Select(value)), format)}";

        // What slowed both down for a while is not in it.
        string Ratio(Func<Window, double> value) =>
            Text(LoadTest.Median(pairs.Select(pair => value(pair.Native) / value(pair.Managed))), "N2");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"`{test.CommandLine}` on {Processor()}, {Environment.ProcessorCount} processors, "
        + $"{RuntimeInformation.FrameworkDescription}, {DateTime.UtcNow:yyyy-MM-dd}; load of the machine before and after "
        + $"(1, 5, 15 minutes): {_loadBefore} and {LoadAverage()}. {_requests.ToString("N0", CultureInfo.InvariantCulture)} "
        + "requests were measured; none failed, and every answer was compared.\n\n"
        + "| request | requests/s | ratio | p50 ms | p99 ms | server CPU us | norm us | ratio | allocated B | by norms B |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        + _rows;

    /// <summary>Puts a report between the comments of a markdown file.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    public static void Replace(string path, string report)
    {
        string text = File.ReadAllText(path);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal);
        int end = text.IndexOf(End, StringComparison.Ordinal);
        File.WriteAllText(path, begin >= 0 && end > begin
            ? $"{text[..begin]}{Begin}\n{report}\n{text[end..]}"
            : throw new InvalidDataException($"{path} has no comments between which results go."));
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Processor() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("model name", StringComparison.Ordinal))
            .Split(": ")[1]
        : RuntimeInformation.ProcessArchitecture.ToString();

    private static string LoadAverage() => File.Exists("/proc/loadavg")
        ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3])
        : "unknown";
}
