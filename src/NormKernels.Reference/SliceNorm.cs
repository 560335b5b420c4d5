using System;

namespace NormKernels.Reference;

/// <summary>
/// A centered norm over slices of a tensor, with <c>xhat</c>, <c>rstd</c> and <c>P</c> of <see cref="Centering"/>:
/// <code>
/// y     = xhat * weight + bias
/// dx    = rstd * P(dy * weight)       dweight = sum of dy * xhat        dbias = sum of dy
/// jvp_y = weight * rstd * P(tan_x) + xhat * tan_weight + tan_bias
/// </code>
/// The sums are over all elements that share a weight.
/// </summary>
/// <remarks>
/// Every slice is read into scratch before its result is written, which is what makes in-place use work.
/// All checks come before the first write.
/// </remarks>
internal sealed class SliceNorm
{
    private readonly int[] _shape;
    private readonly int[] _reducedAxes;
    private readonly long _size;
    private readonly long _slices;

    // The element at an offset has the weight (offset / stride) % count.
    private readonly long _parameters;
    private readonly int _parameterStride;

    private SliceNorm(int[] shape, int[] reducedAxes, long slices, long parameters, int parameterStride)
    {
        _shape = shape;
        _reducedAxes = reducedAxes;
        _size = Require.Elements(shape);
        _slices = slices;
        _parameters = parameters;
        _parameterStride = parameterStride;
    }

    /// <summary>Over runs of <c>channels / groups</c> channels of each sample.</summary>
    public static SliceNorm OverGroups(int batch, int channels, int spatial, bool channelsLast, int groups)
    {
        Require.Sizes(batch, channels, spatial);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (channels % groups != 0)
        {
            throw new ArgumentException($"{groups} groups do not divide {channels} channels.", nameof(groups));
        }

        long slices = (long)batch * groups;
        return channelsLast
            ? new([batch, spatial, groups, channels / groups], [1, 3], slices, channels, parameterStride: 1)
            : new([batch, groups, channels / groups, spatial], [2, 3], slices, channels, parameterStride: spatial);
    }

    /// <summary>Over each channel of each sample.</summary>
    public static SliceNorm OverInstances(int batch, int channels, int spatial, bool channelsLast)
    {
        Require.Sizes(batch, channels, spatial);
        return OverGroups(batch, channels, spatial, channelsLast, groups: Math.Max(channels, 1));
    }

    /// <summary>Over each channel of all samples.</summary>
    public static SliceNorm OverBatch(int batch, int channels, int spatial, bool channelsLast)
    {
        Require.Sizes(batch, channels, spatial);
        return channelsLast
            ? new([batch, spatial, channels], [0, 1], channels, channels, parameterStride: 1)
            : new([batch, channels, spatial], [0, 2], channels, channels, parameterStride: spatial);
    }

    /// <summary>Over an axis; each element has a weight of its own.</summary>
    public static SliceNorm OverAxis(int outer, int length, int inner)
    {
        Require.AxisSizes(outer, length, inner);
        int[] shape = [outer, length, inner];
        return new(shape, [1], (long)outer * inner, Require.Elements(shape), parameterStride: 1);
    }

    /// <summary>Returns mean and biased variance of every slice; none if the tensor has no elements.</summary>
    public (double[] Means, double[] Variances) Forward(
        ReadOnlySpan<double> x, Span<double> y,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> bias, double epsilon, Span<double> mean, Span<double> rstd)
    {
        Require.Length(x, _size);
        Require.Length(y, _size);
        Require.LengthIfPassed(weight, _parameters);
        Require.LengthIfPassed(bias, _parameters);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(mean, _slices);
        Require.LengthIfPassed(rstd, _slices);

        mean.Fill(double.NaN);
        rstd.Fill(double.NaN);
        if (x.IsEmpty)
        {
            return ([], []);
        }

        var slices = new Slices(_shape, _reducedAxes);
        double[] means = new double[slices.Count];
        double[] variances = new double[slices.Count];
        double[] sliceX = new double[slices.Length];
        double[] xhat = new double[slices.Length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            (means[slice], variances[slice], double sliceRstd) = Centering.Normalize(sliceX, epsilon, xhat);
            for (int i = 0; i < slices.Length; i++)
            {
                int at = slices.Offset(slice, i);
                y[at] = xhat[i] * ValueOr(1, weight, at) + ValueOr(0, bias, at);
            }

            if (!mean.IsEmpty)
            {
                mean[slice] = means[slice];
            }

            if (!rstd.IsEmpty)
            {
                rstd[slice] = sliceRstd;
            }
        }

        return (means, variances);
    }

    public void Backward(
        ReadOnlySpan<double> dy, ReadOnlySpan<double> x, Span<double> dx,
        ReadOnlySpan<double> weight, double epsilon, Span<double> dweight, Span<double> dbias)
    {
        Require.Length(dy, _size);
        Require.Length(x, _size);
        Require.Length(dx, _size);
        Require.LengthIfPassed(weight, _parameters);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(dweight, _parameters);
        Require.LengthIfPassed(dbias, _parameters);

        var dweightSums = new CompensatedSum[dweight.Length];
        var dbiasSums = new CompensatedSum[dbias.Length];
        if (!x.IsEmpty)
        {
            var slices = new Slices(_shape, _reducedAxes);
            double[] sliceX = new double[slices.Length];
            double[] sliceDy = new double[slices.Length];
            double[] xhat = new double[slices.Length];
            double[] v = new double[slices.Length];
            for (int slice = 0; slice < slices.Count; slice++)
            {
                slices.Read(x, slice, sliceX);
                slices.Read(dy, slice, sliceDy);
                (_, _, double rstd) = Centering.Normalize(sliceX, epsilon, xhat);
                for (int i = 0; i < slices.Length; i++)
                {
                    int at = slices.Offset(slice, i);
                    v[i] = sliceDy[i] * ValueOr(1, weight, at);
                    if (!dweight.IsEmpty)
                    {
                        dweightSums[Parameter(at)].Add(sliceDy[i] * xhat[i]);
                    }

                    if (!dbias.IsEmpty)
                    {
                        dbiasSums[Parameter(at)].Add(sliceDy[i]);
                    }
                }

                Centering.Project(v, xhat);
                for (int i = 0; i < slices.Length; i++)
                {
                    dx[slices.Offset(slice, i)] = rstd * v[i];
                }
            }
        }

        CompensatedSum.Store(dweightSums, dweight);
        CompensatedSum.Store(dbiasSums, dbias);
    }

    public void Jvp(
        ReadOnlySpan<double> tanX, ReadOnlySpan<double> x, Span<double> jvpY,
        ReadOnlySpan<double> weight, ReadOnlySpan<double> tanWeight, ReadOnlySpan<double> tanBias, double epsilon)
    {
        Require.Length(tanX, _size);
        Require.Length(x, _size);
        Require.Length(jvpY, _size);
        Require.LengthIfPassed(weight, _parameters);
        Require.LengthIfPassed(tanWeight, _parameters);
        Require.LengthIfPassed(tanBias, _parameters);
        Require.Epsilon(epsilon);
        if (x.IsEmpty)
        {
            return;
        }

        var slices = new Slices(_shape, _reducedAxes);
        double[] sliceX = new double[slices.Length];
        double[] xhat = new double[slices.Length];
        double[] v = new double[slices.Length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            slices.Read(tanX, slice, v);
            (_, _, double rstd) = Centering.Normalize(sliceX, epsilon, xhat);
            Centering.Project(v, xhat);
            for (int i = 0; i < slices.Length; i++)
            {
                int at = slices.Offset(slice, i);
                jvpY[at] = ValueOr(1, weight, at) * rstd * v[i]
                    + xhat[i] * ValueOr(0, tanWeight, at)
                    + ValueOr(0, tanBias, at);
            }
        }
    }

    private int Parameter(int offset) => (int)(offset / _parameterStride % _parameters);

    /// <summary>The parameter of the element at an offset, or a value in place of parameters not passed.</summary>
    private double ValueOr(double value, ReadOnlySpan<double> parameters, int offset) =>
        parameters.IsEmpty ? value : parameters[Parameter(offset)];
}
