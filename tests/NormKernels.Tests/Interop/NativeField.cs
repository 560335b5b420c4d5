using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels.Tests.Interop;

/// <summary>A field of a struct of the C ABI.</summary>
internal sealed record NativeField(string Name, ulong Offset, ulong Size, ulong StructSize)
{
    /// <summary>All structs, as the native library was compiled.</summary>
    public static unsafe IReadOnlyDictionary<string, NativeField[]> ByStruct()
    {
        long count;
        nk_field_layout* rows = NkRuntime.nk_abi_layout(&count);
        List<(string Struct, NativeField Field)> fields = [];
        for (long i = 0; i < count; i++)
        {
            nk_field_layout row = rows[i];
            fields.Add((Text(row.struct_name), new(Text(row.field_name), row.offset, row.size, row.struct_size)));
        }

        return fields.GroupBy(f => f.Struct).ToDictionary(g => g.Key, g => g.Select(f => f.Field).ToArray());
    }

    private static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text)!;
}
