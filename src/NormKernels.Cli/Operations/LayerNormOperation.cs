using System;
using System.Numerics.Tensors;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>layer_norm</c> and <c>add_layer_norm</c>.</summary>
internal sealed class LayerNormOperation(bool add) : RowNormOperation(add)
{
    /// <inheritdoc/>
    public override string Name => Add ? "add_layer_norm" : "layer_norm";

    /// <inheritdoc/>
    public override string Summary =>
        (Add ? "h = x + residual, y = (h - mean(h))" : "y = (x - mean(x))") + " * rstd * weight + bias";

    /// <inheritdoc/>
    public override bool HasMean => true;

    /// <inheritdoc/>
    public override IRowNormKernels<double, double> ReferenceKernels { get; } = new Reference();

    /// <inheritdoc/>
    public override IRowNormKernels<T, float> CpuKernels<T>() => new Cpu<T>();

    /// <inheritdoc/>
    public override IRowNormKernels<T, float> DeviceKernels<T>(DeviceTwins on) => new Device<T>(on);

    /// <inheritdoc/>
    public override void Compose(RowNormTensors<float, float> tensors)
    {
        int cols = (int)tensors.Shape.Cols;
        ReadOnlySpan<float> weight = tensors.Weight.Span;
        ReadOnlySpan<float> bias = tensors.Bias.Span;
        for (int row = 0; row < tensors.Shape.Rows; row++)
        {
            ReadOnlySpan<float> x = tensors.X.Span.Slice(row * cols, cols);
            Span<float> y = tensors.Y.Span.Slice(row * cols, cols);
            if (Add)
            {
                Span<float> h = tensors.H.Span.Slice(row * cols, cols);
                TensorPrimitives.Add(x, tensors.Residual.Span.Slice(row * cols, cols), h);
                x = h;
            }

            float mean = TensorPrimitives.Sum(x) / cols;
            TensorPrimitives.Subtract(x, mean, y);
            float rstd = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(y) / cols + (float)tensors.Epsilon);
            TensorPrimitives.Multiply(y, rstd, y);
            TensorPrimitives.MultiplyAdd(y, weight, bias, y);
            tensors.Mean.Span[row] = mean;
            tensors.Rstd.Span[row] = rstd;
        }
    }

    private sealed class Cpu<T> : IRowNormKernels<T, float>
        where T : unmanaged
    {
        public long WorkspaceSize(RowShape shape) => LayerNorm.BackwardWorkspaceSize(shape);

        public void Forward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                LayerNorm.AddForward<T>(
                    t.X.Span, t.Residual.Span, t.H.Span, t.Y.Span, t.Shape, t.Weight.Span, t.Bias.Span, t.Epsilon,
                    t.Mean.Span, t.Rstd.Span, t.Options);
            }
            else
            {
                LayerNorm.Forward<T>(
                    t.X.Span, t.Y.Span, t.Shape, t.Weight.Span, t.Bias.Span, t.Epsilon, t.Mean.Span, t.Rstd.Span,
                    t.Options);
            }
        }

        public void Backward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                LayerNorm.AddBackward<T>(
                    t.Dy.Span, t.Dh.Span, t.H.Span, t.Dx.Span, t.Shape, t.Weight.Span, t.Epsilon, t.Mean.Span,
                    t.Rstd.Span, t.Dweight.Span, t.Dbias.Span, t.Workspace.Span, options: t.Options);
            }
            else
            {
                LayerNorm.Backward<T>(
                    t.Dy.Span, t.X.Span, t.Dx.Span, t.Shape, t.Weight.Span, t.Epsilon, t.Mean.Span, t.Rstd.Span,
                    t.Dweight.Span, t.Dbias.Span, t.Workspace.Span, options: t.Options);
            }
        }

        public void Jvp(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                LayerNorm.AddJvp<T>(
                    t.TanX.Span, t.TanResidual.Span, t.H.Span, t.JvpH.Span, t.JvpY.Span, t.Shape, t.Weight.Span,
                    t.TanWeight.Span, t.TanBias.Span, t.Epsilon, t.Mean.Span, t.Rstd.Span, t.Options);
            }
            else
            {
                LayerNorm.Jvp<T>(
                    t.TanX.Span, t.X.Span, t.JvpY.Span, t.Shape, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span,
                    t.Epsilon, t.Mean.Span, t.Rstd.Span, t.Options);
            }
        }
    }

    private sealed class Device<T>(DeviceTwins on) : IRowNormKernels<T, float>
        where T : unmanaged
    {
        public long WorkspaceSize(RowShape shape) => Cuda.LayerNorm.BackwardWorkspaceSize(shape);

        public void Forward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                Cuda.LayerNorm.AddForward(
                    on.Stream, on.Of(t.X), on.Of(t.Residual), on.Of(t.H), on.Of(t.Y), t.Shape, on.Of(t.Weight),
                    on.Of(t.Bias), t.Epsilon, on.Of(t.Mean), on.Of(t.Rstd));
            }
            else
            {
                Cuda.LayerNorm.Forward(
                    on.Stream, on.Of(t.X), on.Of(t.Y), t.Shape, on.Of(t.Weight), on.Of(t.Bias), t.Epsilon,
                    on.Of(t.Mean), on.Of(t.Rstd));
            }
        }

        public void Backward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                Cuda.LayerNorm.AddBackward(
                    on.Stream, on.Of(t.Dy), on.Of(t.Dh), on.Of(t.H), on.Of(t.Dx), t.Shape, on.Of(t.Weight), t.Epsilon,
                    on.Of(t.Mean), on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), on.Scratch(t.Workspace));
            }
            else
            {
                Cuda.LayerNorm.Backward(
                    on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), t.Shape, on.Of(t.Weight), t.Epsilon, on.Of(t.Mean),
                    on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), on.Scratch(t.Workspace));
            }
        }

        public void Jvp(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                Cuda.LayerNorm.AddJvp(
                    on.Stream, on.Of(t.TanX), on.Of(t.TanResidual), on.Of(t.H), on.Of(t.JvpH), on.Of(t.JvpY), t.Shape,
                    on.Of(t.Weight), on.Of(t.TanWeight), on.Of(t.TanBias), t.Epsilon, on.Of(t.Mean), on.Of(t.Rstd));
            }
            else
            {
                Cuda.LayerNorm.Jvp(
                    on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), t.Shape, on.Of(t.Weight), on.Of(t.TanWeight),
                    on.Of(t.TanBias), t.Epsilon, on.Of(t.Mean), on.Of(t.Rstd));
            }
        }
    }

    // The reference computes its statistics again, whatever has been saved.
    private sealed class Reference : IRowNormKernels<double, double>
    {
        public long WorkspaceSize(RowShape shape) => 0;

        public void Forward(RowNormTensors<double, double> t)
        {
            (int rows, int cols) = ((int)t.Shape.Rows, (int)t.Shape.Cols);
            if (t.Add)
            {
                LayerNormReference.AddForward(
                    t.X.Span, t.Residual.Span, t.H.Span, t.Y.Span, rows, cols, t.Weight.Span, t.Bias.Span, t.Epsilon,
                    t.Mean.Span, t.Rstd.Span);
            }
            else
            {
                LayerNormReference.Forward(
                    t.X.Span, t.Y.Span, rows, cols, t.Weight.Span, t.Bias.Span, t.Epsilon, t.Mean.Span, t.Rstd.Span);
            }
        }

        public void Backward(RowNormTensors<double, double> t)
        {
            (int rows, int cols) = ((int)t.Shape.Rows, (int)t.Shape.Cols);
            if (t.Add)
            {
                LayerNormReference.AddBackward(
                    t.Dy.Span, t.Dh.Span, t.H.Span, t.Dx.Span, rows, cols, t.Weight.Span, t.Epsilon, t.Dweight.Span,
                    t.Dbias.Span);
            }
            else
            {
                LayerNormReference.Backward(
                    t.Dy.Span, t.X.Span, t.Dx.Span, rows, cols, t.Weight.Span, t.Epsilon, t.Dweight.Span, t.Dbias.Span);
            }
        }

        public void Jvp(RowNormTensors<double, double> t)
        {
            (int rows, int cols) = ((int)t.Shape.Rows, (int)t.Shape.Cols);
            if (t.Add)
            {
                LayerNormReference.AddJvp(
                    t.TanX.Span, t.TanResidual.Span, t.H.Span, t.JvpH.Span, t.JvpY.Span, rows, cols, t.Weight.Span,
                    t.TanWeight.Span, t.TanBias.Span, t.Epsilon);
            }
            else
            {
                LayerNormReference.Jvp(
                    t.TanX.Span, t.X.Span, t.JvpY.Span, rows, cols, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span,
                    t.Epsilon);
            }
        }
    }
}
