using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Tests.Commands;

[TestClass]
public sealed class ProgramTests
{
    [TestMethod]
    public void Without_arguments_it_prints_help()
    {
        CliResult result = Cli.Run();
        Assert.AreEqual(0, result.ExitCode);
        foreach (string command in new[] { "info", "run", "verify", "bench" })
        {
            Assert.IsTrue(result.Lines.Any(line =>
                line.TrimStart().StartsWith(command + " ", StringComparison.Ordinal)));
        }
    }

    [TestMethod]
    public void Help_tells_of_every_input_and_attribute()
    {
        foreach (Operation operation in OperationRegistry.All)
        {
            CliResult result = Cli.Run("run", operation.Name, "--help");
            Assert.AreEqual(0, result.ExitCode);
            Assert.AreEqual("", result.Error);
            foreach (string name in operation.Inputs.Skip(1).Select(input => input.Name)
                .Concat(operation.Attributes.Select(attribute => attribute.Name)))
            {
                Assert.Contains("--" + name.Replace('_', '-'), result.Out);
            }
        }
    }

    [TestMethod]
    public void What_is_no_command_is_refused_in_one_line()
    {
        Cli.Refused(["nonsense"], "'nonsense'");
        Cli.Refused(["--nonsense"], "'--nonsense' is not an option");
        Cli.Refused(["@arguments.txt"], "'@arguments.txt'");
        Cli.Refused(["tour"], "--golden");
    }

    [TestMethod]
    public void The_tour_shows_the_machine_before_it_misses_its_cases()
    {
        using TempDirectory temp = new();
        CliResult result = Cli.Run("tour", "--golden", temp.PathOf("nowhere"));
        Assert.AreEqual(2, result.ExitCode);
        Assert.Contains(CpuBackend.LibraryPath, result.Out);
        Assert.Contains("there is no such directory", result.Error);
    }

    [TestMethod]
    public void Names_of_operations_are_unique() => Assert.HasCount(
        OperationRegistry.All.Length, OperationRegistry.All.Select(operation => operation.Name).Distinct());
}
