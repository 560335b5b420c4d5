using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Cli.Peers;
using NormKernels.Layers.Files;

namespace NormKernels.Cli.Commands;

/// <summary><c>normkernels bench</c>: times the verbs of operations against a copy of as many bytes.</summary>
internal static class BenchCommand
{
    // Beyond this a call waits for memory, whatever computes, and a composition that passes over it several times too.
    private const long MaxComposedBytes = 24L << 20;

    private const double DefaultSeconds = 0.3;
    private const double MaxSeconds = 3600;

    private static readonly ImmutableArray<(long Rows, long Cols)> _defaultShapes =
        [(64, 1024), (1024, 1024), (16384, 4096)];

    // The emulation takes a second for some 10 million elements, and its times mean nothing.
    private static readonly ImmutableArray<(long Rows, long Cols)> _emulatedShapes = [(64, 1024)];

    /// <summary>The command.</summary>
    public static Command Create(Func<CommandOutput> output)
    {
        Argument<string[]> ops = new("op")
        {
            Description = "Operations to time, with commas between them; all if not given.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<long?> rows = Size(
            "--rows", "Rows; give --cols as well. If neither is given, some sizes from the caches to memory.");
        Option<long?> cols = Size("--cols", "Columns.");
        Option<double> seconds = Seconds();
        Option<string> json = new("--json") { Description = "Writes the numbers.", HelpName = "FILE" };
        Option<bool> peers = new("--peers")
        {
            Description = "Measure the kernels against other code (TensorPrimitives, oneDNN, PyTorch, a plain loop; what "
                + "is absent is said to be) and print which of the project's targets are reached. Takes a minute.",
        };
        Option<bool> sweep = new("--sweep")
        {
            Description = "Measure forward over rows of 64 to 16384 columns against the same, in and out of the caches: "
                + "what bench/charts.py draws. Takes some minutes.",
        };
        Option<bool> enqueue = new("--enqueue")
        {
            Description = "Measure what a call on a device takes until it returns, from .NET and by the native function "
                + "alone, and the managed bytes it allocates. For --backend cuda or emu.",
        };
        Command command = new(
            "bench",
            "Time operations, and a copy of as many bytes in the same run. 'vs copy' is the time of the copy divided "
            + "by that of the call, 'vs TensorPrimitives' the same for forward composed of TensorPrimitives calls: "
            + "above 1 is faster.")
        {
            ops, rows, cols, seconds, peers, sweep, enqueue, json,
        };
        TargetOptions target = new(
            command, "What tensors are stored in; f32 if not given. The reference has float64 alone.");
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(peers) || parsed.GetValue(sweep))
            {
                Option<bool> table = parsed.GetValue(peers) ? peers : sweep;
                return !parsed.CommandResult.Children.All(child => child is OptionResult option
                        && (option.Implicit || option.Option == table || option.Option == json))
                    ? throw new InvalidDataException($"{table.Name} measures a table of its own: only --json goes with it")
                    : table == peers
                        ? PeerReport.Run(output(), parsed.GetValue(json))
                        : PeerReport.Sweep(output(), parsed.GetValue(json));
            }

            (BackendKind backend, CpuOptions options) = target.Read(parsed);
            if (parsed.GetValue(enqueue))
            {
                if (backend is not (BackendKind.Cuda or BackendKind.Emu)
                    || parsed.GetValue(ops) is { Length: > 0 } || parsed.GetValue(rows) is not null
                    || parsed.GetValue(cols) is not null || target.Dtype(parsed) is not null)
                {
                    throw new InvalidDataException(
                        "--enqueue measures calls of its own: only --backend cuda or emu, --seconds and --json go with it");
                }

                return EnqueueReport.Run(
                    output(), backend, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(json));
            }

            if (backend == BackendKind.Reference && target.Dtype(parsed) is not null)
            {
                throw new InvalidDataException("--dtype is for kernels: the reference has float64 alone");
            }

            CaseDtype dtype = backend == BackendKind.Reference
                ? CaseDtype.Float64
                : target.Dtype(parsed) ?? CaseDtype.Float32;
            (long? givenRows, long? givenCols) = (parsed.GetValue(rows), parsed.GetValue(cols));
            if (givenRows is null != givenCols is null)
            {
                throw new InvalidDataException("--rows and --cols go together: give both or neither");
            }

            return Bench(
                output(),
                Operations(parsed.GetValue(ops)),
                givenRows is null ? null : [(givenRows.Value, givenCols!.Value)],
                new ComputeTarget(backend, dtype, options),
                TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                parsed.GetValue(json));
        });
        return command;
    }

    /// <summary>Times some operations and prints the table; the result is the exit code.</summary>
    /// <param name="output">Where the table goes.</param>
    /// <param name="operations">What is timed.</param>
    /// <param name="shapes">Rows and columns; null for the usual ones, as far as memory allows.</param>
    /// <param name="target">What computes.</param>
    /// <param name="budget">About how long each is timed; null for the usual time.</param>
    /// <param name="json">A file for the numbers, or null.</param>
    /// <exception cref="InvalidDataException">A shape does not fit; one line.</exception>
    public static int Bench(
        CommandOutput output,
        IEnumerable<Operation> operations,
        ImmutableArray<(long Rows, long Cols)>? shapes,
        ComputeTarget target,
        TimeSpan? budget,
        string? json)
    {
        TimeSpan time = budget ?? TimeSpan.FromSeconds(DefaultSeconds);
        if (json is not null)
        {
            OutputFiles.RequireWritable(json);
        }

        (Operation Operation, string Verb, long Rows, long Cols)[] work =
        [
            .. from shape in shapes ?? (target.Backend == BackendKind.Emu ? _emulatedShapes : _defaultShapes)
               from operation in operations
               from verb in operation.Verbs
               select (operation, verb, shape.Rows, shape.Cols),
        ];
        List<Measured> measured = [];
        List<string> wrong = [];
        output.WithProgress("bench", work.Length, advance =>
        {
            foreach ((Operation operation, string verb, long rows, long cols) in work)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{operation.Name} {verb} {rows}x{cols}");
                if (shapes is null && !FitsMemory(operation, verb, rows, cols, target))
                {
                    // Nobody asked for this size.
                    output.Note($"{name}: left out, there is not enough memory");
                }
                else if (Measure(operation, verb, rows, cols, target, time, measured) is { } error)
                {
                    wrong.Add($"{name}: {error}");
                }

                advance();
            }
        });

        if (json is not null)
        {
            Json.Write(json, new
            {
                backend = Names.Of(target.Backend),
                isa = target.InstructionSetName,
                threads = target.Threads,
                results = measured,
                errors = wrong,
            });
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"backend {target.Title}, threads {target.Threads}"));
        output.WriteTable(
            ["op ", "verb ", "dtype ", "rows", "cols", "time", "ns/row", "GB/s", "vs copy", "vs TensorPrimitives"],
            measured.Select(result => (IEnumerable<string>)[
                result.Op,
                result.Verb,
                result.Dtype,
                result.Rows.ToString(CultureInfo.InvariantCulture),
                result.Cols.ToString(CultureInfo.InvariantCulture),
                Duration(result.Seconds),
                result.NanosecondsPerRow.ToString("0.0", CultureInfo.InvariantCulture),
                result.GigabytesPerSecond.ToString("0.0", CultureInfo.InvariantCulture),
                result.RatioToCopy.ToString("0.00", CultureInfo.InvariantCulture),
                result.RatioToTensorPrimitives?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-",
            ]));
        foreach (string line in wrong)
        {
            output.WriteLine($"WRONG: {line}");
        }

        return wrong.Count == 0 ? 0 : 1;
    }

    private static Operation[] Operations(string[]? names)
    {
        ImmutableArray<string> chosen = OpList.Split(names ?? []);
        return chosen.IsEmpty
            ? [.. OperationRegistry.All.Where(operation => !operation.Verbs.IsEmpty)]
            : [
                .. chosen.Select(name => OperationRegistry.Find(name) ?? throw new InvalidDataException(
                    $"{ErrorText.Quote(name)} is not an operation; there are {OperationRegistry.Names}")),
            ];
    }

    private static Option<long?> Size(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size > 0)
            {
                return size;
            }

            result.AddError($"{name}: {ErrorText.Quote(text)} is not a number from 1 on");
            return null;
        },
    };

    private static Option<double> Seconds() => new("--seconds")
    {
        Description = "About how long each is timed.",
        HelpName = "S",
        DefaultValueFactory = _ => DefaultSeconds,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
                && seconds is >= 0 and <= MaxSeconds)
            {
                return seconds;
            }

            result.AddError($"--seconds: {ErrorText.Quote(text)} is not a number from 0 to {MaxSeconds}");
            return 0;
        },
    };

    // The tensors, and as many bytes again for the copy.
    private static bool FitsMemory(Operation operation, string verb, long rows, long cols, ComputeTarget target)
    {
        using Benchmark benchmark = target.CreateBenchmark(operation, verb, rows, cols);
        return 2 * benchmark.BytesMoved < target.AvailableMemory / 4 * 3;
    }

    private static string? Measure(
        Operation operation, string verb, long rows, long cols, ComputeTarget target, TimeSpan budget,
        List<Measured> measured)
    {
        if (cols > NativeArena.MaxElements / rows)
        {
            throw new InvalidDataException(
                $"{rows} rows of {cols} columns are too many: a span holds at most {NativeArena.MaxElements} elements");
        }

        if (!FitsMemory(operation, verb, rows, cols, target))
        {
            throw new InvalidDataException(
                $"{rows} rows of {cols} columns, and a copy of them, do not fit the memory here");
        }

        using Benchmark benchmark = target.CreateBenchmark(operation, verb, rows, cols);
        benchmark.Prepare();
        benchmark.Run();
        if (benchmark.Check() is { } wrong)
        {
            return wrong;
        }

        using ICopy copy = target.CreateCopy(benchmark.BytesMoved);
        bool composed = !target.IsDevice && benchmark.HasComposition && benchmark.BytesMoved <= MaxComposedBytes;
        Timing timing = composed
            ? Timing.Measure(budget, Wait, benchmark.Run, copy.Run, benchmark.Compose)
            : Timing.Measure(budget, Wait, benchmark.Run, copy.Run);
        double seconds = timing.Seconds[0];
        measured.Add(new Measured(
            operation.Name,
            verb,
            Names.Of(target.Dtype),
            rows,
            cols,
            benchmark.BytesMoved,
            seconds,
            seconds * 1e9 / rows,
            benchmark.BytesMoved / seconds / 1e9,
            timing.RatiosToFirst[1],
            composed ? timing.RatiosToFirst[2] : null));
        return null;

        void Wait()
        {
            benchmark.Wait();
            copy.Wait();
        }
    }

    private static string Duration(double seconds) => seconds switch
    {
        < 1e-3 => (seconds * 1e6).ToString("0.00", CultureInfo.InvariantCulture) + " us",
        _ => (seconds * 1e3).ToString("0.00", CultureInfo.InvariantCulture) + " ms",
    };

    private sealed record Measured(
        string Op,
        string Verb,
        string Dtype,
        long Rows,
        long Cols,
        long BytesMoved,
        double Seconds,
        double NanosecondsPerRow,
        double GigabytesPerSecond,
        double RatioToCopy,
        double? RatioToTensorPrimitives);
}
