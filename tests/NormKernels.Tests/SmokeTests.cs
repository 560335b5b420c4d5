using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests;

[TestClass]
public sealed class SmokeTests
{
    [TestMethod]
    public void Smoke()
    {
        float[] x = [1, 2, 3, 4, 5, 6];
        float[] y = new float[6];
        float[] w = [1, 1, 2];
        LayerNorm.Forward(x, y, new RowShape(2, 3));
        Console.WriteLine(string.Join(" ", y));
        RmsNorm.Forward(x, y, new RowShape(2, 3), w, epsilon: 1e-6);
        Console.WriteLine(string.Join(" ", y));
        float[] dw = new float[3];
        RmsNorm.Backward(x, x, y, new RowShape(2, 3), w, dweight: dw);
        Console.WriteLine(string.Join(" ", y) + " dw " + string.Join(" ", dw));
        Half[] hx = [(Half)1, (Half)2, (Half)3, (Half)4, (Half)5, (Half)6];
        Half[] hy = new Half[6];
        LayerNorm.Forward(hx, hy, new RowShape(2, 3), w);
        Console.WriteLine(string.Join(" ", hy));
        Console.WriteLine(CpuBackend.LibraryPath + " " + CpuBackend.BestInstructionSet);
        Assert.AreEqual(6, x.Length);
    }
}
