using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.RegularExpressions;

namespace NormKernels.Load;

/// <summary>A server in a process of its own.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http = new();

    private ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Starts it on a free port of the loopback.</summary>
    /// <param name="program">The program.</param>
    /// <param name="path">native or managed.</param>
    /// <exception cref="InvalidDataException">It ends before it listens.</exception>
    public static ServerProcess Start(string program, string path)
    {
        ProcessStartInfo start = new(program)
        {
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "--urls", "http://127.0.0.1:0", "--path", path, "--dimension",
                Scenario.Dimension.ToString(CultureInfo.InvariantCulture),
            },
        };
        Process process = Process.Start(start)!;
        while (process.StandardOutput.ReadLine() is string line)
        {
            Match match = Listening().Match(line);
            if (match.Success)
            {
                // What else it says is not wanted, but must not fill the pipe.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new(process, new Uri(match.Groups[1].Value));
            }
        }

        process.WaitForExit();
        throw new InvalidDataException($"{program} has ended with {process.ExitCode} before it listened.");
    }

    /// <summary>Its metrics, each the sum over its labels.</summary>
    public Dictionary<string, double> Metrics()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(Address, "/metrics"));
        using HttpResponseMessage response = _http.Send(request);
        using StreamReader reader = new(response.EnsureSuccessStatusCode().Content.ReadAsStream());
        return reader.ReadToEnd().Split('\n')
            .Where(line => line.Length != 0 && line[0] != '#')
            .Select(line => (Name: line.Split('{', ' ')[0], Value: line[(line.LastIndexOf(' ') + 1)..]))
            .GroupBy(sample => sample.Name)
            .ToDictionary(
                group => group.Key,
                group => group.Sum(sample => double.Parse(sample.Value, CultureInfo.InvariantCulture)));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _http.Dispose();
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
