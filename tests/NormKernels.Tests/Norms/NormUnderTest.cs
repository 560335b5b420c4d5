using System.Collections.Generic;

namespace NormKernels.Tests.Norms;

/// <summary>All norms.</summary>
internal static class NormUnderTest
{
    public static readonly Norm LayerNorm = new LayerNormCalls();

    public static readonly Norm RmsNorm = new RmsNormCalls();

    public static readonly Norm GroupNorm = new GroupNormCalls();

    public static readonly Norm InstanceNorm = new InstanceNormCalls();

    public static readonly Norm BatchNorm = new BatchNormCalls();

    public static readonly Norm AxisNorm = new AxisNormCalls();

    public static readonly Norm L2Normalize = new L2NormalizeCalls();

    public static readonly Norm WeightNorm = new WeightNormCalls();

    public static readonly Norm VectorNorm = new VectorNormCalls();

    public static readonly Norm MatrixNorm = new MatrixNormCalls();

    public static IReadOnlyList<Norm> All { get; } =
    [
        LayerNorm, RmsNorm, GroupNorm, InstanceNorm, BatchNorm, AxisNorm, L2Normalize, WeightNorm, VectorNorm,
        MatrixNorm,
    ];
}
