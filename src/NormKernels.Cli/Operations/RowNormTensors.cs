namespace NormKernels.Cli.Operations;

/// <summary>The tensors and parameters of one call of a norm over rows; a buffer left out is "not passed".</summary>
/// <typeparam name="T">What tensors, weight and bias are stored in.</typeparam>
/// <typeparam name="TStat">What statistics and parameter gradients are stored in.</typeparam>
internal sealed record RowNormTensors<T, TStat>
    where T : unmanaged
    where TStat : unmanaged
{
    /// <summary>Rows and columns.</summary>
    public required RowShape Shape { get; init; }

    /// <summary>Whether this is the form with a residual.</summary>
    public required bool Add { get; init; }

    /// <summary>Added under the root.</summary>
    public required double Epsilon { get; init; }

    /// <summary>Whether the weight is stored as its difference from one.</summary>
    public bool ZeroCentered { get; init; }

    /// <summary>How the kernels run.</summary>
    public CpuOptions Options { get; init; }

    /// <summary>The input; in the form with a residual, backward and JVP read <see cref="H"/> instead.</summary>
    public NativeBuffer<T> X { get; init; }

    /// <summary>What is added to the input.</summary>
    public NativeBuffer<T> Residual { get; init; }

    /// <summary>The sum.</summary>
    public NativeBuffer<T> H { get; init; }

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

    /// <summary>Cotangent of y.</summary>
    public NativeBuffer<T> Dy { get; init; }

    /// <summary>Cotangent of h.</summary>
    public NativeBuffer<T> Dh { get; init; }

    /// <summary>Gradient of x and of the residual.</summary>
    public NativeBuffer<T> Dx { get; init; }

    /// <summary>Gradient of the weight.</summary>
    public NativeBuffer<TStat> Dweight { get; init; }

    /// <summary>Gradient of the bias.</summary>
    public NativeBuffer<TStat> Dbias { get; init; }

    /// <summary>Scratch of backward.</summary>
    public NativeBuffer<byte> Workspace { get; init; }

    /// <summary>Tangent of x.</summary>
    public NativeBuffer<T> TanX { get; init; }

    /// <summary>Tangent of the residual.</summary>
    public NativeBuffer<T> TanResidual { get; init; }

    /// <summary>Tangent of the weight.</summary>
    public NativeBuffer<T> TanWeight { get; init; }

    /// <summary>Tangent of the bias.</summary>
    public NativeBuffer<T> TanBias { get; init; }

    /// <summary>Tangent of h.</summary>
    public NativeBuffer<T> JvpH { get; init; }

    /// <summary>Tangent of y.</summary>
    public NativeBuffer<T> JvpY { get; init; }
}

/// <summary>A norm over rows, by the kernels or by the reference.</summary>
/// <inheritdoc cref="RowNormTensors{T, TStat}" path="/typeparam"/>
internal interface IRowNormKernels<T, TStat>
    where T : unmanaged
    where TStat : unmanaged
{
    /// <summary>Bytes of scratch that backward needs.</summary>
    long WorkspaceSize(RowShape shape);

    /// <summary>Fills y (and h) and the statistics.</summary>
    void Forward(RowNormTensors<T, TStat> tensors);

    /// <summary>Fills the gradients.</summary>
    void Backward(RowNormTensors<T, TStat> tensors);

    /// <summary>Fills the tangents of the outputs.</summary>
    void Jvp(RowNormTensors<T, TStat> tensors);
}
