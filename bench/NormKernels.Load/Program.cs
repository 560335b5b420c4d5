using System;
using System.CommandLine;
using System.IO;

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
    Description = "How long a server is loaded with a scenario before it is the other's turn.",
    DefaultValueFactory = _ => 0.5,
};
Option<int> rounds = new("--rounds")
{
    Description = "How many turns of each server count; one before all others warms it up.",
    DefaultValueFactory = _ => 3,
};
Option<int> connections = new("--connections") { Description = "Connections at a time.", DefaultValueFactory = _ => 4 };
foreach (Option<int> option in (Option<int>[])[rounds, connections])
{
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < 1)
        {
            result.AddError($"{option.Name} has to be 1 or more.");
        }
    });
}

RootCommand command = new("Loads the sample server on its native and its managed path in turns.")
{
    program, seconds, rounds, connections,
};
command.SetAction(parsed => LoadTest.Run(
    parsed.GetRequiredValue(program), parsed.GetRequiredValue(seconds), parsed.GetRequiredValue(rounds),
    parsed.GetRequiredValue(connections), Console.Out));
return command.Parse(args).Invoke();
