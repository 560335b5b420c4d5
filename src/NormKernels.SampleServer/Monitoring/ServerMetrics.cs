using System;
using System.Diagnostics;
using System.Threading;

using NormKernels.SampleServer.Endpoints;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Norms;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>Counts what the server does; counting allocates nothing and takes no lock.</summary>
internal sealed class ServerMetrics(ConcurrencyGate gate, TensorBufferPool buffers)
{
    private const int Statuses = 600;

    private static readonly NormKind[] Norms = Enum.GetValues<NormKind>();

    private readonly PerNorm[] _norms = Array.ConvertAll(Norms, _ => new PerNorm());

    /// <summary>A request has been answered, or its client has gone.</summary>
    /// <param name="norm">The norm that it asked for.</param>
    /// <param name="status">The status of the response; 499 where there was nobody to give it to.</param>
    /// <param name="ticks">How long it took, by the <see cref="Stopwatch"/>.</param>
    /// <param name="received">Octets of the body, of a request that got its result; else 0.</param>
    /// <param name="sent">Octets of the result.</param>
    /// <param name="rows">Rows of the result.</param>
    public void CountRequest(NormKind norm, int status, long ticks, long received, long sent, int rows)
    {
        PerNorm counters = _norms[(int)norm];
        _ = Interlocked.Increment(ref counters.Requests[status]);
        _ = Interlocked.Add(ref counters.Received, received);
        _ = Interlocked.Add(ref counters.Sent, sent);
        _ = Interlocked.Add(ref counters.Rows, rows);
        counters.Durations.Add(ticks);
    }

    /// <summary>A batch has been normed.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="ticks">How long the call took, by the <see cref="Stopwatch"/>.</param>
    /// <param name="allocated">Octets of managed memory that the call allocated.</param>
    public void CountNorm(NormKind norm, long ticks, long allocated)
    {
        PerNorm counters = _norms[(int)norm];
        _ = Interlocked.Increment(ref counters.NormCalls);
        _ = Interlocked.Add(ref counters.NormTicks, ticks);
        _ = Interlocked.Add(ref counters.NormAllocated, allocated);
    }

    /// <summary>All of it, as Prometheus reads it.</summary>
    public string Describe()
    {
        PrometheusText text = new();
        text.Metric("normserver_requests_total", "counter", "Requests by endpoint and status.");
        foreach (NormKind norm in Norms)
        {
            for (int status = 0; status < Statuses; status++)
            {
                long count = Interlocked.Read(ref _norms[(int)norm].Requests[status]);
                if (count != 0)
                {
                    text.Sample("normserver_requests_total", $"{Label(norm)},status=\"{status}\"", count);
                }
            }
        }

        text.Metric(
            "normserver_request_duration_seconds", "histogram", "Time from the header to the end of the result.");
        foreach (NormKind norm in Norms)
        {
            _norms[(int)norm].Durations.Write(text, "normserver_request_duration_seconds", Label(norm));
        }

        Counter(text, "normserver_rows_total", "Rows of results.", counters => Interlocked.Read(ref counters.Rows));
        Counter(
            text, "normserver_received_bytes_total", "Octets of bodies that got a result.",
            counters => Interlocked.Read(ref counters.Received));
        Counter(
            text, "normserver_sent_bytes_total", "Octets of results.", counters => Interlocked.Read(ref counters.Sent));
        Counter(
            text, "normserver_norm_calls_total", "Calls of norms.", counters => Interlocked.Read(ref counters.NormCalls));
        Counter(
            text, "normserver_norm_seconds_total", "Time in calls of norms.",
            counters => (double)Interlocked.Read(ref counters.NormTicks) / Stopwatch.Frequency);
        Counter(
            text, "normserver_norm_allocated_bytes_total", "Managed memory that calls of norms allocated.",
            counters => Interlocked.Read(ref counters.NormAllocated));
        text.Single("normserver_in_flight_requests", "gauge", "Requests being worked on.", gate.InFlight);
        text.Single(
            "normserver_tensor_rented_bytes", "gauge", "Tensor memory that requests use.", buffers.RentedBytes);
        text.Single(
            "normserver_tensor_retained_bytes", "gauge", "Tensor memory kept for later requests.",
            buffers.RetainedBytes);
        text.Single(
            "dotnet_gc_allocated_bytes_total", "counter", "Managed memory allocated by the whole process.",
            GC.GetTotalAllocatedBytes());
        text.Metric("dotnet_gc_collections_total", "counter", "Garbage collections by generation.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            text.Sample(
                "dotnet_gc_collections_total", $"generation=\"{generation}\"", GC.CollectionCount(generation));
        }

        text.Single(
            "process_cpu_seconds_total", "counter", "Processor time of the process.",
            Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Single(
            "process_resident_memory_bytes", "gauge", "Memory of the process.", Environment.WorkingSet);
        return text.ToString();
    }

    private static string Label(NormKind norm) => $"endpoint=\"{NormEndpoint.NameOf(norm)}\"";

    private void Counter(PrometheusText text, string name, string help, Func<PerNorm, double> value)
    {
        text.Metric(name, "counter", help);
        foreach (NormKind norm in Norms)
        {
            text.Sample(name, Label(norm), value(_norms[(int)norm]));
        }
    }

    private sealed class PerNorm
    {
        public readonly long[] Requests = new long[Statuses];
        public readonly Histogram Durations = new();
        public long Received;
        public long Sent;
        public long Rows;
        public long NormCalls;
        public long NormTicks;
        public long NormAllocated;
    }
}
