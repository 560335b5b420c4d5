using System;

namespace NormKernels.Reference;

/// <summary>
/// What the norms over rows have in common. With <c>xhat = Normalize(x)</c>, <c>W = weightOffset + weight</c> and the
/// matrix <c>P = (d xhat / d x) / rstd</c> of a row, which is symmetric and so serves both directions:
/// <code>
/// y     = xhat * W + bias
/// dx    = rstd * P(dy * W)            dweight = sum over rows of dy * xhat        dbias = sum over rows of dy
/// jvp_y = W * rstd * P(tan_x) + xhat * tan_weight + tan_bias
/// </code>
/// A derived class gives <c>Normalize</c> and <c>P</c>.
/// </summary>
/// <remarks>
/// Every row is read into scratch before its result is written, which is what makes in-place use work.
/// All checks come before the first write.
/// </remarks>
internal abstract class RowNorm(double weightOffset)
{
    public void Forward(
        ReadOnlySpan<double> x, Span<double> y, int rows, int cols,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> bias, double epsilon, Span<double> mean, Span<double> rstd)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(x, size);
        Require.Length(y, size);
        Require.LengthIfPassed(weight, cols);
        Require.LengthIfPassed(bias, cols);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(mean, rows);
        Require.LengthIfPassed(rstd, rows);

        ForwardCore(x, y, rows, cols, weight, bias, epsilon, mean, rstd);
    }

    public void Backward(
        ReadOnlySpan<double> dy, ReadOnlySpan<double> x, Span<double> dx, int rows, int cols,
        ReadOnlySpan<double> weight, double epsilon, Span<double> dweight, Span<double> dbias)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(dy, size);
        Require.Length(x, size);
        Require.Length(dx, size);
        Require.LengthIfPassed(weight, cols);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(dweight, cols);
        Require.LengthIfPassed(dbias, cols);

        BackwardCore(dy, dh: default, x, dx, rows, cols, weight, epsilon, dweight, dbias);
    }

    public void Jvp(
        ReadOnlySpan<double> tanX, ReadOnlySpan<double> x, Span<double> jvpY, int rows, int cols,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> tanWeight, ReadOnlySpan<double> tanBias, double epsilon)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(tanX, size);
        Require.Length(x, size);
        Require.Length(jvpY, size);
        Require.LengthIfPassed(weight, cols);
        Require.LengthIfPassed(tanWeight, cols);
        Require.LengthIfPassed(tanBias, cols);
        Require.Epsilon(epsilon);

        JvpCore(tanX, x, jvpY, rows, cols, weight, tanWeight, tanBias, epsilon);
    }

    public void AddForward(
        ReadOnlySpan<double> x, ReadOnlySpan<double> residual, Span<double> h, Span<double> y, int rows, int cols,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> bias, double epsilon, Span<double> mean, Span<double> rstd)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(x, size);
        Require.Length(residual, size);
        Require.Length(h, size);
        Require.Length(y, size);
        Require.LengthIfPassed(weight, cols);
        Require.LengthIfPassed(bias, cols);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(mean, rows);
        Require.LengthIfPassed(rstd, rows);

        Add(x, residual, h);
        ForwardCore(h, y, rows, cols, weight, bias, epsilon, mean, rstd);
    }

    public void AddBackward(
        ReadOnlySpan<double> dy, ReadOnlySpan<double> dh, ReadOnlySpan<double> h, Span<double> dx, int rows, int cols,
        ReadOnlySpan<double> weight, double epsilon, Span<double> dweight, Span<double> dbias)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(dy, size);
        Require.LengthIfPassed(dh, size);
        Require.Length(h, size);
        Require.Length(dx, size);
        Require.LengthIfPassed(weight, cols);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(dweight, cols);
        Require.LengthIfPassed(dbias, cols);

        BackwardCore(dy, dh, h, dx, rows, cols, weight, epsilon, dweight, dbias);
    }

    public void AddJvp(
        ReadOnlySpan<double> tanX, ReadOnlySpan<double> tanResidual, ReadOnlySpan<double> h,
        Span<double> jvpH, Span<double> jvpY, int rows, int cols,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> tanWeight, ReadOnlySpan<double> tanBias, double epsilon)
    {
        Require.Sizes(rows, cols);
        long size = (long)rows * cols;
        Require.Length(tanX, size);
        Require.Length(tanResidual, size);
        Require.Length(h, size);
        Require.Length(jvpH, size);
        Require.Length(jvpY, size);
        Require.LengthIfPassed(weight, cols);
        Require.LengthIfPassed(tanWeight, cols);
        Require.LengthIfPassed(tanBias, cols);
        Require.Epsilon(epsilon);

        Add(tanX, tanResidual, jvpH);
        JvpCore(jvpH, h, jvpY, rows, cols, weight, tanWeight, tanBias, epsilon);
    }

    /// <summary>Writes xhat of one row and returns its statistics.</summary>
    protected abstract (double Mean, double Rstd) Normalize(
        ReadOnlySpan<double> x, double epsilon, Span<double> xhat);

    /// <summary>Replaces <paramref name="v"/> by <c>P v</c>, for the row with this <paramref name="xhat"/>.</summary>
    protected abstract void Project(Span<double> v, ReadOnlySpan<double> xhat);

    private void ForwardCore(
        ReadOnlySpan<double> x, Span<double> y, int rows, int cols,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> bias, double epsilon, Span<double> mean, Span<double> rstd)
    {
        Span<double> xhat = RowScratch(rows, cols);
        for (int row = 0; row < rows; row++)
        {
            (double rowMean, double rowRstd) = Normalize(x.Slice(row * cols, cols), epsilon, xhat);
            Span<double> rowY = y.Slice(row * cols, cols);
            for (int col = 0; col < cols; col++)
            {
                rowY[col] = xhat[col] * W(weight, col) + ValueOrZero(bias, col);
            }

            if (!mean.IsEmpty)
            {
                mean[row] = rowMean;
            }

            if (!rstd.IsEmpty)
            {
                rstd[row] = rowRstd;
            }
        }
    }

    private void BackwardCore(
        ReadOnlySpan<double> dy, ReadOnlySpan<double> dh, ReadOnlySpan<double> x, Span<double> dx, int rows, int cols,
        ReadOnlySpan<double> weight, double epsilon, Span<double> dweight, Span<double> dbias)
    {
        Span<double> xhat = RowScratch(rows, cols);
        Span<double> v = RowScratch(rows, cols);
        var dweightSums = new CompensatedSum[dweight.Length];
        var dbiasSums = new CompensatedSum[dbias.Length];
        for (int row = 0; row < rows; row++)
        {
            (_, double rstd) = Normalize(x.Slice(row * cols, cols), epsilon, xhat);
            ReadOnlySpan<double> rowDy = dy.Slice(row * cols, cols);
            for (int col = 0; col < dweight.Length; col++)
            {
                dweightSums[col].Add(rowDy[col] * xhat[col]);
            }

            for (int col = 0; col < dbias.Length; col++)
            {
                dbiasSums[col].Add(rowDy[col]);
            }

            for (int col = 0; col < cols; col++)
            {
                v[col] = rowDy[col] * W(weight, col);
            }

            Project(v, xhat);
            for (int col = 0; col < cols; col++)
            {
                int i = row * cols + col;
                dx[i] = ValueOrZero(dh, i) + rstd * v[col];
            }
        }

        CompensatedSum.Store(dweightSums, dweight);
        CompensatedSum.Store(dbiasSums, dbias);
    }

    private void JvpCore(
        ReadOnlySpan<double> tanX, ReadOnlySpan<double> x, Span<double> jvpY, int rows, int cols,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> tanWeight, ReadOnlySpan<double> tanBias, double epsilon)
    {
        Span<double> xhat = RowScratch(rows, cols);
        Span<double> v = RowScratch(rows, cols);
        for (int row = 0; row < rows; row++)
        {
            (_, double rstd) = Normalize(x.Slice(row * cols, cols), epsilon, xhat);
            tanX.Slice(row * cols, cols).CopyTo(v);
            Project(v, xhat);
            Span<double> rowJvpY = jvpY.Slice(row * cols, cols);
            for (int col = 0; col < cols; col++)
            {
                rowJvpY[col] = W(weight, col) * rstd * v[col]
                    + xhat[col] * ValueOrZero(tanWeight, col)
                    + ValueOrZero(tanBias, col);
            }
        }
    }

    private double W(ReadOnlySpan<double> weight, int col) => weight.IsEmpty ? 1 : weightOffset + weight[col];

    private static double ValueOrZero(ReadOnlySpan<double> optional, int i) => optional.IsEmpty ? 0 : optional[i];

    // An empty batch may claim any number of columns, more than there is memory for.
    private static double[] RowScratch(int rows, int cols) => rows == 0 ? [] : new double[cols];

    private static void Add(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> sum)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] = a[i] + b[i];
        }
    }
}
