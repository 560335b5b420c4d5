using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Tests.Support;

namespace NormKernels.Layers.Tests.Files;

/// <summary>Reading .safetensors files that were put together by hand, as the format says.</summary>
[TestClass]
public sealed class SafetensorsReadTests : IDisposable
{
    private const string Sound = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    private readonly TempDirectory _temp = new();

    public static IEnumerable<(string What, byte[] File, string Fragment)> Malformed()
    {
        byte[] eight = new byte[8];
        byte[] sound = SafetensorsBytes.Make(Sound, eight);
        yield return ("empty file", [], "ends at byte 0");
        yield return ("part of the length", sound[..7], "ends at byte 7");
        yield return ("only a length", sound[..8], "cut off within its header");
        yield return ("part of the header", sound[..30], "cut off within its header");
        yield return ("header beyond the file", SafetensorsBytes.Make(Sound, eight, 10_000), "cut off within");
        yield return ("header of 100 MB and 1", SafetensorsBytes.Make(Sound, eight, 100_000_001), "at most 100000000");
        yield return ("header of 2^64 - 1", SafetensorsBytes.Make(Sound, eight, ulong.MaxValue), "18446744073709551615");
        yield return ("header of 2^63", SafetensorsBytes.Make(Sound, eight, 1UL << 63), "9223372036854775808 bytes");
        yield return ("no header", SafetensorsBytes.Make("", []), "does not begin with a brace");
        yield return ("a zip", [.. "PK\u0003\u0004"u8, .. sound], "bytes");
        yield return ("no data", sound[..^8], "ends at byte 8 of 0 behind the header");
        yield return ("truncated data", sound[..^1], "ends at byte 8 of 7 behind the header");
        yield return ("trailing data", [.. sound, 0], "1 bytes behind its last tensor");
        foreach ((string what, string header, string fragment) in MalformedHeaders())
        {
            yield return (what, SafetensorsBytes.Make(header, eight), fragment);
        }

        byte[] notUtf8 = SafetensorsBytes.Make(Sound, eight);
        notUtf8[Array.IndexOf(notUtf8, (byte)'a')] = 0xFF;
        yield return ("a name that is not UTF-8", notUtf8, "not valid JSON");
    }

    public static IEnumerable<(string What, string Header, string Fragment)> MalformedHeaders()
    {
        yield return ("white space first", " " + Sound, "begin with a brace");
        yield return ("a byte order mark", "\uFEFF" + Sound, "begin with a brace");
        yield return ("a list", "[" + Sound + "]", "begin with a brace");
        yield return ("half an object", Sound[..^1], "not valid JSON");
        yield return ("two objects", Sound + "{}", "not valid JSON");
        yield return ("NUL behind it", Sound + "\0\0", "not valid JSON");
        yield return ("a comment", Sound.Replace("{\"a\"", "{/**/\"a\"", StringComparison.Ordinal), "not valid JSON");
        yield return ("a trailing comma", Sound.Replace("8]}", "8],}", StringComparison.Ordinal), "not valid JSON");
        yield return ("half a surrogate", With("\"a\"", "\"\\ud800\""), "not valid JSON");
        yield return ("no tensor at all", "{}", "8 bytes behind its last tensor");
        yield return ("a tensor that is a list", """{"a":[]}""", "'a': has not an object");
        yield return ("a tensor that is null", """{"a":null}""", "'a': has not an object");
        yield return ("the same name twice", Twice("a", "[0,4]", "[4,8]"), "'a': is listed twice");
        yield return ("the same name in other letters", Twice("\\u0061", "[0,4]", "[4,8]"), "'a': is listed twice");
        yield return ("no dtype", """{"a":{"shape":[2],"data_offsets":[0,8]}}""", "'a': lacks 'dtype'");
        yield return ("no shape", """{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "'a': lacks 'shape'");
        yield return ("no offsets", """{"a":{"dtype":"F32","shape":[2]}}""", "'a': lacks 'data_offsets'");
        yield return ("a field twice", With("\"shape\"", "\"dtype\":\"F32\",\"shape\""), "'dtype' twice or beyond");
        yield return ("another field", With("\"shape\"", "\"stride\":[1],\"shape\""), "'stride' twice or beyond");
        yield return ("a dtype that is a number", With("\"F32\"", "32"), "'a': has not a string as its dtype");
        yield return ("a shape that is a number", With("[2]", "2"), "'a': has not a list as its shape");
        foreach (string axis in (string[])["-2", "2.0", "2e0", "\"2\"", "null", "[2]", "9223372036854775808", "1e400"])
        {
            yield return ($"an axis of {axis}", With("[2]", $"[{axis}]"), "no integer from 0 to");
        }

        yield return ("a shape beyond 64 bits", With("[2]", "[4294967296,4294967296]"), "beyond 64 bits");
        yield return ("an empty one too", With("[2]", "[0,4294967296,4294967296]"), "beyond 64 bits");
        yield return ("bytes beyond 64 bits", With("[2]", "[9223372036854775807]"), "takes 36893488147419103228");
        yield return ("65 axes", With("[2]", $"[{string.Join(',', Enumerable.Repeat(1, 65))}]"), "64 axes");
        yield return ("one offset", With("[0,8]", "[8]"), "1 data_offsets, not 2");
        yield return ("three offsets", With("[0,8]", "[0,4,8]"), "3 data_offsets, not 2");
        yield return ("a negative offset", With("[0,8]", "[-8,0]"), "something in its data_offsets");
        yield return ("an end before its beginning", With("[0,8]", "[8,0]"), "ends at byte 0, before it begins at 8");
        yield return ("too few bytes", With("[0,8]", "[0,4]"), "has 4 bytes where the shape '[2]' of F32 takes 8");
        yield return ("too many bytes", With("[2]", "[1]"), "has 8 bytes where the shape '[1]' of F32 takes 4");
        yield return ("another size", With("F32", "F64"), "has 8 bytes where the shape '[2]' of F64 takes 16");
        yield return ("bytes for no elements", With("[2]", "[0]"), "takes 0");
        yield return ("half a byte", With("F32", "F4"), "of F4 takes 1");
        yield return ("beyond the end", With("[0,8]", "[8,16]"), "ends at byte 16 of 8");
        yield return ("beyond 2^63", With("[0,8]", "[9223372036854775800,9223372036854775807]"), "has 7 bytes");
        yield return ("overlapping", Twice("b", "[0,4]", "[2,6]"), "begins at byte 2, before the end of another at 4");
        yield return ("the same bytes", Twice("b", "[4,8]", "[4,8]"), "behind 4 bytes of no tensor");
        yield return ("on one another", Twice("b", "[0,4]", "[0,4]"), "begins at byte 0, before the end of another");
        yield return ("a hole", Twice("b", "[0,4]", "[5,9]"), "ends at byte 9 of 8");
        yield return (
            "a hole first", With("[2],\"data_offsets\":[0,8]", "[1],\"data_offsets\":[4,8]"), "behind 4 bytes of no");
        yield return ("metadata of numbers", """{"__metadata__":{"a":1}}""", "'__metadata__': has not text throughout");
        yield return ("metadata of metadata", """{"__metadata__":{"a":{}}}""", "has not text throughout");
        yield return ("metadata that is text", """{"__metadata__":"pt"}""", "'__metadata__': has not an object");
        yield return ("metadata twice", """{"__metadata__":{},"__metadata__":{}}""", "is listed twice");
        yield return ("a key of metadata twice", """{"__metadata__":{"a":"","a":""}}""", "has 'a' twice");
        yield return ("escape codes", With("\"F32\"", "\"F32\",\"\\u001b[2J\\n\":1"), "'?[2J?'");
    }

    public static string NameOf(MethodInfo method, object[] row) => $"{method.Name} ({row[0]})";

    [TestMethod]
    [DynamicData(nameof(Malformed), DynamicDataDisplayName = nameof(NameOf))]
    public void Malformed_files_are_refused_in_one_line(string what, byte[] file, string fragment)
    {
        Assert.AreNotEqual("", what);
        string path = _temp.Write("x.safetensors", file);
        OneLine.Refused(() => ParameterFile.Open(path).Dispose(), path + ": ", fragment);
    }

    [TestMethod]
    public void What_is_nested_deeply_or_has_many_axes_is_refused_like_anything_else()
    {
        string brackets = string.Concat(Enumerable.Repeat("[", 100_000));
        string axes = string.Join(',', Enumerable.Repeat(1, 100_000));
        foreach ((string shape, string fragment) in ((string, string)[])
            [(brackets, "no integer from 0 to"), ($"[{axes}]", "64 axes")])
        {
            string path = _temp.Write("x.safetensors", SafetensorsBytes.Make(With("[2]", shape), new byte[8]));
            OneLine.Refused(() => ParameterFile.Open(path).Dispose(), fragment);
        }
    }

    [TestMethod]
    public void A_file_as_the_format_says_is_read_to_the_bit()
    {
        // Byte for byte: 8 bytes of length, the header with its padding, the data.
        byte[] bytes =
        [
            0xA0, 0, 0, 0, 0, 0, 0, 0,
            .. Encoding.ASCII.GetBytes(
                """{"__metadata__":{"format":"pt"},"norm.weight":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"""),
            .. Encoding.ASCII.GetBytes(
                """ "n":{"dtype":"I64","shape":[],"data_offsets":[12,20]}}         """),
            0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x20, 0xC1, 0x01, 0x00, 0xC0, 0x7F,
            0x02, 0x01, 0, 0, 0, 0, 0, 0,
        ];
        Assert.HasCount(8 + 0xA0 + 20, bytes);
        using ParameterFile file = Open(bytes);
        CollectionAssert.AreEqual((string[])["norm.weight", "n"], file.Names.ToArray());
        Assert.AreEqual("norm.weight: F32 [3]", file.Describe("norm.weight").ToString());
        Assert.AreEqual("n: I64 []", file.Describe("n").ToString());
        Assert.AreEqual(1, file.Describe("n").Count);
        float[] weight = file.Read<float>("norm.weight");
        Assert.AreEqual((1f, -10f), (weight[0], weight[1]));
        // A NaN with a payload.
        Assert.AreEqual(0x7FC00001u, BitConverter.SingleToUInt32Bits(weight[2]));
        Assert.AreEqual(258, file.Read<long>("n")[0]);
        Assert.IsTrue(file.Contains("n"));
        Assert.IsFalse(file.Contains("__metadata__"));
    }

    [TestMethod]
    public void Tensors_may_be_listed_in_any_order_and_may_be_empty()
    {
        string header = """{"b":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]},"""
            + """ "none":{"dtype":"BF16","shape":[3,0],"data_offsets":[8,8]},"""
            + """ "a":{"data_offsets":[0,8],"shape":[1],"dtype":"F64"}}""";
        using ParameterFile file = Open(SafetensorsBytes.Make(
            header, [.. SafetensorsBytes.Of(0.1), .. SafetensorsBytes.Of((Half)1, (Half)2)]));
        Assert.AreEqual(0.1, file.Read<double>("a")[0]);
        CollectionAssert.AreEqual((Half[])[(Half)1, (Half)2], file.Read<Half>("b"));
        Assert.IsEmpty(file.Read<float>("none"));
        string path = _temp.Write("empty.safetensors", SafetensorsBytes.Make("{}", []));
        using ParameterFile empty = ParameterFile.Open(path);
        Assert.IsEmpty(empty.Names);
        OneLine.Refused(() => empty.Read<float>("a"), "holds no tensor 'a'; it holds none");
    }

    [TestMethod]
    public void Every_type_becomes_every_floating_type_rounded_once()
    {
        // Rounded to float first, 1 + 2^-11 + 2^-40 would be a tie for Half, and go down; so 1 + 2^-8 + 2^-40 for
        // BFloat16.
        double[] values =
        [
            1 + Math.ScaleB(1, -11) + Math.ScaleB(1, -40), 1 + Math.ScaleB(1, -8) + Math.ScaleB(1, -40),
            1 + Math.ScaleB(1, -24) + Math.ScaleB(1, -50), 1e300, -1e-300, double.NaN, double.NegativeInfinity, 65519.99,
            -0.0,
        ];
        using ParameterFile file = Open(SafetensorsBytes.Make(
            ("d", "F64", $"[{values.Length}]", SafetensorsBytes.Of(values)),
            ("f", "F32", "[2]", SafetensorsBytes.Of(1.5f, 1 + MathF.ScaleB(1, -11) + MathF.ScaleB(1, -20))),
            ("h", "F16", "[2]", SafetensorsBytes.Of(Half.Epsilon, Half.MaxValue)),
            ("b", "BF16", "[2]", SafetensorsBytes.Of(BFloat16.MaxValue, (BFloat16)(-3f)))));
        CollectionAssert.AreEqual(values.Select(value => (Half)value).ToArray(), file.Read<Half>("d"));
        CollectionAssert.AreEqual(values.Select(value => (BFloat16)value).ToArray(), file.Read<BFloat16>("d"));
        CollectionAssert.AreEqual(values.Select(value => (float)value).ToArray(), file.Read<float>("d"));
        CollectionAssert.AreEqual(values, file.Read<double>("d"));
        Assert.AreEqual(Half.BitIncrement(Half.One), file.Read<Half>("d")[0]);
        Assert.AreEqual(1 + 1.0 / 128, (double)file.Read<BFloat16>("d")[1]);
        Assert.AreEqual(MathF.BitIncrement(1), file.Read<float>("d")[2]);
        Assert.AreEqual(Half.BitIncrement(Half.One), file.Read<Half>("f")[1]);
        Assert.AreEqual(1.5, file.Read<double>("f")[0]);
        Assert.AreEqual(MathF.ScaleB(1, -24), file.Read<float>("h")[0]);
        Assert.AreEqual(65504.0, file.Read<double>("h")[1]);
        Assert.AreEqual(65536.0, (double)file.Read<BFloat16>("h")[1]);
        Assert.AreEqual(Half.PositiveInfinity, file.Read<Half>("b")[0]);
        Assert.AreEqual(-3f, file.Read<float>("b")[1]);
    }

    [TestMethod]
    public void Other_types_are_listed_and_not_read()
    {
        using ParameterFile file = Open(SafetensorsBytes.Make(
            ("q", "U8", "[4]", new byte[4]), ("e", "F8_E4M3", "[2,2]", new byte[4]),
            ("x", "F1_NEW", "[7]", new byte[3]), ("four", "F4", "[4]", new byte[2]),
            ("n", "I64", "[1]", new byte[8]), ("w", "F32", "[1]", new byte[4])));
        Assert.HasCount(6, file.Names);
        Assert.AreEqual("e: F8_E4M3 [2, 2]", file.Describe("e").ToString());
        foreach (string name in (string[])["q", "e", "x", "four"])
        {
            OneLine.Refused(() => file.Read<float>(name), $"tensor '{name}': is stored as", "does not become F32");
        }

        OneLine.Refused(() => file.Read<Half>("n"), "stored as 'I64', which does not become F16");
        OneLine.Refused(() => file.Read<long>("w"), "stored as 'F32', which does not become I64");
        _ = Assert.ThrowsExactly<NotSupportedException>(() => file.Read<int>("n"));
    }

    [TestMethod]
    public void Only_what_is_asked_for_is_read_wherever_it_lies()
    {
        // Five gigabytes, of which the file system stores next to nothing.
        const long large = 5L << 30;
        byte[] start = SafetensorsBytes.Make(
            $"{{\"large\":{{\"dtype\":\"F16\",\"shape\":[{large / 2}],\"data_offsets\":[0,{large}]}},"
            + $"\"small\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[{large},{large + 8}]}}}}",
            []);
        string path = _temp.Write("x.safetensors", start);
        using (FileStream stream = new(path, FileMode.Open))
        {
            stream.Position = start.Length + large;
            stream.Write(SafetensorsBytes.Of(3f, 4f));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        using ParameterFile file = ParameterFile.Open(path);
        CollectionAssert.AreEqual((float[])[3, 4], file.Read<float>("small"));
        Assert.IsLessThan(1 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
        OneLine.Refused(() => file.Read<Half>("large"), "has 2684354560 elements; at most");
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void A_file_that_is_cut_short_while_it_is_open_is_an_exception()
    {
        string path = _temp.Write("x.safetensors", SafetensorsBytes.Make(Sound, new byte[8]));
        using ParameterFile file = ParameterFile.Open(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(stream.Length - 2);
        }

        OneLine.Refused(() => file.Read<float>("a"), path, "cut off");
    }

    [TestMethod]
    public void No_damage_gives_anything_but_tensors_or_a_refusal()
    {
        byte[] sound = SafetensorsBytes.Make(
            ("norm.weight", "F32", "[2]", new byte[8]), ("norm.bias", "BF16", "[2,1]", new byte[4]),
            ("n", "I64", "[]", new byte[8]));
        RandomData random = new("damage");
        int read = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. sound];
            for (int change = random.Below(3); change >= 0; change--)
            {
                damaged[random.Below(damaged.Length)] =
                    random.Coin() ? (byte)random.Below(256) : (byte)"0123456789[]{}\",:-"[random.Below(18)];
            }

            damaged = random.Coin() ? damaged : damaged[..random.Below(damaged.Length)];
            string path = _temp.Write("x.safetensors", damaged);
            try
            {
                using ParameterFile file = ParameterFile.Open(path);
                foreach (string name in file.Names)
                {
                    bool integer = file.Describe(name).Dtype is "I64";
                    _ = integer ? file.Read<long>(name).Length : file.Read<float>(name).Length;
                }

                read++;
            }
            catch (InvalidDataException e)
            {
                Assert.IsFalse(e.Message.Any(char.IsControl), e.Message);
            }
        }

        Assert.AreNotEqual(0, read);
    }

    public void Dispose() => _temp.Dispose();

    private ParameterFile Open(byte[] bytes) => ParameterFile.Open(_temp.Write("x.safetensors", bytes));

    private static string With(string part, string other) => Sound.Replace(part, other, StringComparison.Ordinal);

    private static string Twice(string name, string first, string second) =>
        $"{{\"a\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":{first}}},"
        + $"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":{second}}}}}";
}
