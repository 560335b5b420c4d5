namespace NormKernels.Cli.Operations;

/// <summary>The tensors of one call of a norm; a buffer left out is "not passed".</summary>
/// <typeparam name="T">What tensors, weight and bias are stored in.</typeparam>
/// <typeparam name="TStat">What statistics and parameter gradients are stored in.</typeparam>
internal record NormTensors<T, TStat>
    where T : unmanaged
    where TStat : unmanaged
{
    /// <summary>The input.</summary>
    public NativeBuffer<T> X { get; init; }

    /// <summary>The output.</summary>
    public NativeBuffer<T> Y { get; init; }

    /// <summary>The scale.</summary>
    public NativeBuffer<T> Weight { get; init; }

    /// <summary>The offset.</summary>
    public NativeBuffer<T> Bias { get; init; }

    /// <summary>The saved means.</summary>
    public NativeBuffer<TStat> Mean { get; init; }

    /// <summary>The saved reciprocal standard deviations.</summary>
    public NativeBuffer<TStat> Rstd { get; init; }

    /// <summary>The saved norms, of what divides by one.</summary>
    public NativeBuffer<TStat> Norm { get; init; }

    /// <summary>The running means: updated, or what is subtracted.</summary>
    public NativeBuffer<TStat> RunningMean { get; init; }

    /// <summary>The running variances.</summary>
    public NativeBuffer<TStat> RunningVar { get; init; }

    /// <summary>Cotangent of y.</summary>
    public NativeBuffer<T> Dy { get; init; }

    /// <summary>Gradient of x.</summary>
    public NativeBuffer<T> Dx { get; init; }

    /// <summary>Gradient of the weight.</summary>
    public NativeBuffer<TStat> Dweight { get; init; }

    /// <summary>Gradient of the bias.</summary>
    public NativeBuffer<TStat> Dbias { get; init; }

    /// <summary>Scratch.</summary>
    public NativeBuffer<byte> Workspace { get; init; }

    /// <summary>Tangent of x.</summary>
    public NativeBuffer<T> TanX { get; init; }

    /// <summary>Tangent of the weight.</summary>
    public NativeBuffer<T> TanWeight { get; init; }

    /// <summary>Tangent of the bias.</summary>
    public NativeBuffer<T> TanBias { get; init; }

    /// <summary>Tangent of y.</summary>
    public NativeBuffer<T> JvpY { get; init; }
}
