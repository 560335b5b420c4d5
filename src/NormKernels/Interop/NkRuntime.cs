using System.Runtime.InteropServices;

namespace NormKernels.Interop;

// nk_runtime.h. The names are those of the C header.

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct nk_field_layout
{
    public byte* struct_name;
    public byte* field_name;
    public ulong offset;
    public ulong size;
    public ulong struct_size;
}

internal static unsafe partial class NkRuntime
{
    public const int NK_ABI_VERSION = 1;

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial int nk_abi_version();

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial byte* nk_version();

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial byte* nk_status_message(nk_status status);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_isa nk_best_isa();

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_isa nk_hardware_isa();

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_field_layout* nk_abi_layout(long* count);
}
