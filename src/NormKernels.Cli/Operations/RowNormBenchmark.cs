using System;
using System.Linq;
using System.Numerics.Tensors;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;

namespace NormKernels.Cli.Operations;

/// <summary>
/// Times one verb of a norm over rows: with a weight, with a bias if the norm has a mean, with statistics saved by
/// forward and gradients of the parameters in backward.
/// </summary>
internal sealed class RowNormBenchmark<T, TStat> : Benchmark
    where T : unmanaged
    where TStat : unmanaged
{
    private const double Epsilon = 1e-5;
    private const int CheckedColumns = 4;

    private readonly NativeArena _arena = new();
    private readonly RowNormOperation _operation;
    private readonly IRowNormKernels<T, TStat> _kernels;
    private readonly Action<RowNormTensors<T, TStat>> _run;
    private readonly string _verb;
    private readonly DeviceTwins? _on;
    private RowNormTensors<T, TStat> _tensors;
    private int _seed;

    public RowNormBenchmark(
        RowNormOperation operation, IRowNormKernels<T, TStat> kernels, string verb, RowShape shape, CpuOptions options,
        DeviceTwins? on = null)
    {
        _operation = operation;
        _on = on;
        _kernels = kernels;
        _verb = verb;
        _run = verb switch
        {
            "forward" => kernels.Forward,
            "backward" => kernels.Backward,
            "jvp" => kernels.Jvp,
            _ => throw new ArgumentOutOfRangeException(nameof(verb)),
        };
        _tensors = new()
        {
            Shape = shape,
            Add = operation.Add,
            Epsilon = Epsilon,
            Options = options,
        };
        int added = operation.Add ? 1 : 0;
        int parameters = operation.HasMean ? 2 : 1;
        int element = Elements.Size(Elements.Dtype<T>());
        int stat = Elements.Size(Elements.Dtype<TStat>());
        // Matrices: x y (residual h), dy x dx (dh), tan_x x jvp_y (tan_residual jvp_h). Vectors: weight and bias, what
        // backward makes of them, their tangents. There are as many statistics a row as parameters a column.
        (int matrices, int vectors, int gradients) = verb switch
        {
            "forward" => (2 + 2 * added, parameters, 0),
            "backward" => (3 + added, 1, parameters),
            _ => (3 + 2 * added, 1 + parameters, 0),
        };
        BytesMoved = checked(
            matrices * shape.Count * element
            + shape.Cols * (vectors * element + gradients * stat)
            + shape.Rows * parameters * stat);
    }

    /// <inheritdoc/>
    public override long BytesMoved { get; }

    /// <inheritdoc/>
    public override bool HasComposition => typeof(T) == typeof(float) && _verb == "forward";

    /// <inheritdoc/>
    public override void Prepare()
    {
        RowShape shape = _tensors.Shape;
        bool hasMean = _operation.HasMean;
        bool isAdd = _operation.Add;
        _tensors = _tensors with
        {
            Weight = Random(shape.Cols, 0.5, 1.5),
            Bias = hasMean ? Random(shape.Cols, -0.5, 0.5) : default,
            Mean = hasMean ? _arena.Allocate<TStat>(shape.Rows) : default,
            Rstd = _arena.Allocate<TStat>(shape.Rows),
        };
        if (_verb == "forward")
        {
            _tensors = _tensors with
            {
                X = Matrix(),
                Residual = isAdd ? Matrix() : default,
                H = isAdd ? Zeros() : default,
                Y = Zeros(),
            };
            return;
        }

        NativeBuffer<T> normalized = Matrix();
        NativeBuffer<T> result = Zeros();
        _kernels.Forward(_tensors with { Add = false, X = normalized, Y = result });
        _tensors = _tensors with { X = isAdd ? default : normalized, H = isAdd ? normalized : default };
        _tensors = _verb == "backward"
            ? _tensors with
            {
                Dy = Matrix(),
                Dh = isAdd ? Matrix() : default,
                Dx = result,
                Dweight = _arena.Allocate<TStat>(shape.Cols),
                Dbias = hasMean ? _arena.Allocate<TStat>(shape.Cols) : default,
                Workspace = _arena.Allocate<byte>(_kernels.WorkspaceSize(shape)),
            }
            : _tensors with
            {
                TanX = Matrix(),
                TanResidual = isAdd ? Matrix() : default,
                TanWeight = Random(shape.Cols, -1, 1),
                TanBias = hasMean ? Random(shape.Cols, -1, 1) : default,
                JvpH = isAdd ? Zeros() : default,
                JvpY = result,
            };
    }

    /// <inheritdoc/>
    public override void Run() => _run(_tensors);

    /// <inheritdoc/>
    public override void Compose() => _operation.Compose((RowNormTensors<float, float>)(object)_tensors);

    /// <inheritdoc/>
    public override void Wait() => _on?.Wait();

    /// <inheritdoc/>
    public override string? Check()
    {
        _on?.Fetch();
        long last = _tensors.Shape.Rows - 1;
        foreach (long row in new[] { 0, last / 3, last / 2, last }.Distinct())
        {
            if (CheckRow((int)row) is { } wrong)
            {
                return wrong;
            }
        }

        return _verb == "backward" ? CheckParameterGradients() : null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _on?.Dispose();
            _arena.Dispose();
        }
    }

    // Enough to tell a right result from a wrong one; `verify` measures.
    private static string? Compare(
        string name, int row, ReadOnlySpan<T> actual, ReadOnlySpan<double> reference, double scale)
    {
        Tolerance tolerance = Tolerance.Default(Elements.Dtype<T>()) with
        {
            AtolScale = typeof(T) == typeof(double) ? 1e-12 : 1e-5,
        };
        TensorComparison comparison = TensorComparison.Compare(
            Elements.ToDoubles(actual), reference, TensorRole.Output, Math.Max(scale, LargestOf(reference)), tolerance);
        return comparison.Passed ? null : $"{name}, row {row}: {comparison.Message}";
    }

    private static double LargestOf(ReadOnlySpan<double> values) =>
        values.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(values));

    private string? CheckRow(int row)
    {
        using NativeArena arena = new();
        RowNormTensors<T, TStat> all = _tensors;
        int cols = (int)all.Shape.Cols;
        RowNormTensors<double, double> one = new()
        {
            Shape = new RowShape(1, cols),
            Add = all.Add,
            Epsilon = all.Epsilon,
            Weight = Copy(all.Weight.Span),
            Bias = Copy(all.Bias.Span),
            X = Copy(Row(all.X)),
            Residual = Copy(Row(all.Residual)),
            H = Copy(Row(all.H)),
            Y = arena.Allocate<double>(cols),
            Rstd = arena.Allocate<double>(1),
            Dy = Copy(Row(all.Dy)),
            Dh = Copy(Row(all.Dh)),
            Dx = arena.Allocate<double>(cols),
            TanX = Copy(Row(all.TanX)),
            TanResidual = Copy(Row(all.TanResidual)),
            TanWeight = Copy(all.TanWeight.Span),
            TanBias = Copy(all.TanBias.Span),
            JvpH = all.Add ? arena.Allocate<double>(cols) : default,
            JvpY = arena.Allocate<double>(cols),
        };
        IRowNormKernels<double, double> reference = _operation.ReferenceKernels;
        // A 16-bit h is rounded before it is normalized, so the reference normalizes that h.
        reference.Forward(one.Add ? one with { Add = false, X = one.H } : one);
        // What short rows leave after the means are subtracted can be far smaller than what they are subtracted from.
        double gain = one.Rstd.Span[0] * LargestOf(one.Weight.Span);
        switch (_verb)
        {
            case "forward":
                return (one.Add ? Compare("h", row, Row(all.H), Sum(one.X.Span, one.Residual.Span), 0) : null)
                    ?? Compare("y", row, Row(all.Y), one.Y.Span, gain * LargestOf((one.Add ? one.H : one.X).Span));
            case "backward":
                reference.Backward(one);
                return Compare("dx", row, Row(all.Dx), one.Dx.Span, gain * LargestOf(one.Dy.Span));
            default:
                reference.Jvp(one);
                double[] sum = one.Add ? Sum(one.TanX.Span, one.TanResidual.Span) : [];
                return (one.Add ? Compare("jvp_h", row, Row(all.JvpH), sum, 0) : null)
                    ?? Compare(
                        "jvp_y", row, Row(all.JvpY), one.JvpY.Span, gain * LargestOf(one.Add ? sum : one.TanX.Span));
        }

        double[] Sum(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
        {
            double[] sum = new double[cols];
            TensorPrimitives.Add(left, right, sum);
            return sum;
        }

        ReadOnlySpan<T> Row(NativeBuffer<T> matrix) =>
            matrix.Span.IsEmpty ? default : matrix.Span.Slice(row * cols, cols);

        NativeBuffer<double> Copy(ReadOnlySpan<T> values) => arena.Allocate<double>(Elements.ToDoubles(values));
    }

    // The sums over all rows, of a few columns, with the statistics that forward saved.
    private string? CheckParameterGradients()
    {
        RowNormTensors<T, TStat> all = _tensors;
        (int rows, int cols) = ((int)all.Shape.Rows, (int)all.Shape.Cols);
        double[] mean = _operation.HasMean ? Elements.ToDoubles<TStat>(all.Mean.Span) : new double[rows];
        double[] rstd = Elements.ToDoubles<TStat>(all.Rstd.Span);
        double[] dweight = Elements.ToDoubles<TStat>(all.Dweight.Span);
        double[] dbias = Elements.ToDoubles<TStat>(all.Dbias.Span);
        NativeBuffer<T> normalized = all.Add ? all.H : all.X;
        for (int i = 0; i < CheckedColumns; i++)
        {
            int col = (int)((cols - 1L) * i / (CheckedColumns - 1));
            double[] dy = Column(all.Dy, col);
            double[] x = Column(normalized, col);
            (double weight, double weightSize, double bias, double biasSize) = (0, 0, 0, 0);
            for (int row = 0; row < rows; row++)
            {
                double term = dy[row] * (x[row] - mean[row]) * rstd[row];
                weight += term;
                weightSize += Math.Abs(term);
                bias += dy[row];
                biasSize += Math.Abs(dy[row]);
            }

            if (!(Math.Abs(dweight[col] - weight) <= 1e-5 * weightSize))
            {
                return $"dweight, column {col}: {dweight[col]:G9} where {weight:G9} was expected";
            }

            if (dbias.Length != 0 && !(Math.Abs(dbias[col] - bias) <= 1e-5 * biasSize))
            {
                return $"dbias, column {col}: {dbias[col]:G9} where {bias:G9} was expected";
            }
        }

        return null;

        double[] Column(NativeBuffer<T> matrix, int col)
        {
            T[] values = new T[rows];
            for (int row = 0; row < rows; row++)
            {
                values[row] = matrix.Span[row * cols + col];
            }

            return Elements.ToDoubles<T>(values);
        }
    }

    private NativeBuffer<T> Zeros() => _arena.Allocate<T>(_tensors.Shape.Count);

    private NativeBuffer<T> Matrix() => Random(_tensors.Shape.Count, -1, 1);

    private NativeBuffer<T> Random(long length, double low, double high)
    {
        NativeBuffer<T> buffer = _arena.Allocate<T>(length);
        RandomTensor.Fill(buffer.Span, low, high, ++_seed);
        return buffer;
    }
}
