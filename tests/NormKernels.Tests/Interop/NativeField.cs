using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels.Tests.Interop;

/// <summary>A field of a struct of the C ABI; its type is that of C without const.</summary>
internal sealed record NativeField(string Name, string Type, ulong Offset, ulong Size, ulong StructSize)
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
            NativeField field =
                new(Text(row.field_name), Text(row.field_type), row.offset, row.size, row.struct_size);
            fields.Add((Text(row.struct_name), field));
        }

        return fields.GroupBy(f => f.Struct).ToDictionary(g => g.Key, g => g.Select(f => f.Field).ToArray());
    }

    internal static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text)!;
}
