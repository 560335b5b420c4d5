using System;

namespace NormKernels.Cli.CaseSets;

/// <summary>One row of the tolerance table: <c>|err| &lt;= rtol * |ref| + atol_scale * scale + atol_abs</c>.</summary>
/// <param name="Rtol">Relative part.</param>
/// <param name="AtolScale">Absolute part as a multiple of the tensor's scale.</param>
/// <param name="AtolAbs">Absolute part, for formats whose subnormals are within reach.</param>
internal readonly record struct Tolerance(double Rtol, double AtolScale, double AtolAbs)
{
    /// <summary>The row for sets whose manifest has none.</summary>
    public static Tolerance Default(CaseDtype dtype) => dtype switch
    {
        CaseDtype.Float64 => new(1e-12, 1e-13, 0),
        CaseDtype.Float32 => new(5e-6, 1e-6, 0),
        CaseDtype.BFloat16 => new(1.0 / 128, 1e-6, 0),
        CaseDtype.Float16 => new(1.0 / 1024, 1e-6, 6e-8),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype)),
    };

    /// <summary>The largest error allowed at one element.</summary>
    public double Allowed(double reference, double scale)
    {
        // An exact zero that no rounding can disturb: atol_abs does not soften it either.
        return reference == 0 && scale == 0 ? 0 : (Rtol * Math.Abs(reference)) + (AtolScale * scale) + AtolAbs;
    }
}
