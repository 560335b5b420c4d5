using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;

using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

using NormKernels;
using NormKernels.Bench;
using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;

using Perfolizer.Horology;

Option<string[]> ops = Choices("--op", "Operations.", [.. OperationRegistry.All.Select(op => op.Name)]);
Option<string[]> verbs = Choices("--verb", "Verbs.", ["forward", "backward", "jvp"]);
Option<string[]> shapes = Choices("--shape", "Rows x columns.", ["1x256", "64x1024", "1024x1024", "16384x4096"]);
Option<string[]> dtypes = Choices("--dtype", "f32, f16, bf16.", ["f32"]);
Option<string[]> isas = Choices("--isa", "reference, scalar, avx2, avx512, neon or best.", ["best"]);
Option<string[]> threads = Choices("--threads", "Numbers of threads; -1 is all.", ["1"]);
Option<string> folder = new("--results")
{
    Description = "Where the markdown and the JSON go.",
    DefaultValueFactory = _ => Path.Combine(Environment.CurrentDirectory, "artifacts", "benchmarks"),
};
RootCommand command = new("Times norms with BenchmarkDotNet, each beside a copy that moves as many bytes.")
{
    ops, verbs, shapes, dtypes, isas, threads, folder,
};
command.SetAction(parsed =>
{
    BenchCase.Chosen =
    [
        .. from name in parsed.GetRequiredValue(ops)
           let operation = OperationRegistry.Find(name) ?? throw new ArgumentException($"{name} is no operation")
           from verb in operation.Verbs
           where parsed.GetRequiredValue(verbs).Contains(verb.Split('-')[0])
           from shape in parsed.GetRequiredValue(shapes)
           let sizes = shape.Split('x').Select(size => long.Parse(size, CultureInfo.InvariantCulture)).ToArray()
           from isa in parsed.GetRequiredValue(isas)
           from dtype in parsed.GetRequiredValue(dtypes)
           from degree in parsed.GetRequiredValue(threads)
           select new BenchCase(operation, verb, sizes[0], sizes[1], Target(isa, dtype, degree)),
    ];
    // In process: the program that BenchmarkDotNet would otherwise build needs a network and the native library.
    IConfig config = ManualConfig.CreateEmpty()
        .AddJob(Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance)
            .WithIterationTime(TimeInterval.FromMilliseconds(100)))
        .AddLogger(ConsoleLogger.Default)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddColumn(RateColumn.PerRow, RateColumn.Rate)
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddExporter(MarkdownExporter.GitHub, JsonExporter.Brief)
        .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(80))
        .WithOptions(ConfigOptions.DisableLogFile)
        .WithArtifactsPath(parsed.GetRequiredValue(folder));
    Summary summary = BenchmarkRunner.Run<NormBench>(config);
    return summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success) ? 1 : 0;
});
return command.Parse(args).Invoke();

static Option<string[]> Choices(string name, string description, string[] usual) => new(name)
{
    Description = $"{description} By default {string.Join(' ', usual)}.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => usual,
};

static ComputeTarget Target(string isa, string dtype, string degree) => isa == "reference"
    ? new(BackendKind.Reference, CaseDtype.Float64, default)
    : new(
        BackendKind.Cpu,
        dtype switch
        {
            "f32" => CaseDtype.Float32,
            "f16" => CaseDtype.Float16,
            "bf16" => CaseDtype.BFloat16,
            _ => throw new ArgumentException($"{dtype} is no dtype"),
        },
        new CpuOptions
        {
            InstructionSet = Enum.Parse<InstructionSet>(isa, ignoreCase: true),
            MaxDegreeOfParallelism = int.Parse(degree, CultureInfo.InvariantCulture),
        });
