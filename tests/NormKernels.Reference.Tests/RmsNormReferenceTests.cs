using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public class RmsNormReferenceTests : RowNormSuite
{
    private protected override bool HasMean => false;

    [TestMethod]
    public void Worked_example()
    {
        // The mean square is 12/4, so rstd = 1/sqrt(3 + 1) = 1/2 and xhat = [1/2, 1/2, 3/2, 1/2].
        // g = dy * W = [2, 4, 2, 2], and g * xhat = [1, 2, 3, 1] has mean 7/4: dx = (g - 7/4 xhat) / 2.
        // tanX * xhat has mean 1/2: (tanX - xhat/2) / 2 = [15/8, -1/8, -3/8, -1/8], and
        //     jvpY = [15/4, -1/2, -3/8, 1/4] + [1/2, 1, 9/2, 1] + [1, 0, 0, -1].
        var given = new Arguments(1, 4)
        {
            Epsilon = 1,
            ["x"] = [1, 1, 3, 1],
            ["weight"] = [2, 4, 1, -2],
            ["bias"] = [0.5, 0, -1, 1],
            ["dy"] = [1, 1, 2, -1],
            ["tanX"] = [4, 0, 0, 0],
            ["tanWeight"] = [1, 2, 3, 2],
            ["tanBias"] = [1, 0, 0, -1],
        };
        AssertWorkedExample(given, new Arguments(1, 4)
        {
            ["y"] = [1.5, 2, 0.5, 0],
            ["rstd"] = [0.5],
            ["dx"] = [0.5625, 1.5625, -0.3125, 0.5625],
            ["dweight"] = [0.5, 0.5, 3, -0.5],
            ["dbias"] = [1, 1, 2, -1],
            ["jvpY"] = [5.25, 0.5, 4.125, 0.25],
        });
    }

    [TestMethod]
    [DataRow(1e-12)]
    [DataRow(1e-300)]
    public void A_row_of_zeros_gives_exactly_the_bias(double epsilon)
    {
        Arguments arguments = Ready(Verb.Forward, 1, 33).WithFilled(0, "x");
        arguments.Epsilon = epsilon;
        Run(Verb.Forward, arguments);
        Check.SameBits(arguments.Get("bias"), arguments.Get("y"), "y");
    }

    private protected override void Run(Verb verb, Arguments a)
    {
        bool zeroCentered = WeightOffset != 0;
        switch (verb.Name)
        {
            case nameof(RmsNormReference.Forward):
                RmsNormReference.Forward(
                    a["x"], a["y"], a.Rows, a.Cols, a["weight"], a["bias"], a.Epsilon, a["rstd"], zeroCentered);
                break;
            case nameof(RmsNormReference.Backward):
                RmsNormReference.Backward(
                    a["dy"], a["x"], a["dx"], a.Rows, a.Cols,
                    a["weight"], a.Epsilon, a["dweight"], a["dbias"], zeroCentered);
                break;
            case nameof(RmsNormReference.Jvp):
                RmsNormReference.Jvp(
                    a["tanX"], a["x"], a["jvpY"], a.Rows, a.Cols,
                    a["weight"], a["tanWeight"], a["tanBias"], a.Epsilon, zeroCentered);
                break;
            case nameof(RmsNormReference.AddForward):
                RmsNormReference.AddForward(
                    a["x"], a["residual"], a["h"], a["y"], a.Rows, a.Cols,
                    a["weight"], a["bias"], a.Epsilon, a["rstd"], zeroCentered);
                break;
            case nameof(RmsNormReference.AddBackward):
                RmsNormReference.AddBackward(
                    a["dy"], a["dh"], a["h"], a["dx"], a.Rows, a.Cols,
                    a["weight"], a.Epsilon, a["dweight"], a["dbias"], zeroCentered);
                break;
            case nameof(RmsNormReference.AddJvp):
                RmsNormReference.AddJvp(
                    a["tanX"], a["tanResidual"], a["h"], a["jvpH"], a["jvpY"], a.Rows, a.Cols,
                    a["weight"], a["tanWeight"], a["tanBias"], a.Epsilon, zeroCentered);
                break;
            default:
                throw new ArgumentException(verb.Name, nameof(verb));
        }
    }

    private protected override void AssertNotFiniteRow(double[] x, double[] y, double[] bias)
    {
        bool hasNan = x.Any(double.IsNaN);
        for (int i = 0; i < x.Length; i++)
        {
            Assert.AreEqual(hasNan || !double.IsFinite(x[i]) ? double.NaN : bias[i], y[i]);
        }
    }
}

[TestClass]
public sealed class ZeroCenteredRmsNormReferenceTests : RmsNormReferenceTests
{
    private protected override double WeightOffset => 1;
}
