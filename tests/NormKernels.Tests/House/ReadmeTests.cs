using System;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.House;

/// <summary>What README.md shows is what there is.</summary>
[TestClass]
public sealed class ReadmeTests
{
    private static readonly string Readme = Repository.ReadAll("README.md");

    [TestMethod]
    public void The_example_is_the_one_that_is_compiled()
    {
        string source = Repository.ReadAll("tests/NormKernels.Tests/House/ReadmeExample.cs");
        string[] lines =
        [
            .. source.Split('\n').SkipWhile(line => line.Trim() != "// begin").Skip(1)
                .TakeWhile(line => line.Trim() != "// end").Select(line => line.Length < 8 ? line : line[8..]),
        ];
        Assert.IsGreaterThan(5, lines.Length);
        string block = $"```csharp\nusing NormKernels;\n\n{string.Join('\n', lines)}\n```\n";
        Assert.Contains(block, Readme, "README.md and ReadmeExample.cs differ");
    }

    [TestMethod]
    [DoNotParallelize]
    public void The_example_prints_what_it_says()
    {
        TextWriter console = Console.Out;
        using StringWriter written = new();
        try
        {
            Console.SetOut(written);
            ReadmeExample.Run();
        }
        finally
        {
            Console.SetOut(console);
        }

        string said = Readme.Split('\n').Single(line => line.StartsWith("Console.WriteLine", StringComparison.Ordinal));
        Assert.AreEqual(said[(said.LastIndexOf("// ", StringComparison.Ordinal) + 3)..], written.ToString().Trim());
    }

    [TestMethod]
    public void The_two_commands_come_first()
    {
        string first = Readme[(Readme.IndexOf("```sh", StringComparison.Ordinal) + 6)..];
        Assert.StartsWith("./build.sh run", first);
        Assert.Contains("./build.sh test", first[..first.IndexOf("```", StringComparison.Ordinal)]);
    }
}
