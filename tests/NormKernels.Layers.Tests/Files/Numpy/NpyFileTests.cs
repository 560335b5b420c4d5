using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Layers.Tests.Files.Numpy;

[TestClass]
public sealed class NpyFileTests
{
    private const string Sound = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";

    public static IEnumerable<(string What, byte[] File, string Fragment)> Malformed()
    {
        byte[] two = new byte[8];
        byte[] sound = NpyBytes.Make(Sound, two);
        yield return ("empty file", [], "is not a .npy file");
        yield return ("short magic", sound[..7], "is not a .npy file");
        yield return ("other magic", [0x92, .. sound[1..]], "is not a .npy file");
        yield return ("zip", [.. "PK\u0003\u0004"u8, .. sound], "is not a .npy file");
        yield return ("version 0.0", NpyBytes.Make(Sound, two, 0), "version 0.0");
        yield return ("version 1.1", NpyBytes.Make(Sound, two, 1, 1), "version 1.1");
        yield return ("version 4.0", NpyBytes.Make(Sound, two, 4), "version 4.0");
        yield return ("no header length", sound[..9], "cut off within its header");
        yield return ("no header", sound[..10], "cut off within its header");
        yield return ("part of a header", sound[..40], "cut off within its header");
        yield return ("header length beyond the file", NpyBytes.Make(Sound, two, claimedHeader: 900), "cut off within");
        yield return ("header of 64 KiB", NpyBytes.Make(Sound, two, claimedHeader: 65535), "a header of 65535 bytes");
        yield return ("header of 4 GiB", NpyBytes.Make(Sound, two, 2, claimedHeader: uint.MaxValue), "of 4294967295");
        yield return ("no data", sound[..^8], "holds 0 bytes of data where shape (2,) of '<f4' takes 8");
        yield return ("truncated data", sound[..^1], "holds 7 bytes of data where shape (2,) of '<f4' takes 8");
        yield return ("trailing data", [.. sound, 0], "data");
        foreach ((string what, string header, string fragment) in MalformedHeaders())
        {
            yield return (what, NpyBytes.Make(header, two), fragment);
        }
    }

    public static IEnumerable<(string What, string Header, string Fragment)> MalformedHeaders()
    {
        string[] descrs = [">f4", "=f4", "|f4", "<f16", "<i4", "|b1", "<c8", "|O", "<U3", "", "float32"];
        foreach (string descr in descrs)
        {
            yield return ($"descr {descr}", With("<f4", descr), $"'{descr}'; accepted");
        }

        yield return ("structured", With("'<f4'", "[('a', '<f4')]"), "structured");
        yield return ("escape codes", With("<f4", "\u001b[2J\n"), "'?[2J?'");
        yield return ("other key", With("'shape'", "'shapes'"), "'shapes'");
        yield return ("key twice", With("'shape'", "'descr': '<f4', 'shape'"), "twice");
        yield return ("no descr", "{'fortran_order': False, 'shape': (2,)}", "lacks 'descr'");
        yield return ("no order", "{'descr': '<f4', 'shape': (2,)}", "lacks 'fortran_order'");
        yield return ("no shape", "{'descr': '<f4', 'fortran_order': False}", "lacks 'shape'");
        foreach (string order in (string[])["true", "1", "None", "'False'", ""])
        {
            yield return ($"order {order}", With("False", order), "the header is '");
        }

        string[] headers = ["", "\n", "[]", "{", Sound + "x", Sound[..30], "{'a", "{a: 1}", "{'descr' '<f4'}"];
        foreach (string header in headers)
        {
            yield return ($"header {header}", header, "the header is '");
        }

        string[] shapes =
            ["(2)", "2", "[2]", "(,)", "(2,,)", "(2 2)", "(2", "(2.0,)", "(+2,)", "(2L,)", "(0x2,)", "(-,)", "('2',)"];
        foreach (string shape in shapes)
        {
            yield return ($"shape {shape}", With("(2,)", shape), "the header is '");
        }

        yield return ("negative", With("(2,)", "(-1, -2)"), "negative length, '-1'");
        yield return ("beyond 64 bits", With("2", "9223372036854775808"), "overflows");
        yield return ("product", With("(2,)", "(4294967296, 4294967296)"), "overflows");
        yield return ("empty", With("(2", "(0, 4294967296, 4294967296"), "overflows");
        yield return ("bytes", With("2", $"{long.MaxValue}"), "36893488147419103228");
        yield return ("10^12", With("2", "1000000000000"), "takes 4000000000000");
        string ones = string.Concat(Enumerable.Repeat("1,", 65));
        yield return ("65 axes", With("2,", ones), "64 axes");
    }

    [TestMethod]
    [DynamicData(nameof(Malformed))]
    public void Malformed_files_are_refused_in_one_line(string what, byte[] file, string fragment)
    {
        Assert.AreNotEqual("", what);
        OneLine.Refused(() => NpyFile.Read(new MemoryStream(file), "x.npy"), "x.npy: ", fragment);

        // A pipe has no length to hold the header against; it has to be read to find out.
        OneLine.Refused(() => ReadPipe(file), "pipe: ");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Nothing_is_allocated_for_what_a_header_merely_claims(bool seekable)
    {
        byte[] file = NpyBytes.Make(With("2", "1000000000"), new byte[8]);
        using Stream stream = seekable ? new MemoryStream(file) : new PipeLikeStream(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        OneLine.Refused(() => NpyFile.Read(stream, "x.npy"), "x.npy: holds 8 bytes", "takes 4000000000");
        Assert.IsLessThan(8 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void More_elements_than_an_array_holds_are_refused()
    {
        byte[] file = NpyBytes.Make(With("2", "1000000000000"), new byte[8]);
        OneLine.Refused(() => ReadPipe(file), "pipe: has 1000000000000 elements");
    }

    [TestMethod]
    [DataRow(2, new long[0])]
    [DataRow(2, new long[] { 7 })]
    [DataRow(4, new long[] { 2, 3, 4 })]
    [DataRow(4, new long[] { 3, 0, 2 })]
    [DataRow(8, new long[] { 0 })]
    [DataRow(8, new long[] { 1, 1, 1, 1, 5, 1 })]
    [DataRow(8, new long[] { 1025, 1025 })]
    public void What_is_written_is_read_again(int elementBytes, long[] shape)
    {
        NpyArray array = Numbered(elementBytes, shape);
        using TempDirectory temp = new();
        string path = temp.PathOf("x.npy");
        NpyFile.Write(path, array);
        byte[] file = File.ReadAllBytes(path);
        AssertSame(array, NpyFile.Read(path));
        AssertSame(array, ReadPipe(file));
        AssertSame(array, NpyFile.Read(new MemoryStream(ToVersion(file, 2)), "version 2"));
        AssertSame(array, NpyFile.Read(new MemoryStream(ToVersion(file, 3)), "version 3"));
        int headerBytes = file.Length - (array.Length * elementBytes);
        Assert.AreEqual(0, headerBytes % 64);
        Assert.AreEqual((byte)'\n', file[headerBytes - 1]);
    }

    [TestMethod]
    public void Writing_gives_the_bytes_of_numpy_save()
    {
        // numpy.save of numpy.arange(6, dtype="float32").reshape(2, 3).
        byte[] expected =
        [
            0x93, .. "NUMPY\u0001\0v\0"u8,
            .. "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"u8,
            .. "                                                          \n"u8,
            0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40,
        ];
        using MemoryStream written = new();
        NpyFile.Write(written, new NpyArray([0f, 1f, 2f, 3f, 4f, 5f], 2, 3));
        CollectionAssert.AreEqual(expected, written.ToArray());
    }

    [TestMethod]
    [DataRow(2, "<f2")]
    [DataRow(4, "<f4")]
    [DataRow(8, "<f8")]
    [DataRow(8, "f8")]
    public void Fortran_order_becomes_C_order(int elementBytes, string descr)
    {
        // Element (i, j, k) is the number ijk; the first axis varies fastest in the file.
        double[] fortran = [000, 100, 010, 110, 020, 120, 001, 101, 011, 111, 021, 121];
        double[] inC = [000, 001, 010, 011, 020, 021, 100, 101, 110, 111, 120, 121];
        byte[] file = elementBytes switch
        {
            2 => NpyBytes.Make(descr, true, "(2, 3, 2)", Array.ConvertAll(fortran, v => (Half)v)),
            4 => NpyBytes.Make(descr, true, "(2, 3, 2)", Array.ConvertAll(fortran, v => (float)v)),
            _ => NpyBytes.Make(descr, true, "(2, 3, 2)", fortran),
        };
        NpyArray array = NpyFile.Read(new MemoryStream(file), "x.npy");
        CollectionAssert.AreEqual(inC, array.ToDoubles());
        CollectionAssert.AreEqual(new long[] { 2, 3, 2 }, array.Shape.ToArray());
    }

    [TestMethod]
    [DataRow("()", new double[] { 5 })]
    [DataRow("(0,)", new double[0])]
    [DataRow("(2, 0)", new double[0])]
    [DataRow("(4,)", new double[] { 1, 2, 3, 4 })]
    [DataRow("(1, 4, 1)", new double[] { 1, 2, 3, 4 })]
    public void Fortran_order_with_one_axis_or_none_changes_nothing(string shape, double[] data)
    {
        NpyArray array = NpyFile.Read(new MemoryStream(NpyBytes.Make("<f8", true, shape, data)), "x.npy");
        CollectionAssert.AreEqual(data, array.ToDoubles());
        Assert.AreEqual(shape, NpyArray.FormatShape(array.Shape));
    }

    [TestMethod]
    [DataRow("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}")]
    [DataRow("  { 'shape' : ( 2 , ) , 'descr' : 'f4' , 'fortran_order' : True , }  \n")]
    [DataRow("{'descr':'<f4','fortran_order':False,'shape':(2,1)}")]
    public void The_header_may_be_any_spelling_of_the_dict(string header)
    {
        byte[] file = NpyBytes.Make(header, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
        CollectionAssert.AreEqual(new double[] { 1, 2 }, NpyFile.Read(new MemoryStream(file), "x.npy").ToDoubles());
    }

    [TestMethod]
    public void Conversions_round_once_to_nearest_even()
    {
        // 1 + 2^-11 + 2^-30 is above the middle of two halves; through a float it would be the middle, and fall to 1.
        double middle = 1 + Math.ScaleB(1, -11);
        double[] values = [middle + Math.ScaleB(1, -30), middle, 65520, -1e300, double.NaN];
        NpyArray array = new(values, 5);
        Half[] expected =
            [Half.BitIncrement(Half.One), Half.One, Half.PositiveInfinity, Half.NegativeInfinity, Half.NaN];
        CollectionAssert.AreEqual(expected, array.ToHalves());
        CollectionAssert.AreEqual(Array.ConvertAll(values, v => (float)v), array.ToFloats());
        CollectionAssert.AreEqual(values, array.ToDoubles());
        CollectionAssert.AreEqual(
            Array.ConvertAll(expected, v => (double)v),
            new NpyArray(new NpyArray(expected, 5).ToFloats(), 5).ToDoubles());
    }

    [TestMethod]
    public void Copies_do_not_reach_the_array()
    {
        NpyArray array = new([1.0, 2.0], 2);
        array.ToDoubles()[0] = 7;
        Assert.AreEqual(1.0, array.AsSpan<double>()[0]);
        _ = Assert.ThrowsExactly<InvalidCastException>(() => array.AsSpan<float>().Length);
    }

    [TestMethod]
    [DataRow(new long[] { 3 })]
    [DataRow(new long[] { -1, -2 })]
    [DataRow(new long[] { long.MaxValue, 4 })]
    public void A_shape_that_does_not_hold_the_data_is_refused(long[] shape) =>
        _ = Assert.ThrowsExactly<ArgumentException>(() => new NpyArray([1.0, 2.0], shape));

    [TestMethod]
    public void A_directory_is_no_file()
    {
        using TempDirectory temp = new();
        OneLine.Refused(() => NpyFile.Read(temp.Root), temp.Root, "is a directory");
    }

    private static string With(string old, string replacement) =>
        Sound.Replace(old, replacement, StringComparison.Ordinal);

    private static NpyArray ReadPipe(byte[] file)
    {
        using PipeLikeStream pipe = new(file);
        return NpyFile.Read(pipe, "pipe");
    }

    private static NpyArray Numbered(int elementBytes, long[] shape)
    {
        Assert.IsTrue(NpyArray.TryCountElements(shape, out long count));
        double[] values = [.. Enumerable.Range(0, (int)count).Select(i => (i % 2000) - 0.5)];
        return elementBytes switch
        {
            2 => new NpyArray(Array.ConvertAll(values, v => (Half)v), shape),
            4 => new NpyArray(Array.ConvertAll(values, v => (float)v), shape),
            _ => new NpyArray(values, shape),
        };
    }

    // Versions 2.0 and 3.0 have a header length of four bytes.
    private static byte[] ToVersion(byte[] file, byte major) =>
        [.. file[..6], major, 0, .. file[8..10], 0, 0, .. file[10..]];

    private static void AssertSame(NpyArray expected, NpyArray actual)
    {
        Assert.AreEqual(expected.Kind, actual.Kind);
        CollectionAssert.AreEqual(expected.Shape.ToArray(), actual.Shape.ToArray());
        CollectionAssert.AreEqual(expected.ToDoubles(), actual.ToDoubles());
    }
}
