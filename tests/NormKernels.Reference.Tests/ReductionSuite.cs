using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

/// <summary>What the norms that make one number of some axes of a tensor have to keep.</summary>
public abstract class ReductionSuite : NormSuite
{
    private protected override (string Value, string Tangent, string Gradient)[] Inputs => [("x", "tanX", "dx")];

    private protected override (string Value, string Cotangent, string Tangent) Output => ("norm", "dnorm", "jvpNorm");

    [TestMethod]
    [DataRow(660)]
    [DataRow(-660)]
    public void Scaling_by_a_power_of_two_changes_no_bit(int exponent)
    {
        // About 1e200 and 1e-200: squares and products of x leave the range.
        foreach (Call problem in Problems)
        {
            foreach (Method method in Methods)
            {
                Call plain = Ready(method, problem);
                Call scaled = plain.Copy();
                scaled["x"] = [.. plain.Get("x").Select(value => Math.ScaleB(value, exponent))];
                method.Run(plain);
                method.Run(scaled);
                int scaling = method.Name == Forward.Name ? exponent : 0;
                Check.SameBits(
                    [.. plain.Get(method.Outputs[0]).Select(value => Math.ScaleB(value, scaling))],
                    scaled.Get(method.Outputs[0]),
                    $"{method.Name}: {problem}");
            }
        }
    }

    private protected override bool IsOptional(string tensor) => false;

    /// <summary>The axes reduced, counted from the first.</summary>
    private protected abstract int[] Reduced(Call problem);

    private protected override int Length(Call problem, string tensor)
    {
        int[] reduced = Reduced(problem);
        return problem.Attribute<int[]>("shape")
            .Where((_, axis) => tensor == "x" || !reduced.Contains(axis))
            .Aggregate(1, (product, size) => product * size);
    }

    private protected override int? Slice(Call problem, string tensor, int offset)
    {
        if (Primal(tensor) == "norm")
        {
            return offset;
        }

        int[] shape = problem.Attribute<int[]>("shape");
        int[] reduced = Reduced(problem);
        int slice = 0;
        int stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (!reduced.Contains(axis))
            {
                slice += offset % shape[axis] * stride;
                stride *= shape[axis];
            }

            offset /= shape[axis];
        }

        return slice;
    }

    /// <summary>The norm, the derivative by x and its product with a tangent of ones, for one slice.</summary>
    private protected void AssertSlice(Call problem, double[] x, double norm, double[] gradient, double tolerance = 0)
    {
        Call call = With(problem, ("x", x), ("dnorm", [1]), ("tanX", [.. x.Select(_ => 1.0)]));
        foreach (Method method in Methods)
        {
            call[method.Outputs[0]] = new double[Length(problem, Primal(method.Outputs[0]))];
            method.Run(call);
        }

        Check.Close([norm], call.Get("norm"), tolerance, $"norm: {problem}");
        Check.Close(gradient, call.Get("dx"), tolerance, $"dx: {problem}");
        Check.Close([gradient.Sum()], call.Get("jvpNorm"), tolerance + 1e-15, $"jvpNorm: {problem}");
    }
}
