using System.Collections.Generic;

namespace NormKernels.Tests.Norms;

/// <summary>Rows, each of them a slice.</summary>
internal sealed record RowProblemShape(int RowCount, int Cols) : ProblemShape
{
    public override int Count => RowCount * Cols;

    public override int Slices => RowCount;

    public override int Parameters => Cols;

    public override int? Rows => RowCount;

    public override object Native => new RowShape(RowCount, Cols);

    public override bool SharesParameters => RowCount > 1;

    public override IEnumerable<object> Others =>
    [
        new RowShape(RowCount + 1, Cols), new RowShape(RowCount, Cols + 1), new RowShape(0, Cols),
        new RowShape(RowCount, 0), new RowShape(1L << 32, 1L << 30), new RowShape(1L << 32, 1),
        new RowShape(1, 1L << 32), new RowShape((1L << 32) + RowCount, Cols), new RowShape(long.MaxValue, 1),
        new RowShape(1, long.MaxValue),
    ];

    public override int SliceOf(int element) => element / Cols;

    public override int ParameterOf(int element) => element % Cols;

    public override ProblemShape Alone(int slice) => this with { RowCount = 1 };

    public override string ToString() => $"{RowCount}x{Cols}";
}
