using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>The norms over rows.</summary>
internal static class RowNorms
{
    public static readonly Norm LayerNorm = new LayerNormCalls();

    public static readonly Norm RmsNorm = new RmsNormCalls();
}

/// <summary>What LayerNorm and RmsNorm have in common: their verbs, and how the oracle is asked.</summary>
internal abstract class RowNormCalls(bool centred, params string[] flags) : Norm
{
    // From here on errors are measured by the largest value of the row. In shorter rows the terms of dx and jvpY can
    // cancel altogether (in rows of one or two columns always), and are measured by the largest of their magnitudes.
    private const int LongRow = 16;

    // Below it float32 no longer has a relative error.
    private const double SmallestNormal = 1.1754944e-38;

    private readonly IReadOnlyList<Verb> _verbs =
    [
        new("Forward",
            [
                Argument.In("x"), Argument.Out("y", "x"), Argument.Parameter("weight"), Argument.Parameter("bias"),
                .. Statistics(centred, Role.Output),
            ])
        { Point = "x", Flags = flags },
        new("AddForward",
            [
                Argument.In("x"), Argument.In("residual"), Argument.Out("h", "x", "residual"),
                Argument.Out("y", "x", "residual"), Argument.Parameter("weight"), Argument.Parameter("bias"),
                .. Statistics(centred, Role.Output),
            ])
        { Point = "x", Flags = flags },
        new("Backward",
            [
                Argument.In("dy"), Argument.In("x"), Argument.Out("dx", "dy", "x"), Argument.Parameter("weight"),
                .. Statistics(centred, Role.Input), .. Gradients(),
            ])
        { Point = "x", Flags = [.. flags, "accumulate"] },
        new("AddBackward",
            [
                Argument.In("dy"), Argument.In("dh", optional: true), Argument.In("h"),
                Argument.Out("dx", "dy", "dh", "h"), Argument.Parameter("weight"),
                .. Statistics(centred, Role.Input), .. Gradients(),
            ])
        { Point = "h", Flags = [.. flags, "accumulate"] },
        new("Jvp",
            [
                Argument.In("tanX"), Argument.In("x"), Argument.Out("jvpY", "tanX", "x"), Argument.Parameter("weight"),
                Argument.Parameter("tanWeight"), Argument.Parameter("tanBias"), .. Statistics(centred, Role.Input),
            ])
        { Point = "x", Flags = flags },
        new("AddJvp",
            [
                Argument.In("tanX"), Argument.In("tanResidual"), Argument.In("h"),
                Argument.Out("jvpH", "tanX", "tanResidual", "h"), Argument.Out("jvpY", "tanX", "tanResidual", "h"),
                Argument.Parameter("weight"), Argument.Parameter("tanWeight"), Argument.Parameter("tanBias"),
                .. Statistics(centred, Role.Input),
            ])
        { Point = "h", Flags = flags },
    ];

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override IReadOnlyDictionary<string, Expectation> Expect(Problem problem)
    {
        Row row = new(this, problem);
        Dictionary<string, Expectation> all = problem.Verb.Name switch
        {
            "Forward" or "AddForward" => row.Forward(),
            "Backward" or "AddBackward" => row.Backward(),
            _ => row.Jvp(),
        };
        return all.Where(pair => !problem.Missing.Contains(pair.Key) && problem.Verb.Has(pair.Key)).ToDictionary();
    }

    protected abstract void ReferenceForward(
        double[] x, double[] y, Problem p, double[] weight, double[] bias, double[] mean, double[] rstd);

    protected abstract void ReferenceBackward(
        double[] dy, double[] dh, double[] x, double[] dx, Problem p, double[] dweight, double[] dbias);

    protected abstract void ReferenceJvp(double[] tanX, double[] x, double[] jvpY, Problem p);

    private static Argument[] Statistics(bool centred, Role role) =>
        centred && role == Role.Input
            ? [Argument.Statistic("mean", role, partner: "rstd"), Argument.Statistic("rstd", role, partner: "mean")]
            : centred ? [Argument.Statistic("mean", role), Argument.Statistic("rstd", role)]
            : [Argument.Statistic("rstd", role)];

    private static Argument[] Gradients() =>
    [
        Argument.Gradient("dweight"),
        Argument.Gradient("dbias"),
        new("workspace", Role.Scratch, Extent.Workspace, ElementKind.Byte, Optional: true),
    ];

    /// <summary>One problem, with what all its outputs are made of.</summary>
    private sealed class Row
    {
        private readonly RowNormCalls _norm;
        private readonly Problem _p;
        private readonly int _rows;
        private readonly int _cols;
        private readonly double[] _sum;
        private readonly double[] _x;
        private readonly double[] _xhat;
        private readonly double[] _mean;
        private readonly double[] _rstd;

        public Row(RowNormCalls norm, Problem p)
        {
            (_norm, _p, _rows, _cols) = (norm, p, p.Rows, p.Cols);
            // What is stored, rounded, is what is normalized.
            _sum = p.Verb.Has("residual") ? [.. p.Values("x").Zip(p.Values("residual"), (a, b) => a + b)] : [];
            _x = p.Verb.Has("residual") ? p.Dtype.Round(_sum) : p.Values(p.Verb.Point);
            _xhat = new double[_x.Length];
            _mean = new double[_rows];
            _rstd = new double[_rows];
            norm.ReferenceForward(_x, _xhat, p with { Flags = new HashSet<string>() }, [], [], _mean, _rstd);
        }

        public Dictionary<string, Expectation> Forward()
        {
            double[] y = new double[_x.Length];
            double[] bias = _p.Values("bias");
            _norm.ReferenceForward(_x, y, _p, _p.Values("weight"), bias, _mean, _rstd);
            return new()
            {
                ["h"] = new(_p.Dtype, _sum, null),
                ["y"] = Rows(y, (_, col, i) => Math.Abs(_xhat[i]) * Weight(col) + At(bias, col)),
                ["mean"] = new(Dtype.F32, _mean, new(() => [.. Enumerable.Range(0, _rows).Select(row => Largest(_x,
                row))])),
                ["rstd"] = new(Dtype.F32, _rstd, new(_rstd)),
            };
        }

        public Dictionary<string, Expectation> Backward()
        {
            double[] dy = _p.Values("dy");
            double[] dh = _p.Values("dh");
            double[] dx = new double[_x.Length];
            double[] dweight = new double[_cols];
            double[] dbias = new double[_cols];
            _norm.ReferenceBackward(dy, dh, _x, dx, _p, dweight, dbias);
            return new()
            {
                ["dx"] = Rows(
                    dx, (row, col, i) => At(dh, i) + Projected(row, i, (c, j) => Math.Abs(dy[j]) * Weight(c), col)),
                ["dweight"] = Sums(
                    "dweight", dweight, i => Math.Abs(dy[i]) * Math.Max(Math.Abs(_xhat[i]), SmallestNormal)),
                ["dbias"] = Sums("dbias", dbias, i => Math.Abs(dy[i])),
            };
        }

        public Dictionary<string, Expectation> Jvp()
        {
            double[] tanX = _p.Values("tanX");
            double[] sum = _p.Verb.Has("tanResidual")
                ? [.. tanX.Zip(_p.Values("tanResidual"), (a, b) => a + b)]
                : tanX;
            double[] tanWeight = _p.Values("tanWeight");
            double[] tanBias = _p.Values("tanBias");
            double[] jvpY = new double[_x.Length];
            // jvpH is stored rounded, but is not what jvpY is made of.
            _norm.ReferenceJvp(sum, _x, jvpY, _p);
            return new()
            {
                ["jvpH"] = new(_p.Dtype, sum, null),
                ["jvpY"] = Rows(jvpY, (row, col, i) =>
                    Weight(col) * Projected(row, i, (_, j) => Math.Abs(sum[j]), col)
                    + Math.Abs(_xhat[i]) * At(tanWeight, col) + At(tanBias, col)),
            };
        }

        // |W|, or 1 + |weight| where the sum itself can cancel.
        private double Weight(int col)
        {
            double[] weight = _p.Values("weight");
            return weight.Length == 0 ? 1
                : Math.Abs(weight[col]) + (_p.Flags.Contains("zeroCentered") ? 1 : 0);
        }

        private static double At(double[] optional, int i) => optional.Length == 0 ? 0 : Math.Abs(optional[i]);

        // rstd * (|g| + mean |g| + |xhat| * mean |g * xhat|): the terms of dx and jvp.
        private double Projected(int row, int i, Func<int, int, double> g, int col)
        {
            double sum = 0;
            double sumByXhat = 0;
            for (int c = 0; c < _cols; c++)
            {
                int j = row * _cols + c;
                sum += g(c, j);
                sumByXhat += g(c, j) * Math.Abs(_xhat[j]);
            }

            return _rstd[row] * (g(col, i) + sum / _cols + Math.Abs(_xhat[i]) * sumByXhat / _cols);
        }

        private double Largest(double[] a, int row) =>
            a.AsSpan(row * _cols, _cols).ToArray().Select(Math.Abs).DefaultIfEmpty().Max();

        private Expectation Rows(double[] values, Func<int, int, int, double> magnitudeOfTerms) =>
            new(_p.Dtype, values, new(() => Scales(values, magnitudeOfTerms)));

        private double[] Scales(double[] values, Func<int, int, int, double> magnitudeOfTerms)
        {
            double[] scales = new double[values.Length];
            for (int row = 0; row < _rows; row++)
            {
                int start = row * _cols;
                double scale = _cols >= LongRow
                    ? Largest(values, row)
                    : Enumerable.Range(0, _cols).Select(col => magnitudeOfTerms(row, col, start + col)).Append(0).Max();
                scales.AsSpan(start, _cols).Fill(Math.Max(scale, SmallestNormal));
            }

            return scales;
        }

        // Sums over rows, plus what was there; the scale is the largest sum of magnitudes.
        private Expectation Sums(string name, double[] sums, Func<int, double> magnitude)
        {
            double[] before = _p.Flags.Contains("accumulate") ? _p.Values(name) : [];
            double[] magnitudes = new double[_cols];
            double[] totals = new double[_cols];
            for (int i = 0; i < _rows * _cols; i++)
            {
                magnitudes[i % _cols] += magnitude(i);
            }

            for (int col = 0; col < _cols; col++)
            {
                totals[col] = sums[col] + (before.Length == 0 ? 0 : before[col]);
                magnitudes[col] += At(before, col);
            }

            Array.Fill(magnitudes, magnitudes.Append(0).Max());
            return new(Dtype.F32, totals, new(magnitudes));
        }
    }
}
