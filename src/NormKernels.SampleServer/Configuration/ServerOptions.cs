using System.ComponentModel.DataAnnotations;

namespace NormKernels.SampleServer.Configuration;

/// <summary>What can be configured, under <see cref="Section"/>; README.md lists it.</summary>
internal sealed class ServerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "NormServer";

    /// <summary>What computes the norms.</summary>
    [EnumDataType(typeof(PathKind))]
    public PathKind Path { get; set; } = PathKind.Native;

    /// <summary>Columns of the model's embeddings.</summary>
    [Range(1, 1 << 20)]
    public int Dimension { get; set; } = 768;

    /// <summary>The RMSNorm layer.</summary>
    public LayerOptions RmsNorm { get; set; } = new();

    /// <summary>The LayerNorm layer.</summary>
    public LayerOptions LayerNorm { get; set; } = new();

    /// <summary>What a client may ask for.</summary>
    public LimitOptions Limits { get; set; } = new();
}
