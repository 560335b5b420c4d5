using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace NormKernels.Cli.Tests.Numpy;

/// <summary>.npy files put together by hand, whether sound or not.</summary>
internal static class NpyBytes
{
    public static byte[] Make(string header, byte[] data, byte major = 1, byte minor = 0, uint? claimedHeader = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, claimedHeader ?? (uint)text.Length);
        return [0x93, .. "NUMPY"u8, major, minor, .. length.Take(major == 1 ? 2 : 4), .. text, .. data];
    }

    public static byte[] Make<T>(string descr, bool fortranOrder, string shape, T[] data, byte major = 1)
        where T : unmanaged => Make(
            $"{{'descr': '{descr}', 'fortran_order': {fortranOrder}, 'shape': {shape}, }}   \n",
            MemoryMarshal.AsBytes<T>(data).ToArray(),
            major);
}

/// <summary>A stream such as a pipe: it has no length, and hands over a few bytes at a time.</summary>
internal sealed class PipeLikeStream(byte[] bytes, int pieceBytes = 7) : MemoryStream(bytes)
{
    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, pieceBytes)]);
}
