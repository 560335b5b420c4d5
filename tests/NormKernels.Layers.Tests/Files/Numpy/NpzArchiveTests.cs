using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Layers.Tests.Files.Numpy;

[TestClass]
public sealed class NpzArchiveTests
{
    private static readonly KeyValuePair<string, NpyArray>[] Arrays =
    [
        new("x", new NpyArray([.. Enumerable.Range(0, 400).Select(i => (float)i)], 20, 20)),
        new("000.dir/y", new NpyArray([0.5], [])),
        new("empty", new NpyArray(Array.Empty<Half>(), 0, 3)),
    ];

    public static IEnumerable<string> GoldenArchives() =>
        new DirectoryInfo(Path.Combine(AppContext.BaseDirectory, "golden")).GetFiles("*.npz").Select(file => file.Name);

    [TestMethod]
    [DataRow(CompressionLevel.NoCompression)]
    [DataRow(CompressionLevel.Fastest)]
    [DataRow(CompressionLevel.Optimal)]
    public void What_is_written_is_read_again(CompressionLevel compression)
    {
        using TempDirectory temp = new();
        string path = temp.PathOf("x.npz");
        NpzArchive.Write(path, Arrays, compression);
        using NpzArchive archive = NpzArchive.Open(path);
        CollectionAssert.AreEqual(Arrays.Select(pair => pair.Key).ToArray(), archive.Keys);
        foreach ((string key, NpyArray expected) in Arrays.Reverse())
        {
            NpyArray actual = archive.Read(key);
            Assert.AreEqual(expected.Kind, actual.Kind);
            CollectionAssert.AreEqual(expected.Shape.ToArray(), actual.Shape.ToArray());
            CollectionAssert.AreEqual(expected.ToDoubles(), actual.ToDoubles());
        }
    }

    [TestMethod]
    public void Equal_arrays_give_equal_bytes()
    {
        using TempDirectory temp = new();
        NpzArchive.Write(temp.PathOf("1.npz"), Arrays);
        NpzArchive.Write(temp.PathOf("2.npz"), Arrays);
        CollectionAssert.AreEqual(File.ReadAllBytes(temp.PathOf("1.npz")), File.ReadAllBytes(temp.PathOf("2.npz")));
        using ZipArchive zip = ZipFile.OpenRead(temp.PathOf("1.npz"));
        Assert.AreEqual(1980, zip.Entries[0].LastWriteTime.Year);
    }

    [TestMethod]
    [DynamicData(nameof(GoldenArchives))]
    public void Members_written_by_numpy_are_written_again_byte_by_byte(string file)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "golden", file);
        using NpzArchive archive = NpzArchive.Open(path);
        using ZipArchive zip = ZipFile.OpenRead(path);
        Assert.AreNotEqual(0, archive.Keys.Count);
        foreach (string key in archive.Keys)
        {
            using MemoryStream expected = new();
            using MemoryStream written = new();
            using Stream member = zip.GetEntry(key + ".npy")!.Open();
            member.CopyTo(expected);
            NpyFile.Write(written, archive.Read(key));
            CollectionAssert.AreEqual(expected.ToArray(), written.ToArray(), key);
        }
    }

    [TestMethod]
    public void A_missing_array_is_named_with_those_there_are()
    {
        using TempDirectory temp = new();
        string path = temp.PathOf("x.npz");
        NpzArchive.Write(path, Arrays);
        using (NpzArchive archive = NpzArchive.Open(path))
        {
            OneLine.Refused(() => archive.Read("X"), path, "no array 'X'; it holds 'x', '000.dir/y', 'empty'");
        }

        NpzArchive.Write(path, Enumerable.Range(0, 25).Select(i => KeyValuePair.Create($"k{i}", Arrays[0].Value)));
        using (NpzArchive archive = NpzArchive.Open(path))
        {
            OneLine.Refused(() => archive.Read("X"), "'k18', 'k19' and 5 more");
        }

        using (ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create))
        {
            _ = zip.CreateEntry("readme.txt");
        }

        using (NpzArchive archive = NpzArchive.Open(path))
        {
            OneLine.Refused(() => archive.Read("readme"), "it holds none");
        }
    }

    [TestMethod]
    public void Files_that_are_no_archives_are_refused()
    {
        using TempDirectory temp = new();
        OneLine.Refused(() => NpzArchive.Open(temp.Root), temp.Root, "is a directory");
        string path = temp.Write("x.npz", "not a zip");
        OneLine.Refused(() => NpzArchive.Open(path), path, "not a readable .npz archive");
        NpzArchive.Write(path, Arrays);
        path = temp.Write("y.npz", File.ReadAllBytes(path)[..^30]);
        OneLine.Refused(() => NpzArchive.Open(path), path, "not a readable .npz archive");
        _ = Assert.ThrowsExactly<FileNotFoundException>(() => NpzArchive.Open(temp.PathOf("z.npz")));
    }

    [TestMethod]
    public void Arrays_of_one_name_are_refused()
    {
        using TempDirectory temp = new();
        string path = temp.PathOf("x.npz");
        _ = Assert.ThrowsExactly<ArgumentException>(() => NpzArchive.Write(path, [Arrays[0], Arrays[0]]));
        using (ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create))
        {
            _ = zip.CreateEntry("x.npy");
            _ = zip.CreateEntry("x.npy");
        }

        OneLine.Refused(() => NpzArchive.Open(path), path, "'x' twice");
    }

    [TestMethod]
    [DataRow(CompressionLevel.NoCompression)]
    [DataRow(CompressionLevel.Optimal)]
    public void A_flipped_bit_is_noticed_wherever_it_is(CompressionLevel compression)
    {
        using TempDirectory temp = new();
        string path = temp.PathOf("x.npz");
        NpzArchive.Write(path, [Arrays[0]], compression);
        byte[] sound = File.ReadAllBytes(path);

        // The local file header takes 30 bytes and the name; the directory behind the data is of no interest here.
        int directory = sound.AsSpan().IndexOf("PK\u0001\u0002"u8);
        for (int at = 30 + "x.npy".Length; at < directory; at += 13)
        {
            byte[] damaged = [.. sound];
            damaged[at] ^= 0x10;
            string file = temp.Write("damaged.npz", damaged);
            using NpzArchive archive = NpzArchive.Open(file);
            OneLine.Refused(() => archive.Read("x"), file, "array 'x'");
        }
    }

    [TestMethod]
    public void A_malformed_member_is_named()
    {
        using TempDirectory temp = new();
        string path = temp.PathOf("x.npz");
        using (ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create))
        {
            using Stream member = zip.CreateEntry("a.npy").Open();
            member.Write(NpyBytes.Make("<i4", false, "(1,)", [1]));
        }

        using NpzArchive archive = NpzArchive.Open(path);
        OneLine.Refused(() => archive.Read("a"), $"{path}: array 'a': the element type is '<i4'");
    }
}
