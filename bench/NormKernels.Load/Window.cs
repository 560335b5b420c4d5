using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;

namespace NormKernels.Load;

/// <summary>What one server did with one scenario for a while.</summary>
/// <param name="Requests">How many requests were answered.</param>
/// <param name="Seconds">How long that took.</param>
/// <param name="Latencies">Of each request, in seconds, in ascending order.</param>
/// <param name="Counted">What its metrics grew by.</param>
internal sealed record Window(int Requests, double Seconds, double[] Latencies, IReadOnlyDictionary<string, double> Counted)
{
    /// <summary>Requests a second.</summary>
    public double Rate => Requests / Seconds;

    /// <summary>What a metric grew by for each request.</summary>
    public double Each(string metric) => Counted[metric] / Requests;

    /// <summary>The latency that so many requests stayed below.</summary>
    public double Percentile(double part) => Latencies[Math.Min((int)(part * Latencies.Length), Latencies.Length - 1)];

    /// <summary>Sends requests on several connections until the time is over; each of them must get the same answer, bit
    /// for bit.</summary>
    /// <exception cref="InvalidDataException">An answer is another, or no success.</exception>
    public static Window Run(ServerProcess server, Scenario scenario, int connections, TimeSpan time)
    {
        byte[] request = scenario.Request;
        byte[] first = [];
        using (Connection connection = new(server.Address))
        {
            int length = connection.Send(request, ref first);
            first = first[..length];
        }

        scenario.Check(first);
        Connection[] clients = [.. Enumerable.Range(0, connections).Select(_ => new Connection(server.Address))];
        List<double>[] latencies = [.. clients.Select(_ => new List<double>(1 << 20))];
        Exception? failure = null;
        using Barrier barrier = new(connections + 1);
        Thread[] threads = [.. clients.Zip(latencies, (client, mine) => new Thread(() =>
        {
            byte[] body = new byte[first.Length];
            barrier.SignalAndWait();
            try
            {
                long begin = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(begin) < time)
                {
                    long sent = Stopwatch.GetTimestamp();
                    int length = client.Send(request, ref body);
                    mine.Add(Stopwatch.GetElapsedTime(sent).TotalSeconds);
                    if (!body.AsSpan(0, length).SequenceEqual(first))
                    {
                        throw new InvalidDataException($"{scenario.Name}: an answer is not that of other requests.");
                    }
                }
            }
            catch (Exception e) when (e is IOException or InvalidDataException or System.Net.Sockets.SocketException)
            {
                failure = e;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Dictionary<string, double> before = server.Metrics();
        barrier.SignalAndWait();
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(threads, thread => thread.Join());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Dictionary<string, double> after = server.Metrics();
        Array.ForEach(clients, client => client.Dispose());
        if (failure is not null)
        {
            throw new InvalidDataException(failure.Message, failure);
        }

        return new(
            latencies.Sum(mine => mine.Count), seconds, [.. latencies.SelectMany(mine => mine).Order()],
            after.ToDictionary(pair => pair.Key, pair => pair.Value - before.GetValueOrDefault(pair.Key)));
    }
}
