using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

using NormKernels.Cli.Commands;
using NormKernels.Cli.Operations;
using NormKernels.Cuda;
using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cli.Benchmarking;

/// <summary>
/// <c>normkernels bench --enqueue</c>: how long a call on a stream takes until it returns, through the public API and by
/// the native function alone, called with parameters that are ready. The work itself is small and waited for between
/// the batches, outside of what is timed.
/// </summary>
internal static unsafe class EnqueueReport
{
    private const int AllocationCalls = 200;

    /// <summary>Measures and prints; the result is the exit code.</summary>
    /// <param name="output">Where the table goes.</param>
    /// <param name="backend">emu or cuda. The emulation runs the kernel before it returns, so its times mean nothing.</param>
    /// <param name="budget">About how long each call is timed.</param>
    /// <param name="json">A file for the numbers, or null.</param>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public static int Run(CommandOutput output, BackendKind backend, TimeSpan budget, string? json)
    {
        if (json is not null)
        {
            OutputFiles.RequireWritable(json);
        }

        // Little enough that the device keeps up with the calls.
        (long rows, long cols) = backend == BackendKind.Emu ? (1, 8) : (8, 1024);
        RowShape shape = new(rows, cols);
        using DeviceStream stream = new();
        using DeviceBuffer<BFloat16> x = new(rows * cols, stream), y = new(rows * cols, stream);
        using DeviceBuffer<BFloat16> weight = new(cols, stream), bias = new(cols, stream);
        using DeviceBuffer<float> mean = new(rows, stream), rstd = new(rows, stream);
        BFloat16[] ones = new BFloat16[rows * cols];
        Array.Fill(ones, (BFloat16)1f);
        x.CopyFrom(ones, stream);
        weight.CopyFrom(ones.AsSpan(0, (int)cols), stream);
        bias.CopyFrom(ones.AsSpan(0, (int)cols), stream);

        // Where nothing moves: the native function is called with their addresses.
        nk_row_norm_forward_params[] parameters = GC.AllocateArray<nk_row_norm_forward_params>(2, pinned: true);
        var plain = (nk_row_norm_forward_params*)Unsafe.AsPointer(ref parameters[0]);
        nk_row_norm_forward_params* full = plain + 1;
        plain->struct_size = (ulong)sizeof(nk_row_norm_forward_params);
        plain->dtype = nk_dtype.NK_BF16;
        plain->param_dtype = nk_dtype.NK_BF16;
        plain->rows = rows;
        plain->cols = cols;
        plain->epsilon = 1e-5;
        plain->x = (void*)x.Pointer;
        plain->y = (void*)y.Pointer;
        *full = *plain;
        full->weight = (void*)weight.Pointer;
        full->bias = (void*)bias.Pointer;
        full->mean = (float*)mean.Pointer;
        full->rstd = (float*)rstd.Pointer;
        nint handle = stream.Handle.Value;

        List<Enqueued> results =
        [
            Measure(
                "rms_norm forward, x and y",
                stream,
                budget,
                () => Cuda.RmsNorm.Forward(stream, x, y, shape),
                () => Check(NkCuda.nk_cuda_rms_norm_forward(plain, handle))),
            Measure(
                "layer_norm forward, all buffers",
                stream,
                budget,
                () => Cuda.LayerNorm.Forward(stream, x, y, shape, weight, bias, mean: mean, rstd: rstd),
                () => Check(NkCuda.nk_cuda_layer_norm_forward(full, handle))),
        ];
        GC.KeepAlive(parameters);
        if (json is not null)
        {
            Json.Write(json, new { backend = Names.Of(backend), rows, cols, results });
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"backend {Names.Of(backend)}, {rows}x{cols} bf16, until a call returns"));
        output.WriteTable(
            ["call ", "native ns", ".NET ns", "above ns", "managed bytes a call"],
            results.ConvertAll(result => (IEnumerable<string>)[
                result.Call,
                Number(result.NativeNanoseconds),
                Number(result.DotnetNanoseconds),
                Number(result.NanosecondsAbove),
                Number(result.ManagedBytes),
            ]));
        return results.Exists(result => result.ManagedBytes != 0) ? 1 : 0;
    }

    private static Enqueued Measure(string name, DeviceStream stream, TimeSpan budget, Action call, Action native)
    {
        Timing timing = Timing.Measure(budget, batch => Seconds(native, stream, batch), batch => Seconds(call, stream, batch));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < AllocationCalls; i++)
        {
            call();
        }

        double bytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / AllocationCalls;
        stream.Synchronize();
        // Their ratio is that of neighbouring batches, which the machine disturbs alike.
        double nanoseconds = timing.Seconds[0] * 1e9;
        return new(name, nanoseconds, nanoseconds * timing.RatiosToFirst[1], nanoseconds * (timing.RatiosToFirst[1] - 1), bytes);
    }

    private static double Seconds(Action call, DeviceStream stream, int times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
        {
            call();
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        stream.Synchronize();
        return seconds;
    }

    private static void Check(nk_status status) => CudaStatus.Check(status);

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private sealed record Enqueued(
        string Call, double NativeNanoseconds, double DotnetNanoseconds, double NanosecondsAbove, double ManagedBytes);
}
