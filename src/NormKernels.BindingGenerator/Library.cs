using System.Collections.Generic;
using System.Linq;

namespace NormKernels.BindingGenerator;

/// <summary>A native library, and the C# project that calls it.</summary>
/// <param name="Folder">Where the C# goes.</param>
/// <param name="Namespace">The C# namespace.</param>
/// <param name="Loader">The constant that names the library.</param>
/// <param name="Headers">Its headers; null: all that no other library has.</param>
internal sealed record Library(string Folder, string Namespace, string Loader, IReadOnlyList<string>? Headers)
{
    public static IReadOnlyList<Library> All { get; } =
    [
        new("src/NormKernels/Interop", "NormKernels.Interop", "NativeLibraryLoader.Name", null),
        new("src/NormKernels.Cuda/Interop", "NormKernels.Cuda.Interop", "CudaLibraryLoader.Name", ["nk_cuda.h"]),
    ];

    /// <summary>
    /// The functions that get a second method, <c>_short</c>, called without telling the garbage collector: a few
    /// nanoseconds less, but collections wait until it returns, so it is for calls that take about a microsecond.
    /// </summary>
    public static IReadOnlySet<string> Short { get; } = new HashSet<string>
    {
        "nk_layer_norm_forward", "nk_rms_norm_forward",
    };

    public bool Has(Header header) =>
        Headers?.Contains(header.Name) ?? !All.Any(other => other.Headers?.Contains(header.Name) == true);
}
