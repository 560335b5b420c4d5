using System;
using System.IO;
using System.Linq;
using System.Text;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Package.Tests;

/// <summary>What the packages' READMEs show is what <see cref="ConsumerTests"/> run.</summary>
[TestClass]
public sealed class PackageReadmeTests
{
    [TestMethod]
    [DataRow("NormKernels", "ReadmeExample", "using NormKernels;")]
    [DataRow("NormKernels.Cuda", "ReadmeCudaExample",
        "using NormKernels;\nusing NormKernels.Cuda;\n\nusing RmsNorm = NormKernels.Cuda.RmsNorm;")]
    [DataRow("NormKernels.Layers", "ReadmeLayersExample", "using NormKernels.Layers;")]
    [DataRow("NormKernels.Tensors", "ReadmeTensorsExample",
        "using System.Numerics.Tensors;\n\nusing NormKernels;\nusing NormKernels.Tensors;")]
    [DataRow("NormKernels.Reference", "ReadmeReferenceExample", "using NormKernels.Reference;")]
    public void The_example_is_the_one_that_is_run(string id, string example, string usings)
    {
        string[] lines =
        [
            .. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Program", $"{example}.cs"))
                .SkipWhile(line => line.Trim() != "// begin").Skip(1)
                .TakeWhile(line => line.Trim() != "// end").Select(line => line.Length < 8 ? line : line[8..]),
        ];
        Assert.IsGreaterThan(2, lines.Length);
        using PackageFile package = new(id);
        string readme = Encoding.UTF8.GetString(package.Read("README.md")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{usings}\n\n{string.Join('\n', lines)}\n```\n", readme);
        Assert.AreEqual(2, readme.Split("```csharp").Length, "more than one example");
    }
}
