using System;
using System.Collections.Generic;
using System.IO;

namespace NormKernels.Load;

/// <summary>Both servers, in turns.</summary>
internal static class LoadTest
{
    /// <summary>Loads both servers with each scenario, A B A B, and writes what was seen.</summary>
    /// <param name="program">The server's program.</param>
    /// <param name="seconds">How long a server is loaded before it is the other's turn.</param>
    /// <param name="rounds">Turns of each server that count; one before them warms it up.</param>
    /// <param name="connections">Connections at a time.</param>
    /// <param name="output">Receives a table in markdown.</param>
    /// <exception cref="InvalidDataException">A server does not start, or an answer is wrong.</exception>
    public static void Run(string program, double seconds, int rounds, int connections, TextWriter output)
    {
        using ServerProcess native = ServerProcess.Start(program, "native");
        using ServerProcess managed = ServerProcess.Start(program, "managed");
        TimeSpan time = TimeSpan.FromSeconds(seconds);
        output.WriteLine(Report.Head);
        foreach (Scenario scenario in Scenario.All)
        {
            List<(Window Native, Window Managed)> pairs = [];
            for (int round = 0; round <= rounds; round++)
            {
                Window a = Window.Run(native, scenario, connections, time);
                Window b = Window.Run(managed, scenario, connections, time);
                if (round != 0)
                {
                    pairs.Add((a, b));
                }
            }

            output.WriteLine(Report.Row(scenario.Name, pairs));
        }
    }
}
