using System;
using System.IO;
using System.Reflection;
using System.Runtime.Loader;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Cuda.Interop;

namespace NormKernels.Layers.Tests;

/// <summary>A layer in the computer's memory needs nothing of CUDA: neither its library nor a driver.</summary>
[TestClass]
public sealed class CudaIsNotLoadedTests
{
    [TestMethod]
    public void By_layers_in_memory()
    {
        // In assemblies of their own: other tests of this process do load the library.
        FreshAssemblies fresh = new();
        Assembly tests = fresh.LoadFromAssemblyName(typeof(CudaIsNotLoadedTests).Assembly.GetName());
        Assert.AreNotSame(typeof(CudaIsNotLoadedTests).Assembly, tests);
        MethodInfo use = tests.GetType(typeof(CudaIsNotLoadedTests).FullName!)!.GetMethod(
            nameof(Use), BindingFlags.NonPublic | BindingFlags.Static)!;
        Assert.AreEqual("not loaded", use.Invoke(null, null));
    }

    private static string Use()
    {
        float[] x = [1, 2, 3, 4];
        float[] y = new float[4];
        using LayerNormLayer<float> layer = new([4]);
        using BatchNormLayer<float> batch = new(2);
        layer.Forward(x, y);
        layer.Backward(x, x, y);
        layer.ZeroGradients();
        batch.Forward(x, y, new ChannelShape(2, 2, 1));
        batch.IsTraining = false;
        batch.Forward(x, y, new ChannelShape(2, 2, 1));
        ParameterFileWriter writer = new();
        layer.Save(writer);
        using TempDirectory temp = new();
        writer.Write(temp.PathOf("x.npz"));
        using ParameterFile file = ParameterFile.Open(temp.PathOf("x.npz"));
        layer.Load(file);
        return CudaLibraryLoader.LoadedPath ?? "not loaded";
    }

    private sealed class FreshAssemblies() : AssemblyLoadContext(nameof(CudaIsNotLoadedTests))
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name!.StartsWith(nameof(NormKernels), StringComparison.Ordinal)
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"))
                : null;
    }
}
