using System.Buffers.Binary;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace NormKernels.Layers.Tests.Files.Numpy;

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
