using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace NormKernels.Load;

/// <summary>Both servers, in turns.</summary>
internal sealed record LoadTest(string Program, TimeSpan Time, int Rounds, int Connections)
{
    // Until the compiler has seen what is hot.
    private const int WarmUpRounds = 2;

    /// <summary>Loads both servers with each scenario, A B A B, and says what was seen.</summary>
    /// <exception cref="InvalidDataException">A server does not start, or an answer is wrong.</exception>
    public string Run(IReadOnlyList<Scenario> scenarios, TextWriter progress)
    {
        using ServerProcess native = ServerProcess.Start(Program, "native");
        using ServerProcess managed = ServerProcess.Start(Program, "managed");
        Report report = new(this);
        foreach (Scenario scenario in scenarios)
        {
            List<(Window Native, Window Managed)> pairs = [];
            for (int round = 0; round < WarmUpRounds + Rounds; round++)
            {
                Window a = Window.Run(native, scenario, Connections, Time);
                Window b = Window.Run(managed, scenario, Connections, Time);
                if (round >= WarmUpRounds)
                {
                    pairs.Add((a, b));
                }
            }

            string line = report.Add(scenario, pairs);
            progress.WriteLine(line);
        }

        return report.ToString();
    }

    /// <summary>The middle one.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The command that does the same again.</summary>
    public string CommandLine => string.Create(CultureInfo.InvariantCulture,
        $"NormKernels.Load --rounds {Rounds} --seconds {Time.TotalSeconds} --connections {Connections}");
}
