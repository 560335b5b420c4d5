using System;

namespace NormKernels.Reference;

/// <summary>
/// Symmetric quantization of the rows of a matrix to 8 bits:
/// <code>
/// scale = max |y| / 127        quantized = round(y / scale), halves to even, clamped to [-127, 127]
/// </code>
/// </summary>
/// <remarks>Matrices are rows x cols, row-major and contiguous. A row of zeros has scale 0 and quantized values of 0. A
/// row with a NaN has scale NaN, a row with an infinity but no NaN has scale infinity, and the quantized values of both
/// are 0.</remarks>
public static class QuantizeReference
{
    /// <summary>Quantizes every row by a scale of its own.</summary>
    /// <param name="y">Input, rows x cols.</param>
    /// <param name="quantized">Receives the quantized values, rows x cols.</param>
    /// <param name="scale">Receives the scale of each row, rows elements.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> or <paramref name="cols"/> is negative.
    /// Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it. Nothing has been
    /// written.</exception>
    public static void ToInt8(
        ReadOnlySpan<double> y,
        Span<sbyte> quantized,
        Span<double> scale,
        int rows,
        int cols)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(y, size);
        Require.Length<sbyte>(quantized, size);
        Require.Length(scale, rows);

        var maximum = new PNorm(double.PositiveInfinity);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> rowY = y.Slice(row * cols, cols);
            Span<sbyte> rowQuantized = quantized.Slice(row * cols, cols);
            double rowScale = maximum.Of(rowY) / 127;
            scale[row] = rowScale;
            bool quantizable = rowScale > 0 && double.IsFinite(rowScale);
            for (int col = 0; col < cols; col++)
            {
                double steps = quantizable ? Math.Round(rowY[col] / rowScale, MidpointRounding.ToEven) : 0;
                rowQuantized[col] = (sbyte)Math.Clamp(steps, -127, 127);
            }
        }
    }
}
