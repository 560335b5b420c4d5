using System.Collections.Immutable;
using System.IO;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;
using NormKernels.Reference;

using ReferenceOrder = NormKernels.Reference.MatrixNormOrder;

namespace NormKernels.Cli.Operations;

/// <summary><c>matrix_norm</c>.</summary>
internal sealed class MatrixNormOperation() : NormOperation(_names)
{
    private static readonly NormNames _names = new("x", "norm");

    /// <inheritdoc/>
    public override string Name => "matrix_norm";

    /// <inheritdoc/>
    public override string Summary => "norm of the matrices that two axes hold";

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } = [new("x", "what is measured", Required: true)];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("ord", AttributeKind.NumberOrText, "fro, nuc, 1, -1, 2, -2, inf or -inf; fro if not given"),
        new("dim", AttributeKind.Integers,
            "the axis of rows and that of columns; negative ones count from the end; -2,-1 if not given"),
        new("keepdim", AttributeKind.Flag, "keeps the axes as axes of 1"),
    ];

    /// <inheritdoc/>
    public override NormCall Read(OperationArguments arguments)
    {
        long[] x = arguments.Shape("x");
        ReferenceOrder order = Order(arguments.Attributes);
        if (x.Length < 2)
        {
            throw new InvalidDataException($"x of the shape {NpyArray.FormatShape(x)} has no rows and columns");
        }

        int[] axes = ShapeArguments.Axes(arguments, "x", x) ?? [x.Length - 2, x.Length - 1];
        if (axes is not [int row, int column])
        {
            throw new InvalidDataException("dim must be two axes, that of rows and that of columns");
        }

        long[] norm = ShapeArguments.Reduce(x, axes, arguments.Attributes.GetBool("keepdim", fallback: false));
        long candidates = order switch
        {
            ReferenceOrder.MaxColumnSum or ReferenceOrder.MinColumnSum => x[column],
            ReferenceOrder.MaxRowSum or ReferenceOrder.MinRowSum => x[row],
            ReferenceOrder.MaxSingularValue or ReferenceOrder.MinSingularValue => long.Min(x[row], x[column]),
            _ => 1,
        };
        return candidates != 0 || NativeArena.Count(norm) == 0
            ? new Call(MatrixShape.Of(x, row, column), [.. x.Select(length => (int)length)], row, column, order)
            {
                Input = x,
                Output = norm,
            }
            : throw new InvalidDataException($"matrices of {x[row]} x {x[column]} have no norm of this order");
    }

    /// <inheritdoc/>
    protected override NormSample Sample(string verb, long rows, long cols)
    {
        (long first, long second) = NormSample.Split(cols);
        return NormSample.Of(new { ord = "fro" }, new NormSampleInput("x", [rows, first, second], 0));
    }

    private static ReferenceOrder Order(CaseAttributes attributes)
    {
        string text = attributes.IsNumber("ord") ? "" : attributes.GetString("ord", "fro");
        return text switch
        {
            "fro" => ReferenceOrder.Frobenius,
            "nuc" => ReferenceOrder.Nuclear,
            "" => attributes.GetDouble("ord") switch
            {
                1 => ReferenceOrder.MaxColumnSum,
                -1 => ReferenceOrder.MinColumnSum,
                2 => ReferenceOrder.MaxSingularValue,
                -2 => ReferenceOrder.MinSingularValue,
                double.PositiveInfinity => ReferenceOrder.MaxRowSum,
                double.NegativeInfinity => ReferenceOrder.MinRowSum,
                double other => throw Unknown($"{other}"),
            },
            _ => throw Unknown(text),
        };

        static InvalidDataException Unknown(string order) =>
            new($"ord {ErrorText.Quote(order)} is none of fro, nuc, 1, -1, 2, -2, inf, -inf");
    }

    private sealed class Call(MatrixShape shape, int[] sizes, int row, int column, ReferenceOrder order) : NormCall
    {
        // The values are the same; the reference shares no code with the library.
        private readonly MatrixNormOrder _order = (MatrixNormOrder)order;

        public override long WorkspaceSize(CpuOptions options) => MatrixNorm.WorkspaceSize(shape, _order, options);

        public override void Forward<T>(NormTensors<T, float> t, CpuOptions options) =>
            MatrixNorm.Forward<T>(t.X.Span, t.Y.Span, shape, _order, t.Workspace.Span, options);

        public override void Backward<T>(NormTensors<T, float> t, CpuOptions options) =>
            MatrixNorm.Backward<T>(t.Dy.Span, t.X.Span, t.Dx.Span, shape, _order, t.Workspace.Span, options);

        public override void Jvp<T>(NormTensors<T, float> t, CpuOptions options) =>
            MatrixNorm.Jvp<T>(t.TanX.Span, t.X.Span, t.JvpY.Span, shape, _order, t.Workspace.Span, options);

        public override long WorkspaceSize(DeviceTwins on) => Cuda.MatrixNorm.WorkspaceSize(shape, _order);

        public override void Forward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.MatrixNorm.Forward(
            on.Stream, on.Of(t.X), on.Of(t.Y), shape, _order, workspace: on.Scratch(t.Workspace));

        public override void Backward<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.MatrixNorm.Backward(
            on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), shape, _order, workspace: on.Scratch(t.Workspace));

        public override void Jvp<T>(NormTensors<T, float> t, DeviceTwins on) => Cuda.MatrixNorm.Jvp(
            on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), shape, _order, workspace: on.Scratch(t.Workspace));

        public override void Forward(NormTensors<double, double> t) =>
            MatrixNormReference.Forward(t.X.Span, t.Y.Span, sizes, row, column, order);

        public override void Backward(NormTensors<double, double> t) =>
            MatrixNormReference.Backward(t.Dy.Span, t.X.Span, t.Dx.Span, sizes, row, column, order);

        public override void Jvp(NormTensors<double, double> t) =>
            MatrixNormReference.Jvp(t.TanX.Span, t.X.Span, t.JvpY.Span, sizes, row, column, order);
    }
}
