using System.Buffers.Binary;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace NormKernels.Layers.Tests.Files;

/// <summary>.safetensors files put together by hand, whether sound or not.</summary>
internal static class SafetensorsBytes
{
    public static byte[] Make(string header, byte[] data, ulong? claimedHeader = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, claimedHeader ?? (ulong)text.Length);
        return [.. length, .. text, .. data];
    }

    /// <summary>Tensors one behind the other, listed in that order.</summary>
    public static byte[] Make(params (string Name, string Dtype, string Shape, byte[] Data)[] tensors)
    {
        int offset = 0;
        string entries = string.Join(",", tensors.Select(tensor =>
        {
            int begin = offset;
            offset += tensor.Data.Length;
            return $"\"{tensor.Name}\":{{\"dtype\":\"{tensor.Dtype}\",\"shape\":{tensor.Shape},"
                + $"\"data_offsets\":[{begin},{offset}]}}";
        }));
        return Make($"{{{entries}}}", [.. tensors.SelectMany(tensor => tensor.Data)]);
    }

    public static byte[] Of<T>(params T[] elements)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(elements).ToArray();
}
