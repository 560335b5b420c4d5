using System;
using System.CommandLine;
using System.IO;
using System.Linq;

using NormKernels.Load;

Option<string> program = new("--server")
{
    Description = "The server's program.",
    DefaultValueFactory = _ => Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../NormKernels.SampleServer/release/NormKernels.SampleServer"
        + (OperatingSystem.IsWindows() ? ".exe" : ""))),
};
Option<double> seconds = new("--seconds")
{
    Description = "How long each server is loaded with a scenario before it is the other's turn.",
    DefaultValueFactory = _ => 2,
};
Option<int> rounds = new("--rounds") { Description = "How many turns each has.", DefaultValueFactory = _ => 5 };
Option<int> connections = new("--connections")
{
    Description = "Connections at a time.",
    DefaultValueFactory = _ => 4,
};
Option<string?> filter = new("--only") { Description = "Only scenarios whose name contains this." };
Option<FileInfo?> readme = new("--write")
{
    Description = "A markdown file whose part between the comments 'results' and 'end of results' is replaced.",
};
RootCommand command = new("Loads the sample server on its native and its managed path in turns.")
{
    program, seconds, rounds, connections, filter, readme,
};
command.SetAction(parsed =>
{
    Scenario[] scenarios =
    [
        .. Scenario.Usual.Where(scenario =>
            scenario.Name.Contains(parsed.GetValue(filter) ?? "", StringComparison.OrdinalIgnoreCase)),
    ];
    LoadTest test = new(
        parsed.GetRequiredValue(program), TimeSpan.FromSeconds(parsed.GetRequiredValue(seconds)),
        parsed.GetRequiredValue(rounds), parsed.GetRequiredValue(connections));
    string report = test.Run(scenarios, Console.Error);
    Console.WriteLine(report);
    if (parsed.GetValue(readme) is FileInfo file)
    {
        Report.Replace(file.FullName, report);
    }
});
return command.Parse(args).Invoke();
