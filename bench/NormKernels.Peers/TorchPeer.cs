using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NormKernels.Peers;

/// <summary>PyTorch on the CPU in a process of its own (torch_peer.py), one thread, asked run by run.</summary>
public sealed class TorchPeer : IDisposable
{
    private static readonly string[] Interpreters = ["python3", "python", "/usr/bin/python3"];

    private readonly Process _process;

    private TorchPeer(Process process, string version)
    {
        _process = process;
        Version = version;
    }

    /// <summary>The version of PyTorch.</summary>
    public string Version { get; }

    /// <summary>Starts the first Python that has PyTorch; null if there is none.</summary>
    public static TorchPeer? Start()
    {
        foreach (string interpreter in Interpreters)
        {
            ProcessStartInfo start = new(interpreter)
            {
                ArgumentList = { Path.Combine(AppContext.BaseDirectory, "torch_peer.py") },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            // Its best case: outputs are memory that it had before, not pages that the system has to clear.
            start.Environment["MALLOC_MMAP_THRESHOLD_"] = "4294967296";
            start.Environment["MALLOC_TRIM_THRESHOLD_"] = "4294967296";
            start.Environment["MALLOC_TOP_PAD_"] = "268435456";
            start.Environment["OMP_NUM_THREADS"] = "1";
            Process? process = null;
            try
            {
                process = Process.Start(start)!;
                process.ErrorDataReceived += (_, _) => { };
                process.BeginErrorReadLine();
                if (process.StandardOutput.ReadLine() is { } line)
                {
                    return new TorchPeer(process, (string)JsonNode.Parse(line)!["version"]!);
                }
            }
            catch (Win32Exception)
            {
                // There is no such program.
            }

            process?.Dispose();
        }

        return null;
    }

    /// <summary>Makes a case ready and runs it once; its result lies in the folder then, as result.f32.</summary>
    /// <param name="name">Such as "layer_norm forward".</param>
    /// <param name="shape">The tensor's shape.</param>
    /// <param name="groups">For group_norm.</param>
    /// <param name="folder">Where x.f32, dy.f32, weight.f32 and bias.f32 lie.</param>
    public void Prepare(string name, ReadOnlySpan<long> shape, int groups, string folder)
    {
        JsonArray lengths = [];
        foreach (long length in shape)
        {
            lengths.Add(length);
        }

        _ = Ask(new JsonObject { ["case"] = name, ["shape"] = lengths, ["groups"] = groups, ["inputs"] = folder });
    }

    /// <summary>Seconds that it takes for this many runs.</summary>
    public double Run(int times) => (double)Ask(new JsonObject { ["run"] = times })["seconds"]!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private JsonNode Ask(JsonObject request)
    {
        _process.StandardInput.WriteLine(request.ToJsonString());
        _process.StandardInput.Flush();
        string line = _process.StandardOutput.ReadLine()
            ?? throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"PyTorch ended while it was asked for {request.ToJsonString()}"));
        return JsonNode.Parse(line) ?? throw new JsonException("an empty answer");
    }
}
