using System;

namespace NormKernels.SampleServer.Configuration;

/// <summary>What computes the norms.</summary>
internal enum PathKind
{
    /// <summary>The native kernels of NormKernels.</summary>
    Native,

    /// <summary>One call of TensorPrimitives after the other; there for comparison alone.</summary>
    Managed,
}

/// <summary>What can be configured, under <see cref="Section"/>; README.md lists it.</summary>
internal sealed class ServerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "NormServer";

    /// <summary>What computes the norms.</summary>
    public PathKind Path { get; set; } = PathKind.Native;

    /// <summary>Columns of the model's embeddings.</summary>
    public int Dimension { get; set; } = 768;

    /// <summary>Threads that may work on one request; -1 for as many as there are processors. With many requests at a
    /// time 1 is best.</summary>
    public int ThreadsPerRequest { get; set; } = 1;

    /// <summary>The RMSNorm layer.</summary>
    public RmsNormOptions RmsNorm { get; set; } = new();

    /// <summary>The LayerNorm layer.</summary>
    public LayerNormOptions LayerNorm { get; set; } = new();

    /// <summary>The division by the norm.</summary>
    public L2NormalizeOptions L2Normalize { get; set; } = new();

    /// <summary>What a client may ask for.</summary>
    public LimitOptions Limits { get; set; } = new();
}

/// <summary>A layer with parameters.</summary>
internal abstract class LayerOptions
{
    /// <summary>Added to the mean square, or the variance, under the root.</summary>
    public double Epsilon { get; set; } = 1e-5;

    /// <summary>A .safetensors or .npz file; null for a weight of ones and a bias of zeros.</summary>
    public string? File { get; set; }

    /// <summary>What stands before <c>weight</c> in the file, with its dot: <c>model.norm.</c></summary>
    public string Prefix { get; set; } = "";
}

/// <summary>The RMSNorm layer.</summary>
internal sealed class RmsNormOptions : LayerOptions
{
    /// <summary>Whether the weight is stored as its difference from one, as in Gemma.</summary>
    public bool ZeroCentered { get; set; }
}

/// <summary>The LayerNorm layer.</summary>
internal sealed class LayerNormOptions : LayerOptions
{
    /// <summary>Whether there is a bias beside the weight.</summary>
    public bool Bias { get; set; } = true;
}

/// <summary>The division by the norm.</summary>
internal sealed class L2NormalizeOptions
{
    /// <summary>What is divided by where the norm is smaller.</summary>
    public double Epsilon { get; set; } = 1e-12;
}

/// <summary>What a client may ask for, and what the server keeps for it.</summary>
internal sealed class LimitOptions
{
    /// <summary>Octets of a request's body.</summary>
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>Rows of a request.</summary>
    public int MaxRows { get; set; } = 8192;

    /// <summary>Columns that a request of l2-normalize may name; the other norms have those of the model.</summary>
    public int MaxDimension { get; set; } = 16384;

    /// <summary>Requests that are worked on at a time; what comes beyond is turned away at once.</summary>
    public int MaxConcurrentRequests { get; set; } = 64;

    /// <summary>How long a request may take, its body's way in and the answer's way out included.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>When a client that was turned away may come again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server, once told to stop, says that it is not ready and goes on serving, so that load
    /// balancers see it.</summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>How long requests in flight are then waited for.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Octets of tensor memory kept for later requests.</summary>
    public long MaxPooledBytes { get; set; } = 256L << 20;
}
