using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Package.Tests;

/// <summary>What is in the packages, and what they say of themselves.</summary>
[TestClass]
public sealed class PackageContentTests
{
    private const string Cpu = "NormKernels";

    private const string Cuda = "NormKernels.Cuda";

    private const string Layers = "NormKernels.Layers";

    private const string Reference = "NormKernels.Reference";

    private const string Tensors = "NormKernels.Tensors";

    [TestMethod]
    public void There_are_five_packages_with_symbols_and_nothing_else()
    {
        string[] expected =
        [
            .. new[] { Cpu, Cuda, Layers, Reference, Tensors }.SelectMany(
                id => new[] { $"{id}.{Settings.Version}.nupkg", $"{id}.{Settings.Version}.snupkg" }),
        ];
        string[] found = [.. Directory.EnumerateFiles(Settings.Feed).Select(path => Path.GetFileName(path))];
        CollectionAssert.AreEquivalent(expected, found, string.Join(", ", found));
    }

    [TestMethod]
    [DataRow(Cpu)]
    [DataRow(Cuda)]
    [DataRow(Layers)]
    [DataRow(Reference)]
    [DataRow(Tensors)]
    public void A_package_says_what_it_is(string id)
    {
        using PackageFile package = new(id);
        Assert.AreEqual(Settings.Version, package.Of("version"));
        Assert.AreEqual("MIT", package.Of("license"));
        Assert.AreEqual("NormKernels contributors", package.Of("authors"));
        Assert.AreEqual("README.md", package.Of("readme"));
        string readme = Encoding.UTF8.GetString(package.Read("README.md"));
        Assert.StartsWith($"# {id}\n", readme.ReplaceLineEndings("\n"));
        foreach (string file in (string[])[$"{id}.dll", $"{id}.xml"])
        {
            Assert.Contains($"lib/{Settings.TargetFramework}/{file}", package.Entries);
        }

        // 128 x 128, as its own header says.
        byte[] icon = package.Read(package.Of("icon"));
        Assert.AreEqual(128, BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(16)));
        Assert.AreEqual(128, BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(20)));
    }

    [TestMethod]
    [DataRow(Cpu)]
    [DataRow(Cuda, Cpu)]
    [DataRow(Layers, Cpu, Cuda)]
    [DataRow(Reference)]
    [DataRow(Tensors, Cpu)]
    public void A_package_takes_others_of_its_own_version_and_nothing_else(string id, params string[] others)
    {
        using PackageFile package = new(id);
        string[] expected = [.. others.Select(other => $"{other} [{Settings.Version}]")];
        XElement[] dependencies =
        [
            .. package.Metadata.Descendants().Where(element => element.Name.LocalName == "dependency"
                && (id != Tensors || element.Attribute("id")!.Value != "System.Numerics.Tensors")),
        ];
        CollectionAssert.AreEquivalent(
            expected,
            dependencies.Select(element => $"{element.Attribute("id")!.Value} {element.Attribute("version")!.Value}").ToArray());
    }

    [TestMethod]
    public void Native_libraries_are_those_that_the_description_names()
    {
        using PackageFile cpu = new(Cpu), cuda = new(Cuda), layers = new(Layers), reference = new(Reference);
        Assert.Contains(Settings.Platform, cpu.Platforms);
        AssertNamed(cpu, "libnormkernels");
        AssertNamed(cuda, "libnormkernels_cuda");
        Assert.IsEmpty(layers.Platforms);
        Assert.IsEmpty(reference.Platforms);
    }

    [TestMethod]
    [DataRow(Cpu)]
    [DataRow(Cuda)]
    [DataRow(Layers)]
    [DataRow(Reference)]
    [DataRow(Tensors)]
    public void Nothing_names_the_folder_it_was_built_in(string id)
    {
        using PackageFile package = new(id), symbols = new(id, "snupkg");
        using MemoryStream debug = new(symbols.Read($"lib/{Settings.TargetFramework}/{id}.pdb"));
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(debug);
        MetadataReader reader = provider.GetMetadataReader();
        Assert.IsGreaterThan(0, reader.Documents.Count);
        foreach (DocumentHandle document in reader.Documents)
        {
            // Which SourceLink maps to a repository, if git knows one.
            Assert.StartsWith("/_/", reader.GetString(reader.GetDocument(document).Name));
        }

        byte[] root = Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Settings.RepositoryRoot));
        foreach (string entry in package.Entries)
        {
            Assert.AreEqual(-1, package.Read(entry).AsSpan().IndexOf(root), entry);
        }
    }

    private static void AssertNamed(PackageFile package, string library)
    {
        string[] platforms = [.. package.Platforms];
        foreach (string entry in package.Entries.Where(entry => entry.StartsWith("runtimes/", StringComparison.Ordinal)))
        {
            Assert.AreEqual(library, Path.GetFileNameWithoutExtension(entry));
            Assert.Contains("/native/", entry);
        }

        string description = package.Of("description");
        if (platforms.Length == 0)
        {
            Assert.EndsWith(
                $" The native library is not inside: {library} has to be built from the sources.", description);
            return;
        }

        // That of this machine comes first, the others as they were asked for.
        string[] named = description.Split(" The native library is inside for: ")[^1].TrimEnd('.').Split(", ");
        CollectionAssert.AreEquivalent(platforms, named, description);
    }
}
