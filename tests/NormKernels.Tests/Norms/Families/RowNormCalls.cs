using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>What LayerNorm and RmsNorm have in common: their verbs, and what is fused to the norm.</summary>
internal abstract class RowNormCalls : CentredNorm
{
    private const string RoundFirst = "roundFirst";

    private static readonly ShapeList _shapes = new()
    {
        Accurate =
        [
            .. Enumerable.Range(0, 258).Select(cols => new RowProblemShape(1 + cols % 3, cols)),
            .. new[] { 511, 768, 1023, 1024, 1025, 4095, 4096, 5120, 8191, 12288 }.Select(n => new RowProblemShape(3, n)),
            new RowProblemShape(1, 65536), new RowProblemShape(1, 262144),
            .. new[] { 1, 2, 7, 17, 64 }.Select(cols => new RowProblemShape(1000, cols)),
            .. new[] { 0, 1, 5, 1000 }.Select(cols => new RowProblemShape(0, cols)),
        ],
        Tiny = [new RowProblemShape(3, 5), new RowProblemShape(1, 5), new RowProblemShape(5, 1), new RowProblemShape(1, 1)],
        Small =
        [
            .. new[] { (1, 1), (3, 5), (2, 64), (5, 257), (17, 33), (70, 300) }
                .Select(shape => new RowProblemShape(shape.Item1, shape.Item2)),
        ],
        // For more than 64 row blocks of a backward call.
        Parallel = [new RowProblemShape(2100, 391)],
        Guarded =
        [
            .. Enumerable.Range(1, 130).Select(cols => new RowProblemShape(2, cols)),
            .. new[] { 255, 256, 257, 1023, 1025, 4099, 8193, 12289 }.Select(cols => new RowProblemShape(2, cols)),
        ],
        Numbers = [.. new[] { 1, 2, 3, 16, 17, 100, 2050 }.Select(cols => new RowProblemShape(2, cols))],
        LargeWorkspace = new RowProblemShape(3, 1000),
        LongSums = new RowProblemShape(1_000_000, 3),
        Empty = [new RowShape(0, long.MaxValue), new RowShape(long.MaxValue, 0)],
    };

    private readonly IReadOnlyList<Verb> _verbs;

    protected RowNormCalls(bool centred, params string[] flags)
    {
        Argument scale = new("yScale", Role.Output, Extent.PerSlice, ElementKind.Float32);
        Argument quantized = new("y", Role.Output, Extent.Tensor, ElementKind.Int8);
        Argument[] saves = [Argument.Parameter("weight"), Argument.Parameter("bias"), .. Statistics(centred, Role.Output)];
        Argument[] add = [Argument.In("x"), Argument.In("residual"), Argument.Out("h", "x", "residual")];
        Argument[] takes = [Argument.Parameter("weight"), .. Statistics(centred, Role.Input)];
        Argument[] tangents = [Argument.Parameter("tanWeight"), Argument.Parameter("tanBias"), .. takes];
        _verbs =
        [
            new("Forward", [Argument.In("x"), Argument.Out("y", "x"), .. saves]) { Point = "x", Flags = flags },
            new("AddForward", [.. add, Argument.Out("y", "x", "residual"), .. saves]) { Point = "x", Flags = flags },
            new("ForwardInt8", [Argument.In("x"), quantized, scale, .. saves])
            { Point = "x", Flags = [.. flags, RoundFirst] },
            new("AddForwardInt8", [.. add, quantized, scale, .. saves]) { Point = "x", Flags = [.. flags, RoundFirst] },
            new("Backward",
                [Argument.In("dy"), Argument.In("x"), Argument.Out("dx", "dy", "x"), .. takes, .. Gradients()])
            { Point = "x", Flags = [.. flags, "accumulate"] },
            new("AddBackward",
                [
                    Argument.In("dy"), Argument.In("dh", optional: true), Argument.In("h"),
                    Argument.Out("dx", "dy", "dh", "h"), .. takes, .. Gradients(),
                ])
            { Point = "h", Flags = [.. flags, "accumulate"] },
            new("Jvp", [Argument.In("tanX"), Argument.In("x"), Argument.Out("jvpY", "tanX", "x"), .. tangents])
            { Point = "x", Flags = flags },
            new("AddJvp",
                [
                    Argument.In("tanX"), Argument.In("tanResidual"), Argument.In("h"),
                    Argument.Out("jvpH", "tanX", "tanResidual", "h"), Argument.Out("jvpY", "tanX", "tanResidual", "h"),
                    .. tangents,
                ])
            { Point = "h", Flags = flags },
            // Only RmsNorm is gated.
            .. centred ? Array.Empty<Verb>() :
            [
                new("ForwardGated", [Argument.In("x"), Argument.In("gate"), Argument.Out("y", "x", "gate"), .. saves])
                { Point = "x", Flags = flags },
            ],
        ];
    }

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override ShapeList Shapes => _shapes;

    public override (double Least, double Most) Magnitudes => (0, float.MaxValue);

    // The sums of the residual forms hold what they are made of and nothing else; 8 bits have no NaN.
    public override bool Spreads(Problem problem, Argument input, Argument output) =>
        output.Element != ElementKind.Int8
        && (output.Name != "jvpH" || input.Name is "tanX" or "tanResidual");

    protected static int Rows(Problem p) => ((RowProblemShape)p.Shape).RowCount;

    protected static int Cols(Problem p) => ((RowProblemShape)p.Shape).Cols;

    protected override IReadOnlyDictionary<string, Expectation> ExpectAll(Problem p)
    {
        if (p.Verb.Has("gate"))
        {
            return Gated(p);
        }

        return p.Verb.Has("yScale") ? Quantized(p) : base.ExpectAll(p);
    }

    private static Argument[] Statistics(bool centred, Role role) =>
        centred && role == Role.Input
            ? [Argument.Statistic("mean", role, partner: "rstd"), Argument.Statistic("rstd", role, partner: "mean")]
            : centred ? [Argument.Statistic("mean", role), Argument.Statistic("rstd", role)]
            : [Argument.Statistic("rstd", role)];

    private static Argument[] Gradients() =>
        [Argument.Gradient("dweight"), Argument.Gradient("dbias"), Argument.Workspace()];

    private Dictionary<string, Expectation> Gated(Problem p)
    {
        Terms terms = new(this, p);
        Dictionary<string, Expectation> all = terms.Forward();
        double[] gate = p.Values("gate");
        double[] y = new double[gate.Length];
        double[] silu = new double[gate.Length];
        SiluReference.Gate(terms.Y(), gate, y);
        double[] ones = new double[gate.Length];
        Array.Fill(ones, 1);
        SiluReference.Gate(ones, gate, silu);
        // Each element is measured by the terms of its norm, times its gate: that of -1e4 vanishes exactly.
        all["y"] = new(p.Dtype, y, new(() => [.. silu.Select((s, i) => 2 * Math.Abs(s) * terms.MagnitudeOfY(i))]));
        return all;
    }

    // A norm and a quantization apart: rounded first that is of what forward stores, else of the exact norm.
    private Dictionary<string, Expectation> Quantized(Problem p)
    {
        Terms terms = new(this, p);
        Dictionary<string, Expectation> all = terms.Forward();
        double[] y = terms.Y();
        if (p.Flags.Contains(RoundFirst))
        {
            Verb verb = this[p.Verb.Has("residual") ? "AddForward" : "Forward"];
            y = p.Dtype.Decode(Execution.Run(p with { Verb = verb }, new Setup())["y"]);
        }

        double[] scale = new double[Rows(p)];
        QuantizeReference.ToInt8(y, new sbyte[y.Length], scale, Rows(p), Cols(p));
        double[] scales = [.. scale.Select(s => double.IsFinite(s) ? s : double.NaN)];
        all["yScale"] = new(Dtype.F32, scales, new(scale));
        all["y"] = new QuantizedExpectation([.. y.Select((value, i) => Steps(value, scale[i / Cols(p)]))]);
        return all;
    }

    private static double Steps(double value, double scale) => scale > 0 && double.IsFinite(scale) ? value / scale : 0;
}

/// <summary>Numbers of steps, to be rounded to the nearest even; near a tie either way.</summary>
internal sealed record QuantizedExpectation(double[] Steps) : Expectation(Dtype.Int8, Steps, null)
{
    public override void Check(ReadOnlySpan<byte> actual, string what)
    {
        double[] values = Dtype.Int8.Decode(actual);
        for (int i = 0; i < Steps.Length; i++)
        {
            if (!(Math.Abs(values[i] - Steps[i]) <= 0.501 && Math.Abs(values[i]) <= 127))
            {
                Microsoft.VisualStudio.TestTools.UnitTesting.Assert.Fail(
                    FormattableString.Invariant($"{what}[{i}]: expected {Steps[i]:R} rounded, got {values[i]:R}"));
            }
        }
    }
}
