using System;
using System.IO;
using System.Runtime.InteropServices;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;

namespace NormKernels.Tests.Interop;

/// <summary>What the first bytes of a file say, on any system of any other.</summary>
[TestClass]
public sealed class LibraryFileTests
{
    private const long Long = 1 << 20;

    private static readonly byte[] ElfX64 = Elf(62, bigEndian: false);

    private static readonly byte[] PeX64 = Pe(0x8664);

    private static readonly byte[] MachX64 = [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, .. new byte[24]];

    [TestMethod]
    public void What_fits_is_not_refused()
    {
        Assert.IsNull(LibraryFile.Obstacle(ElfX64, Long, LibraryFile.Elf, Architecture.X64));
        Assert.IsNull(LibraryFile.Obstacle(Elf(183, bigEndian: false), Long, LibraryFile.Elf, Architecture.Arm64));
        Assert.IsNull(LibraryFile.Obstacle(PeX64, Long, LibraryFile.Pe, Architecture.X64));
        Assert.IsNull(LibraryFile.Obstacle(MachX64, Long, LibraryFile.MachO, Architecture.X64));
        byte[] universal = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2, .. new byte[24]];
        Assert.IsNull(LibraryFile.Obstacle(universal, Long, LibraryFile.MachO, Architecture.Arm64));
        Assert.IsNull(LibraryFile.Obstacle(CpuBackend.LibraryPath));
    }

    [TestMethod]
    public void Another_system_or_processor_is_named()
    {
        AssertSays("is ELF for X64, this process needs ELF for Arm64", ElfX64, LibraryFile.Elf, Architecture.Arm64);
        AssertSays("is ELF for X86, this process needs ELF for X64", Elf(3, false), LibraryFile.Elf, Architecture.X64);
        AssertSays("is ELF for machine 22, this process needs ELF for X64", Elf(22, true), LibraryFile.Elf, Architecture.X64);
        AssertSays("is PE for X64, this process needs ELF for X64", PeX64, LibraryFile.Elf, Architecture.X64);
        AssertSays("is PE for Arm64, this process needs PE for X64", Pe(0xaa64), LibraryFile.Pe, Architecture.X64);
        AssertSays("is Mach-O for X64, this process needs PE for X64", MachX64, LibraryFile.Pe, Architecture.X64);
    }

    [TestMethod]
    public void What_is_no_library_is_never_read_beyond_its_end()
    {
        foreach (byte[] whole in (byte[][])[ElfX64, PeX64, MachX64, [.. "MZ"u8, .. new byte[100]]])
        {
            // All of it fits or not; of a part of the header nobody can tell.
            for (int length = 1; length < whole.Length; length++)
            {
                string? said = LibraryFile.Obstacle(whole.AsSpan(0, length), length, "none", Architecture.X64);
                Assert.IsNotNull(said);
            }
        }

        byte[] far = Pe(0x8664);
        far.AsSpan(0x3c, 4).Fill(0xff);
        AssertSays("is no shared library", far, LibraryFile.Pe, Architecture.X64);
        AssertSays("is no shared library: it is empty", [], LibraryFile.Pe, Architecture.X64);
    }

    [TestMethod]
    public void A_library_that_is_cut_short_is_refused()
    {
        byte[] bytes = Elf(62, bigEndian: false);
        bytes[40] = 200; // 3 sections of 64 bytes begin there
        bytes[58] = 64;
        bytes[60] = 3;
        Assert.IsNull(LibraryFile.Obstacle(bytes, 392, LibraryFile.Elf, Architecture.X64));
        Assert.AreEqual(
            "is cut short: 391 bytes of 392", LibraryFile.Obstacle(bytes, 391, LibraryFile.Elf, Architecture.X64));
        bytes.AsSpan(40, 8).Fill(0xff);
        Assert.StartsWith(
            "is cut short: ", LibraryFile.Obstacle(bytes, long.MaxValue, LibraryFile.Elf, Architecture.X64));
    }

    [TestMethod]
    public void A_file_that_cannot_be_read_is_refused()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.StartsWith("cannot be read: ", LibraryFile.Obstacle(nowhere));
        Assert.StartsWith("cannot be read: ", LibraryFile.Obstacle(Path.GetTempPath()));
    }

    [TestMethod]
    [DataRow("advice\n/a/b.so: file too short\n", "file too short")]
    [DataRow("one line", "one line")]
    [DataRow("\r\n", "does not load")]
    // musl's words, as its loader wrote them.
    [DataRow("Error relocating /a/b.so: __memcpy_chk: symbol not found",
        "Error relocating /a/b.so: __memcpy_chk: symbol not found (it was built for glibc, this system has musl)")]
    [DataRow("Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /a/b.so)",
        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /a/b.so) "
        + "(it was built for glibc, this system has musl)")]
    public void The_systems_reason_is_its_last_line(string message, string reason) =>
        Assert.AreEqual(reason, LibraryFile.Reason(message, "/a/b.so"));

    private static void AssertSays(string expected, byte[] bytes, string format, Architecture architecture) =>
        Assert.AreEqual(expected, LibraryFile.Obstacle(bytes, Long, format, architecture));

    private static byte[] Elf(byte machine, bool bigEndian)
    {
        byte[] bytes = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, (byte)(bigEndian ? 2 : 1), .. new byte[58]];
        bytes[bigEndian ? 19 : 18] = machine;
        return bytes;
    }

    private static byte[] Pe(ushort machine)
    {
        byte[] bytes = [.. "MZ"u8, .. new byte[126]];
        bytes[0x3c] = 0x50;
        "PE\0\0"u8.CopyTo(bytes.AsSpan(0x50));
        bytes[0x54] = (byte)machine;
        bytes[0x55] = (byte)(machine >> 8);
        return bytes;
    }
}
