using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

using NormKernels.SampleServer.Endpoints;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Norms;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>Counts what the server does.</summary>
internal sealed class ServerMetrics(ConcurrencyGate gate, TensorBufferPool buffers)
{
    private static readonly NormKind[] Norms = Enum.GetValues<NormKind>();

    private readonly NormCounters[] _norms = [.. Norms.Select(_ => new NormCounters())];

    /// <summary>A request has been answered, or its client has gone.</summary>
    /// <param name="norm">The norm that it asked for.</param>
    /// <param name="status">The status of the response; 499 where there was nobody to give it to.</param>
    /// <param name="ticks">How long it took, by the <see cref="Stopwatch"/>.</param>
    public void CountRequest(NormKind norm, int status, long ticks)
    {
        _ = _norms[(int)norm].Requests.AddOrUpdate(status, 1, static (_, count) => count + 1);
        _norms[(int)norm].Durations.Add(ticks);
    }

    /// <summary>A batch has been normed. Counting it allocates nothing and takes no lock.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="ticks">How long the call took, by the <see cref="Stopwatch"/>.</param>
    /// <param name="allocated">Octets of managed memory that the call allocated.</param>
    public void CountNorm(NormKind norm, int rows, long ticks, long allocated)
    {
        NormCounters counters = _norms[(int)norm];
        _ = Interlocked.Increment(ref counters.Calls);
        _ = Interlocked.Add(ref counters.Rows, rows);
        _ = Interlocked.Add(ref counters.Ticks, ticks);
        _ = Interlocked.Add(ref counters.Allocated, allocated);
    }

    /// <summary>All of it, as Prometheus reads it.</summary>
    public string Describe()
    {
        PrometheusText text = new();
        text.Metric("normserver_requests_total", "counter", "Requests by endpoint and status.");
        foreach (NormKind norm in Norms)
        {
            foreach (KeyValuePair<int, long> requests in _norms[(int)norm].Requests)
            {
                text.Sample("normserver_requests_total", $"{Label(norm)},status=\"{requests.Key}\"", requests.Value);
            }
        }

        text.Metric("normserver_request_duration_seconds", "histogram", "Time from the header to the result.");
        foreach (NormKind norm in Norms)
        {
            _norms[(int)norm].Durations.Write(text, "normserver_request_duration_seconds", Label(norm));
        }

        Counter("norm_calls_total", "Calls of norms.", counters => Interlocked.Read(ref counters.Calls));
        Counter("norm_rows_total", "Rows in calls of norms.", counters => Interlocked.Read(ref counters.Rows));
        Counter("norm_seconds_total", "Time in calls of norms.",
            counters => (double)Interlocked.Read(ref counters.Ticks) / Stopwatch.Frequency);
        Counter("norm_allocated_bytes_total", "Managed memory that calls of norms allocated.",
            counters => Interlocked.Read(ref counters.Allocated));
        text.Single("normserver_in_flight_requests", "gauge", "Requests being worked on.", gate.InFlight);
        text.Single("normserver_rented_bytes", "gauge", "Tensor memory that requests use.", buffers.RentedBytes);
        text.Single(
            "normserver_retained_bytes", "gauge", "Tensor memory kept for later requests.", buffers.RetainedBytes);
        text.Single(
            "dotnet_gc_allocated_bytes_total", "counter", "Managed memory allocated by the whole process.",
            GC.GetTotalAllocatedBytes());
        text.Single(
            "process_cpu_seconds_total", "counter", "Processor time of the process.",
            Environment.CpuUsage.TotalTime.TotalSeconds);
        return text.ToString();

        void Counter(string name, string help, Func<NormCounters, double> value)
        {
            text.Metric($"normserver_{name}", "counter", help);
            foreach (NormKind norm in Norms)
            {
                text.Sample($"normserver_{name}", Label(norm), value(_norms[(int)norm]));
            }
        }
    }

    private static string Label(NormKind norm) => $"endpoint=\"{NormEndpoint.NameOf(norm)}\"";
}
