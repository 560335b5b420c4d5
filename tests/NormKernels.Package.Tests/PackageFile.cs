using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Xml.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Package.Tests;

/// <summary>A package, opened.</summary>
internal sealed class PackageFile : IDisposable
{
    private readonly ZipArchive _archive;

    /// <param name="id">The package.</param>
    /// <param name="ending">nupkg, or snupkg for its symbols.</param>
    public PackageFile(string id, string ending = "nupkg")
    {
        string path = Path.Combine(Settings.Feed, $"{id}.{Settings.Version}.{ending}");
        Assert.IsTrue(File.Exists(path), $"{path} is missing: ./build.sh pack makes it");
        _archive = ZipFile.OpenRead(path);
        Entries = [.. _archive.Entries.Select(entry => entry.FullName)];
        using MemoryStream text = new(Read($"{id}.nuspec"));
        Metadata = XDocument.Load(text).Root!.Elements().Single();
    }

    public IReadOnlyList<string> Entries { get; }

    /// <summary>What the package says of itself.</summary>
    public XElement Metadata { get; }

    /// <summary>The platforms that it has a native library for.</summary>
    public IEnumerable<string> Platforms =>
        Entries.Where(entry => entry.StartsWith("runtimes/", StringComparison.Ordinal)).Select(entry => entry.Split('/')[1]);

    public string Of(string name) => Metadata.Elements().Single(element => element.Name.LocalName == name).Value;

    public byte[] Read(string entry)
    {
        using Stream stream = (_archive.GetEntry(entry) ?? throw new FileNotFoundException(entry)).Open();
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public void Dispose() => _archive.Dispose();
}
