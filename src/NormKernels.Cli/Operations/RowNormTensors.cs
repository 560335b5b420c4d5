namespace NormKernels.Cli.Operations;

/// <summary>
/// The tensors and parameters of one call of a norm over rows. In the form with a residual, backward and JVP read
/// <see cref="H"/> instead of x, and dx is the gradient of the residual too.
/// </summary>
/// <inheritdoc cref="NormTensors{T, TStat}" path="/typeparam"/>
internal sealed record RowNormTensors<T, TStat> : NormTensors<T, TStat>
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

    /// <summary>What is added to the input.</summary>
    public NativeBuffer<T> Residual { get; init; }

    /// <summary>The sum.</summary>
    public NativeBuffer<T> H { get; init; }

    /// <summary>Cotangent of h.</summary>
    public NativeBuffer<T> Dh { get; init; }

    /// <summary>Tangent of the residual.</summary>
    public NativeBuffer<T> TanResidual { get; init; }

    /// <summary>Tangent of h.</summary>
    public NativeBuffer<T> JvpH { get; init; }
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
