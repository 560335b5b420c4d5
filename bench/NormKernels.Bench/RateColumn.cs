using System;
using System.Globalization;

using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace NormKernels.Bench;

/// <summary>A number that follows from the mean time and the case.</summary>
/// <param name="name">The column's header.</param>
/// <param name="legend">What it says.</param>
/// <param name="number">The number, of the seconds and the case.</param>
internal sealed class RateColumn(string name, string legend, Func<double, BenchCase, double> number) : IColumn
{
    /// <summary>Nanoseconds a row.</summary>
    public static IColumn PerRow { get; } =
        new RateColumn("ns/row", "Nanoseconds a row", (seconds, of) => seconds * 1e9 / of.Rows);

    /// <summary>Bytes that cannot be avoided, by the time.</summary>
    public static IColumn Rate { get; } = new RateColumn(
        "GB/s", "Every tensor read or written once, by the mean time",
        (seconds, of) =>
        {
            using Cli.Benchmarking.Benchmark benchmark = of.Create();
            return benchmark.BytesMoved / seconds / 1e9;
        });

    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Statistics;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        summary[benchmarkCase]?.ResultStatistics is { } statistics
            && benchmarkCase.Parameters[nameof(NormBench.Case)] is BenchCase of
            ? number(statistics.Mean / 1e9, of).ToString("0.0", CultureInfo.InvariantCulture)
            : "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;
}
