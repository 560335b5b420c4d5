using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;

namespace NormKernels.Interop;

/// <summary>
/// What a file that should be a shared library is, read off its first bytes, and what the system means where it refuses
/// one: of a library for another processor glibc says that there is no such file.
/// </summary>
internal static class LibraryFile
{
    internal const string Elf = "ELF";

    internal const string Pe = "PE";

    internal const string MachO = "Mach-O";

    private const int MostRead = 4096;

    /// <summary>Why this process cannot load the file, or null if its first bytes do not speak against it.</summary>
    public static string? Obstacle(string path)
    {
        Span<byte> buffer = stackalloc byte[MostRead];
        int read;
        long length;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            read = stream.ReadAtLeast(buffer, MostRead, throwOnEndOfStream: false);
            length = stream.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message}";
        }

        string format = OperatingSystem.IsWindows() ? Pe : OperatingSystem.IsMacOS() ? MachO : Elf;
        return Obstacle(buffer[..read], length, format, RuntimeInformation.ProcessArchitecture);
    }

    /// <summary>The same for the first bytes of a file of some length, and a process that needs this format and
    /// processor.</summary>
    internal static string? Obstacle(ReadOnlySpan<byte> bytes, long length, string format, Architecture architecture)
    {
        if (Identify(bytes) is not (string found, string machine))
        {
            return bytes.IsEmpty ? "is no shared library: it is empty" : "is no shared library";
        }

        // A universal file of macOS says for which processors it is in a list of its own.
        if (found != format || (machine.Length != 0 && machine != architecture.ToString()))
        {
            string processor = machine.Length == 0 ? string.Empty : $" for {machine}";
            return $"is {found}{processor}, this process needs {format} for {architecture}";
        }

        // The system would map what is not there, and the process would end at the first touch.
        return format == Elf && EndOfElf(bytes) is ulong end && end > (ulong)length
            ? $"is cut short: {length} bytes of {end}"
            : null;
    }

    /// <summary>Why the system did not load a file: its own words in one line, and what they mean.</summary>
    /// <param name="message">The message of the exception that was thrown for the file.</param>
    /// <param name="path">The file.</param>
    public static string Reason(string message, string path)
    {
        // Where there are several lines, the runtime's advice comes first.
        string[] lines = message.Split(
            ['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string file = $"{path}: ";
        string reason = lines.Length == 0 ? "does not load" : lines[^1];
        reason = reason.StartsWith(file, StringComparison.Ordinal) ? reason[file.Length..] : reason;
        return Meaning(reason) is string meaning ? $"{reason} ({meaning})" : reason;
    }

    // What glibc says where a library needs musl or a newer glibc, and what musl says where it needs glibc.
    private static string? Meaning(string reason) =>
        Says(reason, "libc.musl") || Says(reason, "ld-musl") ? "it was built for musl, this system has glibc"
        : Says(reason, "version `GLIBC_") ? "it was built for a newer glibc than this system has"
        : Says(reason, "ld-linux") || Says(reason, ": symbol not found") ? "it was built for glibc, this system has musl"
        : null;

    private static bool Says(string reason, string what) => reason.Contains(what, StringComparison.Ordinal);

    // The format and the processor, named as .NET does; an empty one stands for several.
    private static (string Format, string Machine)? Identify(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 20 && bytes.StartsWith("\x7f"u8) && bytes[1..].StartsWith("ELF"u8))
        {
            ReadOnlySpan<byte> machine = bytes[18..];
            const int dataEncoding = 5, bigEndian = 2;
            return (Elf, Machine(bytes[dataEncoding] == bigEndian
                ? BinaryPrimitives.ReadUInt16BigEndian(machine)
                : BinaryPrimitives.ReadUInt16LittleEndian(machine)));
        }

        const int peOffset = 0x3c;
        if (bytes.Length >= peOffset + sizeof(uint) && bytes.StartsWith("MZ"u8))
        {
            uint header = BinaryPrimitives.ReadUInt32LittleEndian(bytes[peOffset..]);
            return header + 6UL <= (ulong)bytes.Length && bytes[(int)header..].StartsWith("PE\0\0"u8)
                ? (Pe, Machine(BinaryPrimitives.ReadUInt16LittleEndian(bytes[((int)header + 4)..])))
                : null;
        }

        if (bytes.Length < 8)
        {
            return null;
        }

        const uint universal = 0xcafebabe, sixtyFourBits = 0xfeedfacf;
        return BinaryPrimitives.ReadUInt32BigEndian(bytes) == universal ? (MachO, string.Empty)
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes) == sixtyFourBits
                ? (MachO, Machine(BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])))
            : null;
    }

    // Where a 64-bit little-endian ELF file ends at the earliest: after its table of sections, which is the last that
    // linkers write, if it has not been taken out.
    private static ulong? EndOfElf(ReadOnlySpan<byte> bytes)
    {
        const int headerSize = 64, bits = 4, encoding = 5, offset = 40, entrySize = 58, count = 60;
        if (bytes.Length < headerSize || bytes[bits] != 2 || bytes[encoding] != 1)
        {
            return null;
        }

        uint size = (uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[entrySize..])
            * BinaryPrimitives.ReadUInt16LittleEndian(bytes[count..]);
        ulong end = BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
        return end > ulong.MaxValue - size ? ulong.MaxValue : end + size;
    }

    // The numbers of ELF, PE and Mach-O, which differ from one another.
    private static string Machine(uint number) => number switch
    {
        62 or 0x8664 or 0x01000007 => nameof(Architecture.X64),
        183 or 0xaa64 or 0x0100000c => nameof(Architecture.Arm64),
        3 or 0x14c => nameof(Architecture.X86),
        40 or 0x1c4 => nameof(Architecture.Arm),
        _ => string.Create(CultureInfo.InvariantCulture, $"machine {number}"),
    };
}
