using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Layers.Tests.Files.Numpy;

namespace NormKernels.Layers.Tests.Files;

/// <summary>Writing both formats, and what they have in common.</summary>
[TestClass]
public sealed class ParameterFileTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    [TestMethod]
    public void A_safetensors_file_is_written_to_the_byte()
    {
        ParameterFileWriter writer = new();
        writer.Add<BFloat16>("b", [BFloat16.FromBits(0x3F80)], 1, 1);
        writer.Add<float>("z", [1, -2], 2);
        writer.Add<float>("a\"é", [0.5f]);
        writer.Add<long>("n", [-1]);
        writer.Add<double>("none", [], 0, 3);
        string path = _temp.PathOf("x.safetensors");
        writer.Write(path);
        // The largest elements first, then by name; padded to a multiple of 8.
        byte[] header = Encoding.UTF8.GetBytes(
            """{"__metadata__":{"format":"pt"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}"""
            + ""","none":{"dtype":"F64","shape":[0,3],"data_offsets":[8,8]}"""
            + ""","a\"é":{"dtype":"F32","shape":[],"data_offsets":[8,12]}"""
            + ""","z":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}"""
            + ""","b":{"dtype":"BF16","shape":[1,1],"data_offsets":[20,22]}}""");
        int padding = (8 - header.Length % 8) % 8;
        byte[] expected =
        [
            (byte)((header.Length + padding) & 0xFF), (byte)((header.Length + padding) >> 8), 0, 0, 0, 0, 0, 0,
            .. header, .. Enumerable.Repeat((byte)' ', padding),
            0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0x00, 0x00, 0x00, 0x3F,
            0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0xC0,
            0x80, 0x3F,
        ];
        CollectionAssert.AreEqual(expected, File.ReadAllBytes(path));
        using ParameterFile file = ParameterFile.Open(path);
        Assert.AreEqual(0.5f, file.Read<float>("a\"é")[0]);
        Assert.AreEqual(-1, file.Read<long>("n")[0]);
    }

    [TestMethod]
    [DataRow("x.safetensors")]
    [DataRow("x.npz")]
    [DataRow("X.NPZ")]
    public void What_is_written_is_read_again(string name)
    {
        float[] floats = [1, float.NaN, float.MinValue, -0f, 1e-45f];
        Half[] halves = [(Half)1.5f, Half.Epsilon, Half.NegativeInfinity];
        BFloat16[] bfloats = [(BFloat16)3f, BFloat16.Epsilon, BFloat16.MaxValue, BFloat16.PositiveInfinity];
        ParameterFileWriter writer = new();
        writer.Add<float>("model.norm.weight", floats, 5, 1);
        writer.Add<Half>("half", halves, 3);
        writer.Add<BFloat16>("bfloat", bfloats, 2, 2);
        writer.Add<double>("double", [Math.PI]);
        writer.Add<long>("count", [long.MaxValue]);
        writer.Add<float>("none", [], 0);
        Assert.HasCount(6, writer.Names);
        string path = _temp.PathOf(name);
        writer.Write(path);
        byte[] first = File.ReadAllBytes(path);
        writer.Write(path);
        CollectionAssert.AreEqual(first, File.ReadAllBytes(path), "equal tensors, other bytes");
        Assert.HasCount(1, Directory.GetFiles(_temp.Root));
        using ParameterFile file = ParameterFile.Open(path);
        Assert.AreEqual(path, file.Path);
        CollectionAssert.AreEquivalent(writer.Names.ToArray(), file.Names.ToArray());
        CollectionAssert.AreEqual(floats, file.Read<float>("model.norm.weight"));
        CollectionAssert.AreEqual(halves, file.Read<Half>("half"));
        CollectionAssert.AreEqual(bfloats, file.Read<BFloat16>("bfloat"));
        Assert.AreEqual(Math.PI, file.Read<double>("double")[0]);
        Assert.AreEqual(long.MaxValue, file.Read<long>("count")[0]);
        Assert.IsEmpty(file.Read<float>("none"));
        Assert.AreEqual("model.norm.weight: F32 [5, 1]", file.Describe("model.norm.weight").ToString());
        Assert.AreEqual("count: I64 []", file.Describe("count").ToString());
        // NumPy has no bfloat16.
        Assert.AreEqual(name == "x.safetensors" ? "BF16" : "F32", file.Describe("bfloat").Dtype);
        Assert.IsTrue(file.Contains("half"));
        Assert.IsFalse(file.Contains("hal"));
    }

    [TestMethod]
    public void What_cannot_be_added_is_refused()
    {
        ParameterFileWriter writer = new();
        writer.Add<float>("a", [1], 1);
        (string Parameter, Action Add)[] refused =
        [
            ("name", () => writer.Add<float>("a", [1], 1)),
            ("name", () => writer.Add<float>("", [1], 1)),
            ("name", () => writer.Add<float>("__metadata__", [1], 1)),
            ("name", () => writer.Add<float>("\ud800", [1], 1)),
            ("shape", () => writer.Add<float>("b", [1], 2)),
            ("shape", () => writer.Add<float>("b", [1, 2])),
            ("shape", () => writer.Add<float>("b", [1], -1, -1)),
            ("shape", () => writer.Add<float>("b", [], 0, long.MaxValue, 2)),
        ];
        foreach ((string parameter, Action add) in refused)
        {
            Assert.AreEqual(parameter, Assert.ThrowsExactly<ArgumentException>(add).ParamName);
        }

        _ = Assert.ThrowsExactly<NotSupportedException>(() => writer.Add<int>("b", [1], 1));
        Assert.HasCount(1, writer.Names);
    }

    [TestMethod]
    public void Files_of_other_names_are_refused()
    {
        foreach (string name in (string[])["x.bin", "x", "x.safetensors.txt", "x.npy", ".index.json"])
        {
            string path = _temp.PathOf(name);
            ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => ParameterFile.Open(path));
            Assert.AreEqual("path", e.ParamName);
            e = Assert.ThrowsExactly<ArgumentException>(() => new ParameterFileWriter().Write(path));
            Assert.AreEqual("path", e.ParamName);
        }

        foreach (string name in (string[])["x.safetensors", "x.npz"])
        {
            _ = Assert.ThrowsExactly<FileNotFoundException>(() => ParameterFile.Open(_temp.PathOf(name)));
            _ = Assert.Throws<IOException>(() => new ParameterFileWriter().Write(_temp.PathOf($"none/{name}")));
            _ = Directory.CreateDirectory(_temp.PathOf(name));
            OneLine.Refused(() => ParameterFile.Open(_temp.PathOf(name)).Dispose(), "is a directory");
            _ = Assert.Throws<Exception>(() => new ParameterFileWriter().Write(_temp.PathOf(name)));
        }

        Assert.IsEmpty(Directory.GetFiles(_temp.Root), "something was left behind");
    }

    [TestMethod]
    [DataRow("x.safetensors")]
    [DataRow("x.npz")]
    public void What_cannot_be_read_is_refused(string name)
    {
        ParameterFileWriter writer = new();
        writer.Add<float>("a", [1, 2], 2);
        writer.Write(_temp.PathOf(name));
        ParameterFile file = ParameterFile.Open(_temp.PathOf(name));
        OneLine.Refused(() => file.Read<float>("b"), _temp.Root, "'b'", "'a'");
        OneLine.Refused(() => file.Describe("b"), "'b'");
        OneLine.Refused(() => file.Read<long>("a"), "'a'", "'F32'");
        ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => file.Read("a", new float[3].AsSpan()));
        Assert.AreEqual("destination", e.ParamName);
        Assert.Contains("3 elements; 'a' has 2", e.Message);
        file.Dispose();
        file.Dispose();
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => file.Read<float>("a"));
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => file.Describe("a"));
    }

    [TestMethod]
    public void An_archive_of_other_things_is_read_where_it_can_be()
    {
        string path = _temp.PathOf("x.npz");
        using (ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create))
        {
            Add(zip, "weight.npy", NpyBytes.Make("<f2", false, "(2,)", [(Half)1, (Half)2]));
            Add(zip, "mask.npy", NpyBytes.Make("|b1", false, "(2,)", new byte[2]));
            string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }\n";
            Add(zip, "huge.npy", NpyBytes.Make(header, new byte[8]));
            Add(zip, "readme.txt", [1, 2, 3]);
        }

        using ParameterFile file = ParameterFile.Open(path);
        CollectionAssert.AreEqual((string[])["weight", "mask", "huge"], file.Names.ToArray());
        Assert.AreEqual(2f, file.Read<float>("weight")[1]);
        OneLine.Refused(() => file.Describe("mask"), "'mask'", "'|b1'");
        Assert.AreEqual(1_000_000_000, file.Describe("huge").Count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        OneLine.Refused(() => file.Read<float>("huge"), "'huge'", "holds 8 bytes");
        Assert.IsLessThan(32 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => _temp.Dispose();

    private static void Add(ZipArchive zip, string name, byte[] bytes)
    {
        using Stream member = zip.CreateEntry(name).Open();
        member.Write(bytes);
    }
}
