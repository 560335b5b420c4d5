using System;

namespace NormKernels.Reference;

/// <summary>The gate that often follows a norm: <c>y * silu(z)</c> with <c>silu(z) = z / (1 + exp(-z))</c>.</summary>
public static class SiluReference
{
    /// <summary><c>result = y * silu(z)</c>; silu is z for large z, and 0 for large -z and minus infinity.</summary>
    /// <param name="y">What is gated.</param>
    /// <param name="z">The gate, as many elements as <paramref name="y"/>.</param>
    /// <param name="result">Receives the product, as many elements as <paramref name="y"/>; may be <paramref name="y"/>
    /// or <paramref name="z"/>.</param>
    /// <exception cref="ArgumentException">The spans are not equally long. Nothing has been written.</exception>
    public static void Gate(ReadOnlySpan<double> y, ReadOnlySpan<double> z, Span<double> result)
    {
        Require.Length(z, y.Length);
        Require.Length(result, y.Length);

        for (int i = 0; i < y.Length; i++)
        {
            result[i] = y[i] * Silu(z[i]);
        }
    }

    private static double Silu(double z)
    {
        if (double.IsNegativeInfinity(z))
        {
            return -0.0;
        }

        // The exponential of whichever sign does not overflow.
        double e = Math.Exp(-Math.Abs(z));
        return z < 0 ? z * (e / (1 + e)) : z / (1 + e);
    }
}
