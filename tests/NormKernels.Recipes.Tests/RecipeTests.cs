using System;
using System.IO;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Recipes.Tests;

/// <summary>The recipes of the user's guide for tensors of other libraries.</summary>
[TestClass]
[DoNotParallelize]
public sealed class RecipeTests
{
    [TestMethod]
    public void Onnx_runtime() => AssertPrints("0.6 0.8", OnnxRuntimeExample.Run);

    [TestMethod]
    public void Torch_sharp()
    {
        try
        {
            AssertPrints("0.6 0.8", TorchSharpExample.Run);
        }
        catch (TypeInitializationException e) when (e.InnerException is NotSupportedException)
        {
            Assert.Inconclusive("The native half of TorchSharp is not here: a package of 600 MB, and a newer libstdc++.");
        }
    }

    private static void AssertPrints(string expected, Action example)
    {
        TextWriter console = Console.Out;
        using StringWriter written = new();
        try
        {
            Console.SetOut(written);
            example();
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.AreEqual(expected, written.ToString().Trim());
    }
}
