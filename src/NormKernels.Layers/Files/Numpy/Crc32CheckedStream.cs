using System;
using System.IO;

namespace NormKernels.Layers.Files.Numpy;

/// <summary>
/// Reads through to a zip member and compares its CRC-32 at the end: ZipArchive of .NET 10 ignores it, and a flipped
/// bit would pass as a number.
/// </summary>
internal sealed class Crc32CheckedStream(Stream member, uint expected, string name) : Stream
{
    private static readonly uint[] Table = MakeTable();

    private uint _crc = uint.MaxValue;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The member cannot be unpacked, or ends with another CRC-32.</exception>
    public override int Read(Span<byte> buffer)
    {
        int got;
        try
        {
            got = member.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{name}: is damaged ({e.Message})", e);
        }

        foreach (byte value in buffer[..got])
        {
            _crc = Table[(byte)_crc ^ value] ^ (_crc >> 8);
        }

        return got == 0 && !buffer.IsEmpty && ~_crc != expected
            ? throw new InvalidDataException($"{name}: is damaged (its CRC-32 does not match)")
            : got;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            member.Dispose();
        }

        base.Dispose(disposing);
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            }

            table[i] = crc;
        }

        return table;
    }
}
