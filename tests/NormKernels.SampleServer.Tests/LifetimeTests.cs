using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>Starting, health, metrics, stopping.</summary>
[TestClass]
public sealed class LifetimeTests
{
    private static readonly Uri Ready = new("/readyz", UriKind.Relative);

    [TestMethod]
    [DataRow("native")]
    [DataRow("managed")]
    public async Task Health(string path)
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "4", "--path", path);
        foreach (string check in (string[])["/healthz", "/readyz"])
        {
            Assert.AreEqual("Healthy", await server.Client.GetStringAsync(new Uri(check, UriKind.Relative)));
        }
    }

    [TestMethod]
    public async Task Metrics()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "2");
        byte[] json = "{\"embeddings\": [[1, 2], [3, 4], [5, 6]]}"u8.ToArray();
        using HttpResponseMessage good = await server.PostAsync("/v1/rms-norm", "json", json);
        using HttpResponseMessage bad = await server.PostAsync("/v1/rms-norm", "json", [1]);
        using HttpResponseMessage get =
            await server.Client.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.AreEqual("text/plain; version=0.0.4", get.Content.Headers.ContentType?.ToString());
        Dictionary<string, double> metrics = await server.MetricsAsync();
        (string Name, double Value)[] expected =
        [
            ("normserver_requests_total{endpoint=\"rms-norm\",status=\"200\"}", 1),
            ("normserver_requests_total{endpoint=\"rms-norm\",status=\"400\"}", 1),
            ("normserver_request_duration_seconds_count{endpoint=\"rms-norm\"}", 2),
            ("normserver_request_duration_seconds_bucket{endpoint=\"rms-norm\",le=\"+Inf\"}", 2),
            ("normserver_request_duration_seconds_count{endpoint=\"layer-norm\"}", 0),
            ("normserver_norm_rows_total{endpoint=\"rms-norm\"}", 3),
            ("normserver_norm_calls_total{endpoint=\"rms-norm\"}", 1),
            ("normserver_norm_allocated_bytes_total{endpoint=\"rms-norm\"}", 0),
            ("normserver_in_flight_requests", 0),
            ("normserver_rented_bytes", 0),
        ];
        foreach ((string name, double value) in expected)
        {
            Assert.AreEqual(value, metrics[name], name);
        }

        double[] buckets =
        [
            .. metrics.Where(sample => sample.Key.StartsWith(
                "normserver_request_duration_seconds_bucket{endpoint=\"rms-norm\"", StringComparison.Ordinal))
                .Select(sample => sample.Value),
        ];
        CollectionAssert.AreEqual(buckets.Order().ToArray(), buckets);
        Assert.IsGreaterThan(0, metrics["dotnet_gc_allocated_bytes_total"]);
        Assert.IsGreaterThan(0, metrics["process_cpu_seconds_total"]);
    }

    [TestMethod]
    public async Task Stopping_waits_for_the_request_in_flight()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "1");
        using RawClient client = RawClient.Connect(server);
        await client.SendHeadAsync("/v1/l2-normalize", 4);
        await RunningServer.EventuallyAsync(
            async () => await server.MetricAsync("normserver_in_flight_requests") == 1);
        Task stopping = server.App.StopAsync();
        await RunningServer.EventuallyAsync(() => Task.FromResult(!Listens(server)));
        Assert.IsFalse(stopping.IsCompleted);

        // Two: divided by its norm it is one.
        await client.SendAsync(BitConverter.GetBytes(2f));
        string response = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK", response);
        Assert.EndsWith("\r\n\r\n\0\0\u0080?", response);
        await stopping;
    }

    [TestMethod]
    public async Task Stopping_gives_up_after_its_time()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            "--dimension", "1", "--NormServer:Limits:ShutdownTimeout", "00:00:00.100");
        using RawClient client = RawClient.Connect(server);
        await client.SendHeadAsync("/v1/l2-normalize", 4);
        await RunningServer.EventuallyAsync(
            async () => await server.MetricAsync("normserver_in_flight_requests") == 1);
        await server.App.StopAsync();
        Assert.DoesNotContain("200 OK", await client.ReadToEndAsync());
    }

    [TestMethod]
    public async Task Draining_serves_on_and_says_that_it_is_not_ready()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            "--dimension", "1", "--NormServer:Limits:DrainDelay", "00:30:00");
        using CancellationTokenSource hurry = new();
        Task stopping = server.App.StopAsync(hurry.Token);
        using HttpResponseMessage ready = await server.Client.GetAsync(Ready);
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.AreEqual("Unhealthy", await ready.Content.ReadAsStringAsync());
        using HttpResponseMessage served = await server.PostAsync("/v1/rms-norm", "octet-stream", new byte[4]);
        Assert.AreEqual(HttpStatusCode.OK, served.StatusCode);
        Assert.IsFalse(stopping.IsCompleted);
        await hurry.CancelAsync();
        await stopping;
    }

    [TestMethod]
    [DataRow("--dimension", "0", "The field Dimension must be between 1 and")]
    [DataRow("--dimension", "many", "'many'")]
    [DataRow("--path", "gpu", "'gpu'")]
    [DataRow("--path", "7", "Path")]
    [DataRow("--NormServer:Dimensoin", "3", "'Dimensoin'")]
    [DataRow("--NormServer:RmsNorm:Epsilon", "-1", "NormServer:RmsNorm: The field Epsilon must be between 0 and")]
    [DataRow("--NormServer:LayerNorm:Epsilon", "NaN", "NormServer:LayerNorm: The field Epsilon")]
    [DataRow("--NormServer:LayerNorm:Epsilon", "Infinity", "NormServer:LayerNorm: The field Epsilon")]
    [DataRow("--NormServer:Limits:MaxBodyBytes", "1000000000", "NormServer:Limits: The field MaxBodyBytes")]
    [DataRow("--NormServer:Limits:MaxRows", "0", "MaxRows")]
    [DataRow("--NormServer:Limits:MaxDimension", "-5", "MaxDimension")]
    [DataRow("--NormServer:Limits:MaxConcurrentRequests", "0", "MaxConcurrentRequests")]
    [DataRow("--NormServer:Limits:RequestTimeout", "00:00:00", "RequestTimeout")]
    [DataRow("--NormServer:Limits:MaxPooledBytes", "-1", "MaxPooledBytes")]
    public async Task A_configuration_that_makes_no_sense_starts_nothing(string option, string value, string fragment)
    {
        string[] arguments = RunningServer.Quiet(option, value);
        OptionsValidationException error =
            Assert.ThrowsExactly<OptionsValidationException>(() => Start(arguments));
        Assert.Contains(fragment, error.Failures.Single());
        Assert.AreEqual(2, await Program.Main(arguments));
    }

    [TestMethod]
    public void All_that_is_wrong_is_said()
    {
        OptionsValidationException error = Assert.ThrowsExactly<OptionsValidationException>(() => Start(
            RunningServer.Quiet("--dimension", "0", "--NormServer:Limits:MaxRows", "0")));
        Assert.HasCount(2, error.Failures.ToArray());
    }

    [TestMethod]
    public async Task An_address_that_is_taken_is_said()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "4");
        string[] arguments = RunningServer.Quiet();
        arguments[1] = server.Address.ToString();
        Assert.AreEqual(2, await Program.Main(arguments));
    }

    [TestMethod]
    public void A_file_that_is_not_there_is_said() =>
        Assert.Contains("nowhere.npz", Assert.ThrowsExactly<FileNotFoundException>(() => Start(
            RunningServer.Quiet("--NormServer:LayerNorm:File", "nowhere.npz"))).Message);

    private static bool Listens(RunningServer server)
    {
        try
        {
            using RawClient client = RawClient.Connect(server);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void Start(string[] arguments)
    {
        WebApplication app = NormServer.Create(arguments);
        ((IDisposable)app).Dispose();
    }
}
