using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>The calls of LayerNorm and RmsNorm.</summary>
internal sealed class RowCases
{
    private const double Epsilon = 1e-5;

    private static readonly (int Rows, int Cols)[] _shapes = [(3, 5), (1, 8), (5, 1000), (70, 33), (0, 5), (3, 0)];

    private readonly bool _centred;
    private readonly int _rows;
    private readonly int _cols;

    private RowCases(bool centred, int rows, int cols) => (_centred, _rows, _cols) = (centred, rows, cols);

    private int Count => _rows * _cols;

    public static IEnumerable<DeviceCase> LayerNorm => Of(centred: true);

    public static IEnumerable<DeviceCase> RmsNorm => Of(centred: false);

    private static IEnumerable<DeviceCase> Of(bool centred) =>
        _shapes.SelectMany(shape => new RowCases(centred, shape.Rows, shape.Cols).Cases());

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private IEnumerable<DeviceCase> Cases()
    {
        Argument x = Argument.In("x", Count);
        Argument y = Argument.Out("y", Count, "x");
        Argument[] parameters = [Argument.Parameter("weight", _cols), Argument.Parameter("bias", _cols)];
        Argument[] wanted = Statistics(name => Argument.Wanted(name, _rows));
        Argument residual = Argument.In("residual", Count);
        Argument h = Argument.Out("h", Count, "x", "residual");
        Argument int8 = new("y", Role.Output, Count, Kind.Int8);
        Argument scale = new("yScale", Role.Output, _rows, Kind.Float32);
        yield return Make("Forward", o => Norm(o, o["x"], o["y"]), [x, y, .. parameters, .. wanted]);
        yield return Make(
            "AddForward", o => Norm(o, Added(o), o["y"]),
            [x, residual, h, Argument.Out("y", Count, "x", "residual"), .. parameters, .. wanted]);
        DeviceCase quantized = Make("ForwardInt8", o => Quantized(o, o["x"]), [x, int8, scale, .. parameters, .. wanted]);
        yield return quantized;
        yield return quantized.With("roundFirst", true) with { Oracle = o => Quantized(o, o["x"], roundFirst: true) };
        yield return Make(
            "AddForwardInt8", o => Quantized(o, Added(o)), [x, residual, h, int8, scale, .. parameters, .. wanted]);
        Argument float8 = new("y", Role.Output, Count, Kind.Float8);
        yield return Make(
            "ForwardFloat8", o => QuantizedToFloat8(o, o["x"]), [x, float8, scale, .. parameters, .. wanted]);
        yield return Make(
            "AddForwardFloat8", o => QuantizedToFloat8(o, Added(o)),
            [x, residual, h, float8, scale, .. parameters, .. wanted]);
        if (!_centred)
        {
            yield return Make(
                "ForwardGated",
                o =>
                {
                    double[] norm = new double[Count];
                    Norm(o, o["x"], norm);
                    SiluReference.Gate(norm, o["gate"], o["y"]);
                },
                [
                    x, Argument.In("gate", Count), Argument.Out("y", Count, "x", "gate"), .. parameters, .. wanted,
                ]);
            yield return Make("Forward", o => Norm(o, o["x"], o["y"], true), [x, y, .. parameters, .. wanted])
                .With("zeroCentered", true);
        }

        foreach (DeviceCase derivative in Derivatives(x, parameters[0]))
        {
            yield return derivative;
        }
    }

    private IEnumerable<DeviceCase> Derivatives(Argument x, Argument weight)
    {
        Argument h = Argument.In("h", Count);
        Argument dy = Argument.In("dy", Count);
        Argument tanX = Argument.In("tanX", Count);
        Argument[] tangents = [Argument.Parameter("tanWeight", _cols), Argument.Parameter("tanBias", _cols)];
        Argument[] saved = Statistics(name => Argument.Saved(
            name, _rows, !_centred ? null : name == "mean" ? "rstd" : "mean"));
        Argument[] gradients =
        [
            Argument.Wanted("dweight", _cols), Argument.Wanted("dbias", _cols), Argument.Workspace,
        ];
        DeviceCase backward = Make(
            "Backward", o => Vjp(o, [], o["x"]),
            [dy, x, Argument.Out("dx", Count, "dy", "x"), weight, .. saved, .. gradients]);
        yield return backward;
        yield return backward.With("accumulate", true);
        yield return Make(
            "AddBackward", o => Vjp(o, o["dh"], o["h"]),
            [
                dy, Argument.In("dh", Count, optional: true), h, Argument.Out("dx", Count, "dy", "dh", "h"), weight,
                .. saved, .. gradients,
            ]);
        yield return Make(
            "Jvp", o => Tangent(o, o["tanX"], o["x"]),
            [tanX, x, Argument.Out("jvpY", Count, "tanX", "x"), weight, .. tangents, .. saved]);
        yield return Make(
            "AddJvp",
            o =>
            {
                double[] sum = Sum(o["tanX"], o["tanResidual"]);
                o["jvpH"] = sum;
                Tangent(o, sum, o["h"]);
            },
            [
                tanX, Argument.In("tanResidual", Count), h, Argument.Out("jvpH", Count, "tanX", "tanResidual", "h"),
                Argument.Out("jvpY", Count, "tanX", "tanResidual", "h"), weight, .. tangents, .. saved,
            ]);
    }

    private DeviceCase Make(string method, Action<Values> oracle, IReadOnlyList<Argument> arguments)
    {
        RowShape shape = new(_rows, _cols);
        bool centred = _centred;
        return new(
            centred ? typeof(Cuda.LayerNorm) : typeof(Cuda.RmsNorm), method, $"{_rows} x {_cols}")
        {
            Arguments = arguments,
            Scalars = new Dictionary<string, object> { ["shape"] = shape, ["epsilon"] = Epsilon },
            Oracle = oracle,
            Save = o => Save(o, o.Has("h") ? o["h"] : o["x"]),
            WorkspaceSize = () => centred
                ? Cuda.LayerNorm.BackwardWorkspaceSize(shape)
                : Cuda.RmsNorm.BackwardWorkspaceSize(shape),
        };
    }

    private Argument[] Statistics(Func<string, Argument> make) => _centred ? [make("mean"), make("rstd")] : [make("rstd")];

    // What is stored, rounded, is what is normalized.
    private static double[] Added(Values o)
    {
        o["h"] = o.Rounded(Sum(o["x"], o["residual"]));
        return o["h"];
    }

    private void Save(Values o, double[] x) => Forward(x, new double[Count], [], [], o["mean"], o["rstd"]);

    private void Norm(Values o, double[] x, double[] y, bool zeroCentred = false) =>
        Forward(x, y, o["weight"], o["bias"], o["mean"], o["rstd"], zeroCentred);

    private void Forward(
        double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd, bool zeroCentred = false)
    {
        if (_centred)
        {
            LayerNormReference.Forward(x, y, _rows, _cols, weight, bias, Epsilon, mean, rstd);
        }
        else
        {
            RmsNormReference.Forward(x, y, _rows, _cols, weight, bias, Epsilon, rstd, zeroCentred);
        }
    }

    private void Quantized(Values o, double[] x, bool roundFirst = false)
    {
        double[] norm = new double[Count];
        sbyte[] quantized = new sbyte[Count];
        Norm(o, x, norm);
        QuantizeReference.ToInt8(roundFirst ? o.Rounded(norm) : norm, quantized, o["yScale"], _rows, _cols);
        o["y"] = [.. quantized.Select(value => (double)value)];
    }

    // Not rounded: the largest value of a row is 448.
    private void QuantizedToFloat8(Values o, double[] x)
    {
        double[] norm = new double[Count];
        Norm(o, x, norm);
        for (int row = 0; row < _rows; row++)
        {
            double[] values = norm[(row * _cols)..((row + 1) * _cols)];
            double scale = values.Select(Math.Abs).Append(0).Max() / 448;
            o["yScale"][row] = scale;
            for (int col = 0; col < _cols; col++)
            {
                o["y"][row * _cols + col] = scale == 0 ? 0 : values[col] / scale;
            }
        }
    }

    private void Vjp(Values o, double[] dh, double[] x)
    {
        if (_centred)
        {
            LayerNormReference.AddBackward(
                o["dy"], dh, x, o["dx"], _rows, _cols, o["weight"], Epsilon, o["dweight"], o["dbias"]);
        }
        else
        {
            RmsNormReference.AddBackward(
                o["dy"], dh, x, o["dx"], _rows, _cols, o["weight"], Epsilon, o["dweight"], o["dbias"]);
        }
    }

    private void Tangent(Values o, double[] tanX, double[] x)
    {
        if (_centred)
        {
            LayerNormReference.Jvp(
                tanX, x, o["jvpY"], _rows, _cols, o["weight"], o["tanWeight"], o["tanBias"], Epsilon);
        }
        else
        {
            RmsNormReference.Jvp(
                tanX, x, o["jvpY"], _rows, _cols, o["weight"], o["tanWeight"], o["tanBias"], Epsilon);
        }
    }
}
