using System.ComponentModel.DataAnnotations;

namespace NormKernels.SampleServer.Configuration;

/// <summary>A layer with parameters.</summary>
internal sealed class LayerOptions
{
    /// <summary>Added to the mean square, or the variance, under the root.</summary>
    [Range(0, double.MaxValue)]
    public double Epsilon { get; set; } = 1e-5;

    /// <summary>A .safetensors or .npz file; null for a weight of ones and a bias of zeros.</summary>
    public string? File { get; set; }

    /// <summary>What stands before <c>weight</c> in the file, with its dot: <c>model.norm.</c></summary>
    public string Prefix { get; set; } = "";
}
