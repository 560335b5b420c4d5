using System;
using System.Collections.Immutable;
using System.Numerics.Tensors;

using NormKernels.Reference;

namespace NormKernels.Cli.Operations;

/// <summary><c>rms_norm</c> and <c>add_rms_norm</c>.</summary>
internal sealed class RmsNormOperation(bool add) : RowNormOperation(add)
{
    /// <inheritdoc/>
    public override string Name => Add ? "add_rms_norm" : "rms_norm";

    /// <inheritdoc/>
    public override string Summary => (Add ? "h = x + residual, y = h" : "y = x") + " * rstd * weight + bias";

    /// <inheritdoc/>
    public override bool HasMean => false;

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes =>
    [
        .. base.Attributes,
        new("zero_centered", AttributeKind.Flag, "weight is stored as its difference from one"),
    ];

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

            float rstd = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares(x) / cols + (float)tensors.Epsilon);
            TensorPrimitives.Multiply(x, rstd, y);
            TensorPrimitives.Multiply(y, weight, y);
            tensors.Rstd.Span[row] = rstd;
        }
    }

    /// <inheritdoc/>
    protected override bool IsZeroCentered(OperationArguments arguments) =>
        arguments.Attributes.GetBool("zero_centered", fallback: false);

    private sealed class Cpu<T> : IRowNormKernels<T, float>
        where T : unmanaged
    {
        public long WorkspaceSize(RowShape shape) => RmsNorm.BackwardWorkspaceSize(shape);

        public void Forward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                RmsNorm.AddForward<T>(
                    t.X.Span, t.Residual.Span, t.H.Span, t.Y.Span, t.Shape, t.Weight.Span, t.Bias.Span, t.Epsilon,
                    t.Rstd.Span, t.ZeroCentered, t.Options);
            }
            else
            {
                RmsNorm.Forward<T>(
                    t.X.Span, t.Y.Span, t.Shape, t.Weight.Span, t.Bias.Span, t.Epsilon, t.Rstd.Span, t.ZeroCentered,
                    t.Options);
            }
        }

        public void Backward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                RmsNorm.AddBackward<T>(
                    t.Dy.Span, t.Dh.Span, t.H.Span, t.Dx.Span, t.Shape, t.Weight.Span, t.Epsilon, t.Rstd.Span,
                    t.Dweight.Span, t.Dbias.Span, t.Workspace.Span, zeroCentered: t.ZeroCentered, options: t.Options);
            }
            else
            {
                RmsNorm.Backward<T>(
                    t.Dy.Span, t.X.Span, t.Dx.Span, t.Shape, t.Weight.Span, t.Epsilon, t.Rstd.Span, t.Dweight.Span,
                    t.Dbias.Span, t.Workspace.Span, zeroCentered: t.ZeroCentered, options: t.Options);
            }
        }

        public void Jvp(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                RmsNorm.AddJvp<T>(
                    t.TanX.Span, t.TanResidual.Span, t.H.Span, t.JvpH.Span, t.JvpY.Span, t.Shape, t.Weight.Span,
                    t.TanWeight.Span, t.TanBias.Span, t.Epsilon, t.Rstd.Span, t.ZeroCentered, t.Options);
            }
            else
            {
                RmsNorm.Jvp<T>(
                    t.TanX.Span, t.X.Span, t.JvpY.Span, t.Shape, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span,
                    t.Epsilon, t.Rstd.Span, t.ZeroCentered, t.Options);
            }
        }
    }

    private sealed class Device<T>(DeviceTwins on) : IRowNormKernels<T, float>
        where T : unmanaged
    {
        public long WorkspaceSize(RowShape shape) => Cuda.RmsNorm.BackwardWorkspaceSize(shape);

        public void Forward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                Cuda.RmsNorm.AddForward(
                    on.Stream, on.Of(t.X), on.Of(t.Residual), on.Of(t.H), on.Of(t.Y), t.Shape, on.Of(t.Weight),
                    on.Of(t.Bias), t.Epsilon, on.Of(t.Rstd), t.ZeroCentered);
            }
            else
            {
                Cuda.RmsNorm.Forward(
                    on.Stream, on.Of(t.X), on.Of(t.Y), t.Shape, on.Of(t.Weight), on.Of(t.Bias), t.Epsilon,
                    on.Of(t.Rstd), t.ZeroCentered);
            }
        }

        public void Backward(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                Cuda.RmsNorm.AddBackward(
                    on.Stream, on.Of(t.Dy), on.Of(t.Dh), on.Of(t.H), on.Of(t.Dx), t.Shape, on.Of(t.Weight), t.Epsilon,
                    on.Of(t.Rstd), on.Of(t.Dweight), on.Of(t.Dbias), on.Scratch(t.Workspace), zeroCentered:
                    t.ZeroCentered);
            }
            else
            {
                Cuda.RmsNorm.Backward(
                    on.Stream, on.Of(t.Dy), on.Of(t.X), on.Of(t.Dx), t.Shape, on.Of(t.Weight), t.Epsilon, on.Of(t.Rstd),
                    on.Of(t.Dweight), on.Of(t.Dbias), on.Scratch(t.Workspace), zeroCentered: t.ZeroCentered);
            }
        }

        public void Jvp(RowNormTensors<T, float> t)
        {
            if (t.Add)
            {
                Cuda.RmsNorm.AddJvp(
                    on.Stream, on.Of(t.TanX), on.Of(t.TanResidual), on.Of(t.H), on.Of(t.JvpH), on.Of(t.JvpY), t.Shape,
                    on.Of(t.Weight), on.Of(t.TanWeight), on.Of(t.TanBias), t.Epsilon, on.Of(t.Rstd), t.ZeroCentered);
            }
            else
            {
                Cuda.RmsNorm.Jvp(
                    on.Stream, on.Of(t.TanX), on.Of(t.X), on.Of(t.JvpY), t.Shape, on.Of(t.Weight), on.Of(t.TanWeight),
                    on.Of(t.TanBias), t.Epsilon, on.Of(t.Rstd), t.ZeroCentered);
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
                RmsNormReference.AddForward(
                    t.X.Span, t.Residual.Span, t.H.Span, t.Y.Span, rows, cols, t.Weight.Span, t.Bias.Span, t.Epsilon,
                    t.Rstd.Span, t.ZeroCentered);
            }
            else
            {
                RmsNormReference.Forward(
                    t.X.Span, t.Y.Span, rows, cols, t.Weight.Span, t.Bias.Span, t.Epsilon, t.Rstd.Span, t.ZeroCentered);
            }
        }

        public void Backward(RowNormTensors<double, double> t)
        {
            (int rows, int cols) = ((int)t.Shape.Rows, (int)t.Shape.Cols);
            if (t.Add)
            {
                RmsNormReference.AddBackward(
                    t.Dy.Span, t.Dh.Span, t.H.Span, t.Dx.Span, rows, cols, t.Weight.Span, t.Epsilon, t.Dweight.Span,
                    t.Dbias.Span, t.ZeroCentered);
            }
            else
            {
                RmsNormReference.Backward(
                    t.Dy.Span, t.X.Span, t.Dx.Span, rows, cols, t.Weight.Span, t.Epsilon, t.Dweight.Span, t.Dbias.Span,
                    t.ZeroCentered);
            }
        }

        public void Jvp(RowNormTensors<double, double> t)
        {
            (int rows, int cols) = ((int)t.Shape.Rows, (int)t.Shape.Cols);
            if (t.Add)
            {
                RmsNormReference.AddJvp(
                    t.TanX.Span, t.TanResidual.Span, t.H.Span, t.JvpH.Span, t.JvpY.Span, rows, cols, t.Weight.Span,
                    t.TanWeight.Span, t.TanBias.Span, t.Epsilon, t.ZeroCentered);
            }
            else
            {
                RmsNormReference.Jvp(
                    t.TanX.Span, t.X.Span, t.JvpY.Span, rows, cols, t.Weight.Span, t.TanWeight.Span, t.TanBias.Span,
                    t.Epsilon, t.ZeroCentered);
            }
        }
    }
}
