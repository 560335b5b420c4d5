using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>What the server's README says is so.</summary>
[TestClass]
public sealed partial class ReadmeTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));

    [TestMethod]
    public async Task The_example_gives_what_it_says()
    {
        Match example = Example().Match(Text);
        Assert.IsTrue(example.Success);
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "4");
        using HttpResponseMessage response = await server.PostAsync(
            example.Groups["path"].Value, "json", Encoding.UTF8.GetBytes(example.Groups["body"].Value));
        Assert.AreEqual(example.Groups["answer"].Value, await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public void It_has_every_option()
    {
        foreach (PropertyInfo option in typeof(ServerOptions).GetProperties())
        {
            IEnumerable<string> names = option.PropertyType == typeof(int) || option.PropertyType.IsEnum
                ? [option.Name]
                : option.PropertyType.GetProperties().Select(inner => $"{option.Name}:{inner.Name}");
            foreach (string name in names)
            {
                Assert.Contains($"`{name}`", Text);
            }
        }
    }

    [TestMethod]
    public async Task It_has_every_metric()
    {
        await using RunningServer server = await RunningServer.StartAsync("--dimension", "4");
        string metrics = await server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        string[] names = [.. TypeLine().Matches(metrics).Select(match => match.Groups[1].Value)];
        Assert.IsGreaterThan(5, names.Length);
        foreach (string name in names)
        {
            Assert.Contains($"`{name}`", Text);
        }
    }

    [GeneratedRegex(@"curl -s http://127\.0\.0\.1:5000(?<path>\S+) .* -d '(?<body>.*)'\n(?<answer>\{.*\})\n")]
    private static partial Regex Example();

    [GeneratedRegex(@"^# TYPE (\S+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
