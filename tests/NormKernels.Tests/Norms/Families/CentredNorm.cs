using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// The norms <c>y = xhat * weight + bias</c>, whatever their slices are: how the oracle is asked, and how far off each
/// result may be.
/// </summary>
internal abstract class CentredNorm : Norm
{
    // From here on errors are measured by the largest value of the slice. In shorter ones the terms of dx and jvpY can
    // cancel altogether (in slices of one or two elements always), and are measured by the largest of their magnitudes.
    private const int LongSlice = 16;

    // Below it float32 no longer has a relative error.
    private const double SmallestNormal = 1.1754944e-38;

    public override IReadOnlyDictionary<string, Expectation> Expect(Problem problem) =>
        ExpectAll(problem)
            .Where(pair => !problem.Missing.Contains(pair.Key) && problem.Verb.Has(pair.Key)).ToDictionary();

    protected virtual IReadOnlyDictionary<string, Expectation> ExpectAll(Problem p) => p.Verb.Name switch
    {
        "Backward" or "AddBackward" => new Terms(this, p).Backward(),
        "Jvp" or "AddJvp" => new Terms(this, p).Jvp(),
        _ => new Terms(this, p).Forward(),
    };

    protected abstract void ReferenceForward(
        Problem p, double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd,
        double[] runningMean, double[] runningVar);

    protected abstract void ReferenceBackward(
        Problem p, double[] dy, double[] dh, double[] x, double[] dx, double[] dweight, double[] dbias);

    protected abstract void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpY);

    /// <summary>One problem, with what all its outputs are made of.</summary>
    protected sealed class Terms
    {
        private readonly CentredNorm _norm;
        private readonly Problem _p;
        private readonly ProblemShape _shape;
        private readonly double[] _sum;
        private readonly double[] _x;
        private readonly double[] _xhat;
        private readonly double[] _mean;
        private readonly double[] _rstd;
        private readonly double[] _weight;
        private readonly Dictionary<string, double[]> _parameters = [];

        public Terms(CentredNorm norm, Problem p)
        {
            (_norm, _p, _shape) = (norm, p, p.Shape);
            // What is stored, rounded, is what is normalized.
            _sum = p.Verb.Has("residual") ? [.. p.Values("x").Zip(p.Values("residual"), (a, b) => a + b)] : [];
            _x = p.Verb.Has("residual") ? p.Dtype.Round(_sum) : p.Values(p.Verb.Point);
            _xhat = new double[_x.Length];
            _mean = new double[_shape.Slices];
            _rstd = new double[_shape.Slices];
            _weight = p.Values("weight");
            Problem bare = p with { Flags = new HashSet<string>() };
            norm.ReferenceForward(bare, _x, _xhat, [], [], _mean, _rstd, [], []);
        }

        /// <summary>The exact norm, before it is rounded.</summary>
        public double[] Y()
        {
            double[] y = new double[_x.Length];
            _norm.ReferenceForward(_p, _x, y, _weight, _p.Values("bias"), _mean, _rstd, [], []);
            return y;
        }

        public Dictionary<string, Expectation> Forward()
        {
            double[] y = new double[_x.Length];
            double[] bias = _p.Values("bias");
            double[] runningMean = _p.Values("runningMean");
            double[] runningVar = _p.Values("runningVar");
            _norm.ReferenceForward(_p, _x, y, _weight, bias, _mean, _rstd, runningMean, runningVar);
            Lazy<double[]> largest = new(() => OfSlices(i => Math.Abs(_x[i]), Larger));
            return new()
            {
                ["h"] = new(_p.Dtype, _sum, null),
                ["y"] = Slices(y, MagnitudeOfY),
                ["mean"] = new(Dtype.F32, _mean, largest),
                ["rstd"] = new(Dtype.F32, _rstd, new(_rstd)),
                ["runningMean"] = Running("runningMean", runningMean, largest),
                ["runningVar"] = Running("runningVar", runningVar, new(runningVar)),
            };
        }

        public double MagnitudeOfY(int i) => Math.Abs(_xhat[i]) * Weight(i) + At("bias", i);

        public Dictionary<string, Expectation> Backward()
        {
            double[] dy = _p.Values("dy");
            double[] dh = _p.Values("dh");
            double[] dx = new double[_x.Length];
            double[] dweight = new double[_shape.Parameters];
            double[] dbias = new double[_shape.Parameters];
            _norm.ReferenceBackward(_p, dy, dh, _x, dx, dweight, dbias);
            Lazy<Func<int, double>> projected = new(() => Projected(i => Math.Abs(dy[i]) * Weight(i)));
            return new()
            {
                ["dx"] = Slices(dx, i => (dh.Length == 0 ? 0 : Math.Abs(dh[i])) + projected.Value(i)),
                ["dweight"] = Sums(
                    _p, "dweight", dweight, i => Math.Abs(dy[i]) * Math.Max(Math.Abs(_xhat[i]), SmallestNormal)),
                ["dbias"] = Sums(_p, "dbias", dbias, i => Math.Abs(dy[i])),
            };
        }

        public Dictionary<string, Expectation> Jvp()
        {
            double[] tanX = _p.Values("tanX");
            double[] sum = _p.Verb.Has("tanResidual")
                ? [.. tanX.Zip(_p.Values("tanResidual"), (a, b) => a + b)]
                : tanX;
            double[] jvpY = new double[_x.Length];
            // jvpH is stored rounded, but is not what jvpY is made of.
            _norm.ReferenceJvp(_p, sum, _x, jvpY);
            Lazy<Func<int, double>> projected = new(() => Projected(i => Math.Abs(sum[i])));
            return new()
            {
                ["jvpH"] = new(_p.Dtype, sum, null),
                ["jvpY"] = Slices(jvpY, i =>
                    Weight(i) * projected.Value(i) + Math.Abs(_xhat[i]) * At("tanWeight", i) + At("tanBias", i)),
            };
        }

        // |W|, or 1 + |weight| where the sum itself can cancel.
        private double Weight(int i) =>
            _weight.Length == 0 ? 1
                : Math.Abs(_weight[_shape.ParameterOf(i)]) + (_p.Flags.Contains("zeroCentered") ? 1 : 0);

        private double At(string parameter, int i)
        {
            if (!_parameters.TryGetValue(parameter, out double[]? values))
            {
                _parameters[parameter] = values = _p.Values(parameter);
            }

            return values.Length == 0 ? 0 : Math.Abs(values[_shape.ParameterOf(i)]);
        }

        // A NaN says nothing of how large the others are.
        private static double Larger(double a, double b) => b > a ? b : a;

        private double[] OfSlices(Func<int, double> value, Func<double, double, double> join)
        {
            double[] all = new double[_shape.Slices];
            for (int i = 0; i < _x.Length; i++)
            {
                ref double one = ref all[_shape.SliceOf(i)];
                one = join(one, value(i));
            }

            return all;
        }

        // rstd * (|g| + mean |g| + |xhat| * mean |g * xhat|): the terms of dx and jvp.
        private Func<int, double> Projected(Func<int, double> g)
        {
            double[] sums = OfSlices(g, (a, b) => a + b);
            double[] products = OfSlices(i => g(i) * Math.Abs(_xhat[i]), (a, b) => a + b);
            double values = _shape.SliceLength;
            return i =>
            {
                int slice = _shape.SliceOf(i);
                return _rstd[slice] * (g(i) + sums[slice] / values + Math.Abs(_xhat[i]) * products[slice] / values);
            };
        }

        private Expectation Running(string name, double[] values, Lazy<double[]> ofBatch) =>
            new(Dtype.F32, values, new(() =>
            {
                double most = ofBatch.Value.Append(0).Max();
                return [.. _p.Values(name).Select(before => Math.Abs(before) + most)];
            }));

        private Expectation Slices(double[] values, Func<int, double> magnitudeOfTerms) =>
            new(_p.Dtype, values, new(() =>
            {
                Func<int, double> scale =
                    _shape.SliceLength >= LongSlice ? i => Math.Abs(values[i]) : magnitudeOfTerms;
                double[] scales = OfSlices(scale, Larger);
                return [.. values.Select((_, i) => Math.Max(scales[_shape.SliceOf(i)], SmallestNormal))];
            }));
    }

    /// <summary>Sums for every parameter, plus what was there; the scale is the largest sum of magnitudes.</summary>
    internal static Expectation Sums(Problem p, string name, double[] sums, Func<int, double> magnitude)
    {
        double[] before = p.Flags.Contains("accumulate") ? p.Values(name) : [];
        double[] totals = [.. sums.Select((sum, i) => sum + (before.Length == 0 ? 0 : before[i]))];
        return new(Dtype.F32, totals, new(() =>
        {
            double[] magnitudes = new double[sums.Length];
            for (int i = 0; i < p.Shape.Count; i++)
            {
                magnitudes[p.Shape.ParameterOf(i)] += magnitude(i);
            }

            double most = magnitudes.Select((m, i) => m + (before.Length == 0 ? 0 : Math.Abs(before[i]))).Append(0).Max();
            return [.. sums.Select(_ => most)];
        }));
    }
}
