using System;

namespace NormKernels.Cli.CaseSets;

/// <summary>A number format of a case set: what a kernel stores, and a row of the tolerance table.</summary>
internal enum CaseDtype
{
    /// <summary>IEEE half precision.</summary>
    Float16,

    /// <summary>The upper half of IEEE single precision.</summary>
    BFloat16,

    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>IEEE double precision.</summary>
    Float64,
}

/// <summary>The names that manifests use.</summary>
internal static class CaseDtypeNames
{
    /// <summary>All names, for messages.</summary>
    public const string Accepted = "'float16', 'bfloat16', 'float32' and 'float64'";

    /// <summary>The name in a manifest.</summary>
    public static string ManifestName(this CaseDtype dtype) => dtype switch
    {
        CaseDtype.Float16 => "float16",
        CaseDtype.BFloat16 => "bfloat16",
        CaseDtype.Float32 => "float32",
        CaseDtype.Float64 => "float64",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>The format of a name, or null.</summary>
    public static CaseDtype? Parse(string name) => name switch
    {
        "float16" => CaseDtype.Float16,
        "bfloat16" => CaseDtype.BFloat16,
        "float32" => CaseDtype.Float32,
        "float64" => CaseDtype.Float64,
        _ => null,
    };
}
