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

    // Each with the namespaces that it uses.
    private static readonly (string Name, string Usings, Action Run)[] Examples =
    [
        (nameof(ReadmeExample), "using NormKernels;", ReadmeExample.Run),
        (nameof(ReadmeLayersExample), "using NormKernels.Layers;", ReadmeLayersExample.Run),
        (nameof(ReadmeTensorsExample), "using System.Numerics.Tensors;\n\nusing NormKernels;\nusing NormKernels.Tensors;",
            ReadmeTensorsExample.Run),
    ];

    [TestMethod]
    public void The_examples_are_those_that_are_compiled()
    {
        foreach ((string name, string usings, _) in Examples)
        {
            string[] lines = Lines(name);
            Assert.IsGreaterThan(5, lines.Length);
            string block = $"```csharp\n{usings}\n\n{string.Join('\n', lines)}\n```\n";
            Assert.Contains(block, Readme, $"README.md and {name}.cs differ");
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void The_examples_print_what_they_say()
    {
        TextWriter console = Console.Out;
        string directory = Directory.GetCurrentDirectory();
        string temporary = Directory.CreateTempSubdirectory("normkernels-").FullName;
        try
        {
            Directory.SetCurrentDirectory(temporary);
            foreach ((string name, _, Action run) in Examples)
            {
                using StringWriter written = new();
                Console.SetOut(written);
                run();
                string said = Lines(name).Single(line => line.StartsWith("Console.WriteLine", StringComparison.Ordinal));
                Assert.AreEqual(
                    said[(said.LastIndexOf("// ", StringComparison.Ordinal) + 3)..], written.ToString().Trim(), name);
            }
        }
        finally
        {
            Console.SetOut(console);
            Directory.SetCurrentDirectory(directory);
            Directory.Delete(temporary, recursive: true);
        }
    }

    [TestMethod]
    public void The_two_commands_come_first()
    {
        string first = Readme[(Readme.IndexOf("```sh", StringComparison.Ordinal) + 6)..];
        Assert.StartsWith("./build.sh run", first);
        Assert.Contains("./build.sh test", first[..first.IndexOf("```", StringComparison.Ordinal)]);
    }

    // The lines between the marks, without their indentation.
    private static string[] Lines(string example) =>
    [
        .. Repository.ReadAll($"tests/NormKernels.Tests/House/{example}.cs").Split('\n')
            .SkipWhile(line => line.Trim() != "// begin").Skip(1)
            .TakeWhile(line => line.Trim() != "// end").Select(line => line.Length < 8 ? line : line[8..]),
    ];
}
