using System;
using System.IO;
using System.Linq;

namespace NormKernels.Load;

/// <summary>Both servers, in turns.</summary>
internal static class LoadTest
{
    /// <summary>Loads both servers with each scenario, A B A B, and writes what was seen.</summary>
    /// <param name="program">The server's program.</param>
    /// <param name="seconds">How long a server is loaded before it is the other's turn.</param>
    /// <param name="rounds">Turns of each server that count; one before all others warms it up.</param>
    /// <param name="connections">Connections at a time.</param>
    /// <param name="output">Receives a table in markdown.</param>
    /// <exception cref="InvalidDataException">A server does not start, or an answer is wrong.</exception>
    public static void Run(string program, double seconds, int rounds, int connections, TextWriter output)
    {
        using ServerProcess native = ServerProcess.Start(program, "native");
        using ServerProcess managed = ServerProcess.Start(program, "managed");
        TimeSpan time = TimeSpan.FromSeconds(seconds);
        foreach (Scenario scenario in Scenario.All)
        {
            // Until the compiler has seen what is hot, in all scenarios: what answers is the same.
            _ = RunBoth(scenario);
        }

        output.WriteLine(Report.Head);
        foreach (Scenario scenario in Scenario.All)
        {
            output.WriteLine(Report.Row(
                scenario.Name, [.. Enumerable.Range(0, rounds).Select(_ => RunBoth(scenario))]));
        }

        (Window Native, Window Managed) RunBoth(Scenario scenario) =>
            (Window.Run(native, scenario, connections, time), Window.Run(managed, scenario, connections, time));
    }
}
