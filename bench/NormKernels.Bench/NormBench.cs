using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

using BenchmarkDotNet.Attributes;

using NormKernels.Cli.Benchmarking;

namespace NormKernels.Bench;

/// <summary>A call beside a copy that moves as many bytes.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "Cleanup disposes of them: BenchmarkDotNet knows no other way.")]
public class NormBench
{
    private Benchmark? _benchmark;
    private MemoryCopy? _copy;

    [ParamsSource(nameof(Cases))]
    public BenchCase Case { get; set; } = null!;

    public static IEnumerable<BenchCase> Cases => BenchCase.Chosen;

    [GlobalSetup]
    public void Setup()
    {
        _benchmark = Case.Create();
        _benchmark.Prepare();
        _benchmark.Run();
        if (_benchmark.Check() is { } wrong)
        {
            throw new InvalidOperationException($"{Case}: {wrong}");
        }

        _copy = new MemoryCopy(_benchmark.BytesMoved, Case.Threads);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _benchmark?.Dispose();
        _copy?.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Copy() => _copy!.Run();

    [Benchmark]
    public void Call() => _benchmark!.Run();
}
