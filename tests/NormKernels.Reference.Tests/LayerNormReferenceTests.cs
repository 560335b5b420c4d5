using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class LayerNormReferenceTests : RowNormSuite
{
    [TestMethod]
    public void Worked_example()
    {
        // x - mean = [-2, -1, 0, 3], variance 14/4, so rstd = 1/sqrt(3.5 + 0.5) = 1/2 and xhat = [-1, -1/2, 0, 3/2].
        // g = dy * weight = [2, 4, 2, 2] has mean 5/2 and g * xhat = [-2, -2, 0, 3] has mean -1/4:
        //     dx = ([2, 4, 2, 2] - 5/2 + xhat/4) / 2.
        // tanX has mean 1 and tanX * xhat mean -1: (tanX - 1 + xhat) / 2 = [1, -3/4, -1/2, 1/4], and
        //     jvpY = [2, -3, -1/2, -1/2] + [-1, -1, 0, 3] + [1, 0, 0, -1].
        var given = new Arguments(1, 4)
        {
            Epsilon = 0.5,
            ["x"] = [1, 2, 3, 6],
            ["weight"] = [2, 4, 1, -2],
            ["bias"] = [0.5, 0, -1, 1],
            ["dy"] = [1, 1, 2, -1],
            ["tanX"] = [4, 0, 0, 0],
            ["tanWeight"] = [1, 2, 3, 2],
            ["tanBias"] = [1, 0, 0, -1],
        };
        AssertWorkedExample(given, new Arguments(1, 4)
        {
            ["y"] = [-1.5, -2, -1, -2],
            ["mean"] = [3],
            ["rstd"] = [0.5],
            ["dx"] = [-0.375, 0.6875, -0.25, -0.0625],
            ["dweight"] = [-1, -0.5, 0, -1.5],
            ["dbias"] = [1, 1, 2, -1],
            ["jvpY"] = [2, -4, -0.5, 1.5],
        });
    }

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(1.0 / 3)]
    [DataRow(-1e6 / 7)]
    [DataRow(1.1e18)]
    [DataRow(1.3e-20)]
    [DataRow(1.7e30)]
    [DataRow(0.0)]
    public void A_constant_row_gives_exactly_the_bias(double value)
    {
        foreach (int cols in Enumerable.Range(1, 100).Append(4097))
        {
            Arguments arguments = Ready(Verb.Forward, 1, cols).WithFilled(value, "x");
            arguments.Epsilon = 1e-12;
            Run(Verb.Forward, arguments);
            Check.SameBits(arguments.Get("bias"), arguments.Get("y"), $"y of {cols} columns");
            Assert.AreEqual(value, arguments.Get("mean")[0]);
        }
    }

    [TestMethod]
    public void A_large_mean_costs_no_digits()
    {
        // On a grid of 2^-10 the offset is exact, so that the shifted rows have the same deviations.
        Arguments near = Ready(Verb.Forward, 2, 257);
        near["x"] = [.. near.Get("x").Select(v => Math.Round(v * 1024) / 1024)];
        Arguments far = near.Copy();
        far["x"] = [.. near.Get("x").Select(v => v + 1e6)];
        Run(Verb.Forward, near);
        Run(Verb.Forward, far);
        Check.Close(near.Get("y"), far.Get("y"), 1e-14);
        Check.Close([.. near.Get("mean").Select(m => m + 1e6)], far.Get("mean"), 1e-15);
    }

    private protected override void Run(Verb verb, Arguments a)
    {
        switch (verb.Name)
        {
            case nameof(LayerNormReference.Forward):
                LayerNormReference.Forward(
                    a["x"], a["y"], a.Rows, a.Cols, a["weight"], a["bias"], a.Epsilon, a["mean"], a["rstd"]);
                break;
            case nameof(LayerNormReference.Backward):
                LayerNormReference.Backward(
                    a["dy"], a["x"], a["dx"], a.Rows, a.Cols, a["weight"], a.Epsilon, a["dweight"], a["dbias"]);
                break;
            case nameof(LayerNormReference.Jvp):
                LayerNormReference.Jvp(
                    a["tanX"], a["x"], a["jvpY"], a.Rows, a.Cols,
                    a["weight"], a["tanWeight"], a["tanBias"], a.Epsilon);
                break;
            case nameof(LayerNormReference.AddForward):
                LayerNormReference.AddForward(
                    a["x"], a["residual"], a["h"], a["y"], a.Rows, a.Cols,
                    a["weight"], a["bias"], a.Epsilon, a["mean"], a["rstd"]);
                break;
            case nameof(LayerNormReference.AddBackward):
                LayerNormReference.AddBackward(
                    a["dy"], a["dh"], a["h"], a["dx"], a.Rows, a.Cols,
                    a["weight"], a.Epsilon, a["dweight"], a["dbias"]);
                break;
            case nameof(LayerNormReference.AddJvp):
                LayerNormReference.AddJvp(
                    a["tanX"], a["tanResidual"], a["h"], a["jvpH"], a["jvpY"], a.Rows, a.Cols,
                    a["weight"], a["tanWeight"], a["tanBias"], a.Epsilon);
                break;
            default:
                throw new ArgumentException(verb.Name, nameof(verb));
        }
    }

    private protected override void AssertNotFiniteRow(double[] x, double[] y, double[] bias) =>
        Assert.IsTrue(y.All(double.IsNaN));
}
