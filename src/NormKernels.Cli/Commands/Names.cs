using System;
using System.Globalization;

using NormKernels.Cli.CaseSets;

namespace NormKernels.Cli.Commands;

/// <summary>Names as the command line has them.</summary>
internal static class Names
{
    /// <summary><c>f16</c>, <c>bf16</c>, <c>f32</c> or <c>f64</c>.</summary>
    public static string Of(CaseDtype dtype) => dtype switch
    {
        CaseDtype.Float16 => "f16",
        CaseDtype.BFloat16 => "bf16",
        CaseDtype.Float32 => "f32",
        _ => "f64",
    };

    /// <summary>The name of a backend or an instruction set.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => value.ToString().ToLower(CultureInfo.InvariantCulture);
}
