using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.House;

/// <summary>What the READMEs show is what there is.</summary>
[TestClass]
public sealed class ReadmeTests
{
    private const string Begin = "// begin";

    private static readonly string Readme = Repository.ReadAll("README.md");

    private static readonly string[] _folders = ["bench", "kernels", "native", "src", "tests"];

    public static IEnumerable<string> Readmes { get; } =
    [
        "README.md", .. _folders.SelectMany(folder => Repository.Files(folder, ".md")).Where(file => Blocks(file).Length != 0),
    ];

    [TestMethod]
    [DynamicData(nameof(Readmes))]
    public void Every_block_of_code_is_one_that_is_compiled(string file)
    {
        string[] examples = [.. Repository.Files("tests", "Example.cs").Select(Example)];
        foreach (string block in Blocks(file))
        {
            // Directives are at the top of the file of an example, in another order.
            string code = string.Join('\n', block.Split('\n').SkipWhile(
                line => line.Length == 0 || (line.StartsWith("using ", StringComparison.Ordinal) && !line.Contains('('))));
            Assert.Contains(code.Trim(), examples, $"{file} shows what no example has:\n{code}");
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void The_examples_print_what_they_say()
    {
        Type[] types =
        [
            .. typeof(ReadmeTests).Assembly.GetTypes().Where(type => type.Name.EndsWith("Example", StringComparison.Ordinal)),
        ];
        Assert.IsGreaterThan(9, types.Length);
        TextWriter console = Console.Out;
        string directory = Directory.GetCurrentDirectory();
        string temporary = Directory.CreateTempSubdirectory("normkernels-").FullName;
        try
        {
            Directory.SetCurrentDirectory(temporary);
            foreach (Type type in types)
            {
                using StringWriter written = new();
                Console.SetOut(written);
                _ = type.GetMethod("Run", BindingFlags.Public | BindingFlags.Static)!.Invoke(null, null);
                string file = Repository.Files("tests/NormKernels.Tests/House", $"/{type.Name}.cs").Single();
                string said = Example(file).Split('\n').Single(
                    line => line.Contains("Console.WriteLine", StringComparison.Ordinal));
                Assert.AreEqual(
                    said[(said.LastIndexOf("// ", StringComparison.Ordinal) + 3)..], written.ToString().Trim(), type.Name);
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
    private static string Example(string file) => string.Join('\n',
        Repository.ReadAll(file).Split('\n').SkipWhile(line => line.Trim() != Begin).Skip(1)
            .TakeWhile(line => line.Trim() != "// end").Select(line => line.Length < 8 ? line : line[8..]));

    private static string[] Blocks(string file) =>
    [
        .. Repository.ReadAll(file).Split("```csharp\n").Skip(1)
            .Select(rest => rest[..rest.IndexOf("\n```", StringComparison.Ordinal)]),
    ];
}
