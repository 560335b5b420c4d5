using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Norms;
using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>Clients that want too much, or take too long, or go away.</summary>
[TestClass]
public sealed class LimitTests
{
    private const string Limits = "--NormServer:Limits:";

    [TestMethod]
    public async Task Bodies_that_are_too_large()
    {
        await using RunningServer server =
            await RunningServer.StartAsync("--dimension", "4", $"{Limits}MaxBodyBytes", "1600");
        using HttpResponseMessage just = await server.PostAsync("/v1/rms-norm", "octet-stream", new byte[1600]);
        Assert.AreEqual(HttpStatusCode.OK, just.StatusCode);
        foreach (bool chunked in (bool[])[false, true])
        {
            foreach (string form in (string[])["json", "octet-stream"])
            {
                using HttpResponseMessage large =
                    await server.PostAsync("/v1/rms-norm", form, new byte[1616], chunked: chunked);
                Problem problem = await Problem.ReadAsync(large, HttpStatusCode.RequestEntityTooLarge);
                Assert.Contains("1600 bytes", problem.Detail);
                Assert.IsTrue(large.Headers.ConnectionClose);
            }
        }

        Assert.AreEqual(0, await server.MetricAsync("normserver_rented_bytes"));
    }

    [TestMethod]
    public async Task Rows_that_are_too_many()
    {
        await using RunningServer server =
            await RunningServer.StartAsync("--dimension", "1", $"{Limits}MaxRows", "3");
        foreach (bool chunked in (bool[])[false, true])
        {
            using HttpResponseMessage just =
                await server.PostAsync("/v1/rms-norm?residual=true", "octet-stream", new byte[24], chunked: chunked);
            Assert.AreEqual(HttpStatusCode.OK, just.StatusCode);
            byte[] octets = new byte[32];
            byte[] json = "{\"embeddings\": [[1], [1], [1], [1]]}"u8.ToArray();
            byte[] residual = "{\"embeddings\": [[1], [1], [1]], \"residual\": [[1], [1], [1], [1]]}"u8.ToArray();
            HttpResponseMessage[] responses =
            [
                await server.PostAsync("/v1/rms-norm?residual=true", "octet-stream", octets, chunked: chunked),
                await server.PostAsync("/v1/rms-norm", "json", json, chunked: chunked),
                await server.PostAsync("/v1/rms-norm", "json", residual, chunked: chunked),
            ];
            foreach (HttpResponseMessage response in responses)
            {
                Problem problem = await Problem.ReadAsync(response, HttpStatusCode.RequestEntityTooLarge);
                Assert.Contains("may have 3 rows", problem.Detail);
            }
        }
    }

    [TestMethod]
    public async Task Requests_beyond_the_limit_are_turned_away_and_take_no_place()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            "--dimension", "1", $"{Limits}MaxConcurrentRequests", "2");
        using RawClient first = RawClient.Connect(server);
        using RawClient second = RawClient.Connect(server);
        await first.SendHeadAsync("/v1/rms-norm", 8);
        await second.SendHeadAsync("/v1/rms-norm", 8);
        await RunningServer.EventuallyAsync(
            async () => await server.MetricAsync("normserver_in_flight_requests") == 2);
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage refused = await server.PostAsync("/v1/l2-normalize", "octet-stream", new byte[4]);
            Problem problem = await Problem.ReadAsync(refused, HttpStatusCode.ServiceUnavailable);
            Assert.Contains("2 requests are being worked on", problem.Detail);
            Assert.AreEqual(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        }

        // Health and metrics have places of their own.
        Assert.AreEqual("Healthy", await server.Client.GetStringAsync(new Uri("/readyz", UriKind.Relative)));
        Assert.AreEqual(3, await server.MetricAsync(
            "normserver_requests_total{endpoint=\"l2-normalize\",status=\"503\"}"));

        await first.SendAsync(new byte[8]);
        await RunningServer.EventuallyAsync(
            async () => await server.MetricAsync("normserver_in_flight_requests") == 1);
        using HttpResponseMessage taken = await server.PostAsync("/v1/l2-normalize", "octet-stream", new byte[4]);
        Assert.AreEqual(HttpStatusCode.OK, taken.StatusCode);
        await second.SendAsync(new byte[8]);
        await AllIsGivenBackAsync(server);
    }

    [TestMethod]
    public async Task A_client_that_waits_for_each_answer_always_finds_its_place()
    {
        await using RunningServer server =
            await RunningServer.StartAsync("--dimension", "4", $"{Limits}MaxConcurrentRequests", "1");
        for (int i = 0; i < 200; i++)
        {
            using HttpResponseMessage response = await server.PostAsync(
                "/v1/rms-norm", i % 2 == 0 ? "octet-stream" : "json",
                i % 2 == 0 ? new byte[16 << 10] : "{\"embeddings\": [[1, 2, 3, 4]]}"u8.ToArray());
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [TestMethod]
    public async Task A_body_that_does_not_come_times_out()
    {
        await using RunningServer server =
            await RunningServer.StartAsync("--dimension", "1", $"{Limits}RequestTimeout", "00:00:00.200");
        using RawClient slow = RawClient.Connect(server);
        await slow.SendHeadAsync("/v1/rms-norm", 8);
        await slow.SendAsync([1, 2, 3, 4]);
        string response = await slow.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 408 ", response);
        Assert.Contains("had not come in full in 00:00:00.2", response);
        Assert.Contains("Connection: close", response);
        await AllIsGivenBackAsync(server);

        // Time begins anew with each request, pooled or not.
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage good = await server.PostAsync("/v1/rms-norm", "octet-stream", new byte[4]);
            Assert.AreEqual(HttpStatusCode.OK, good.StatusCode);
            await Task.Delay(100);
        }
    }

    [TestMethod]
    public async Task A_client_that_does_not_read_times_out()
    {
        await using RunningServer server =
            await RunningServer.StartAsync("--dimension", "1024", $"{Limits}RequestTimeout", "00:00:02");
        using RawClient silent = RawClient.Connect(server);
        silent.Socket.ReceiveBufferSize = 4096;
        float[] x = [.. Enumerable.Range(0, 1 << 20).Select(i => 1 + i % 1024 / 1e3f)];
        byte[] body = new Tensors<float>(x, null, 1024).ToJson();
        await silent.SendHeadAsync("/v1/rms-norm", body.Length, "json");
        await silent.SendAsync(body);
        await RunningServer.EventuallyAsync(async () => await server.MetricAsync(
            "normserver_requests_total{endpoint=\"rms-norm\",status=\"499\"}") == 1);
        await AllIsGivenBackAsync(server);

        // What it got is not all that there was, and it can tell.
        string response = await silent.ReadToEndAsync();
        Assert.DoesNotEndWith("\r\n0\r\n\r\n", response);
    }

    [TestMethod]
    public async Task A_body_that_is_cut_off_is_no_result()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "1");
        using RawClient client = RawClient.Connect(server);
        await client.SendHeadAsync("/v1/rms-norm", 8);
        await client.SendAsync([1, 2, 3, 4]);
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.DoesNotContain("200 OK", await client.ReadToEndAsync());
        await AllIsGivenBackAsync(server);
        Assert.AreEqual(0, await server.MetricAsync("normserver_norm_calls_total{endpoint=\"rms-norm\"}"));
    }

    [TestMethod]
    public async Task A_client_that_goes_gives_everything_back()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "4");
        for (int i = 0; i < 10; i++)
        {
            using CancellationTokenSource source = new();
            Task sending =
                SendHalfAsync(server, i % 2 == 0 ? "application/json" : "application/octet-stream", source.Token);
            await RunningServer.EventuallyAsync(
                async () => await server.MetricAsync("normserver_in_flight_requests") == 1);
            await source.CancelAsync();
            _ = await Assert.ThrowsAsync<OperationCanceledException>(() => sending);
            await AllIsGivenBackAsync(server);
        }

        double[] counts = await Task.WhenAll(((int[])[200, 400, 499]).Select(status => server.MetricAsync(
            $"normserver_requests_total{{endpoint=\"rms-norm\",status=\"{status}\"}}")));
        Assert.AreEqual((0, 10), (counts[0], counts[1] + counts[2]));
        using HttpResponseMessage good = await server.PostAsync("/v1/rms-norm", "octet-stream", new byte[16]);
        Assert.AreEqual(HttpStatusCode.OK, good.StatusCode);
    }

    [TestMethod]
    public async Task Many_clients_each_get_their_own()
    {
        const int clients = 16;
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "24");
        await Task.WhenAll(Enumerable.Range(1, clients).Select(client => Task.Run(async () =>
        {
            for (int call = 0; call < 20; call++)
            {
                Tensors<float> input = Tensors<float>.Random(client * 13 + call, 24, residual: client % 2 == 0);
                bool json = call % 4 == 3;
                using HttpResponseMessage response = await server.PostAsync(
                    $"/v1/rms-norm{(input.Residual is null || json ? "" : "?residual=true")}",
                    json ? "json" : "octet-stream", json ? input.ToJson() : input.ToOctets());
                byte[] body = await response.Content.ReadAsByteArrayAsync();
                CollectionAssert.AreEqual(
                    input.Normed(NormKind.RmsNorm).ToOctets(),
                    json ? Tensors<float>.FromJson(body, 24).ToOctets() : body);
            }
        })));
        Assert.AreEqual(clients * 20, await server.MetricAsync(
            "normserver_requests_total{endpoint=\"rms-norm\",status=\"200\"}"));
        await AllIsGivenBackAsync(server);
    }

    private static async Task SendHalfAsync(RunningServer server, string mediaType, CancellationToken token)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri("/v1/rms-norm", UriKind.Relative))
        {
            Content = new HalfContent(mediaType),
        };
        using HttpResponseMessage response = await server.Client.SendAsync(request, token);
    }

    private static Task AllIsGivenBackAsync(RunningServer server) => RunningServer.EventuallyAsync(async () =>
        await server.MetricAsync("normserver_in_flight_requests") == 0
        && await server.MetricAsync("normserver_rented_bytes") == 0);

    /// <summary>Begins a body and never ends it.</summary>
    private sealed class HalfContent : HttpContent
    {
        public HalfContent(string mediaType) => Headers.ContentType = new(mediaType);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync("{\"embeddings\": ["u8.ToArray(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
