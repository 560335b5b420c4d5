using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Builder;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.SampleServer.Tests.Support;

/// <summary>The server itself, in this process and on a free port of the loopback.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private RunningServer(WebApplication app)
    {
        App = app;
        Address = new Uri(app.Urls.Single());
        Client = new() { BaseAddress = Address };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>Starts it.</summary>
    /// <param name="arguments">Of its command line: <c>--dimension 4</c>.</param>
    public static async Task<RunningServer> StartAsync(params string[] arguments)
    {
        WebApplication app = NormServer.Create(Quiet(arguments));
        await app.StartAsync();
        return new(app);
    }

    /// <summary>Arguments for a server that does not write to the console, on any port.</summary>
    public static string[] Quiet(params string[] arguments) =>
    [
        "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "None", "--Logging:LogLevel:Microsoft.AspNetCore",
        "None", .. arguments,
    ];

    /// <summary>Sends a batch.</summary>
    /// <param name="path">With its query.</param>
    /// <param name="contentType">json or octet-stream; or a media type.</param>
    /// <param name="body">The body.</param>
    /// <param name="chunked">Whether the length is not said.</param>
    public async Task<HttpResponseMessage> PostAsync(
        string path, string contentType, byte[] body, bool chunked = false)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new ByteArrayContent(body),
        };
        _ = request.Content.Headers.TryAddWithoutValidation(
            "Content-Type", contentType.Contains('/', StringComparison.Ordinal) ? contentType : $"application/{contentType}");
        request.Headers.TransferEncodingChunked = chunked;
        return await Client.SendAsync(request);
    }

    /// <summary>A metric, by its name and labels; 0 if it is not there.</summary>
    public async Task<double> MetricAsync(string sample) =>
        (await MetricsAsync()).GetValueOrDefault(sample);

    /// <summary>The metrics, by name and labels.</summary>
    public async Task<Dictionary<string, double>> MetricsAsync()
    {
        string text = await Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n').Where(line => line.Length != 0 && line[0] != '#').ToDictionary(
            line => line[..line.LastIndexOf(' ')],
            line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until something holds, which others bring about; not for ever.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.IsLessThan(TimeSpan.FromMinutes(1), Stopwatch.GetElapsedTime(start), "it never held");
            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }
}
