using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>
/// A norm over the last axes, with or without a residual that is added first. The same code feeds the kernels and the
/// reference; only element types and entries differ.
/// </summary>
internal abstract class RowNormOperation(bool add) : Operation
{
    private const double DefaultEpsilon = 1e-5;

    /// <summary>Whether the norm subtracts a mean, and saves it.</summary>
    public abstract bool HasMean { get; }

    /// <summary>Whether this is the form with a residual.</summary>
    public bool Add { get; } = add;

    /// <inheritdoc/>
    public override ImmutableArray<OperationInput> Inputs { get; } =
    [
        new("x", "what is normalized over its last axes", Required: true),
        .. add ? [new OperationInput("residual", "added to x first, of its shape", Required: true)]
            : Array.Empty<OperationInput>(),
        new("weight", "scale, of the shape of the normalized axes"),
        new("bias", "offset, of the shape of the normalized axes"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<OperationAttribute> Attributes { get; } =
    [
        new("eps", AttributeKind.Number, "added under the root; 1e-5 if not given"),
        new("normalized_axes", AttributeKind.Integer,
            "how many of the last axes are normalized; as many as weight or bias have, or else 1, if not given"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Outputs { get; } = add ? ["y", "h"] : ["y"];

    /// <inheritdoc/>
    public override ImmutableArray<string> Verbs => ["forward", "backward", "jvp"];

    /// <inheritdoc/>
    public sealed override bool IsKeptInFloat32(string result) => result is "mean" or "rstd" or "dweight" or "dbias";

    /// <inheritdoc/>
    public sealed override OrderedDictionary<string, NpyArray> ComputeReference(OperationArguments arguments) =>
        Compute(arguments, ReferenceKernels, default);

    /// <inheritdoc/>
    public sealed override OrderedDictionary<string, NpyArray> ComputeCpu<T>(
        OperationArguments arguments, CpuOptions options) => Compute(arguments, CpuKernels<T>(), options);

    /// <inheritdoc/>
    public sealed override Benchmark CreateCpuBenchmark<T>(string verb, long rows, long cols, CpuOptions options) =>
        new RowNormBenchmark<T, float>(this, CpuKernels<T>(), verb, new RowShape(rows, cols), options);

    /// <inheritdoc/>
    public sealed override Benchmark CreateReferenceBenchmark(string verb, long rows, long cols) =>
        new RowNormBenchmark<double, double>(this, ReferenceKernels, verb, new RowShape(rows, cols), default);

    /// <summary>The reference.</summary>
    public abstract IRowNormKernels<double, double> ReferenceKernels { get; }

    /// <summary>The kernels.</summary>
    public abstract IRowNormKernels<T, float> CpuKernels<T>()
        where T : unmanaged;

    /// <summary>
    /// Forward as a .NET programmer would write it without this library: one call of TensorPrimitives after the other.
    /// </summary>
    public abstract void Compose(RowNormTensors<float, float> tensors);

    /// <summary>Whether the weight of this call is stored as its difference from one.</summary>
    protected virtual bool IsZeroCentered(OperationArguments arguments) => false;

    private OrderedDictionary<string, NpyArray> Compute<T, TStat>(
        OperationArguments arguments, IRowNormKernels<T, TStat> kernels, CpuOptions options)
        where T : unmanaged
        where TStat : unmanaged
    {
        NpyArray x = arguments.Get("x");
        int axes = NormalizedAxes(arguments, x);
        long[] full = x.Shape.ToArray();
        long[] normalized = full[^axes..];
        long[] reduced = [.. full[..^axes], .. Enumerable.Repeat(1L, axes)];
        RowShape shape = RowShape.Of(full, axes);
        if (shape.Rows > Array.MaxLength || shape.Cols > Array.MaxLength)
        {
            throw new InvalidDataException($"x of the shape {NpyArray.FormatShape(full)} has too many rows or columns");
        }

        double epsilon = arguments.Attributes.GetDouble("eps", DefaultEpsilon);
        if (!(epsilon >= 0))
        {
            throw new InvalidDataException("eps must be 0 or more");
        }

        using NativeArena arena = new();
        bool hasWeight = arguments.Find("weight") is not null;
        bool hasBias = arguments.Find("bias") is not null;
        RowNormTensors<T, TStat> tensors = new()
        {
            Shape = shape,
            Add = Add,
            Epsilon = epsilon,
            ZeroCentered = IsZeroCentered(arguments),
            Options = options,
            X = Load("x", full),
            Residual = Add ? Load("residual", full) : default,
            H = Add ? arena.Allocate<T>(shape.Count) : default,
            Y = arena.Allocate<T>(shape.Count),
            Weight = LoadIfThere("weight", normalized),
            Bias = LoadIfThere("bias", normalized),
            Mean = HasMean ? arena.Allocate<TStat>(shape.Rows) : default,
            Rstd = arena.Allocate<TStat>(shape.Rows),
        };
        kernels.Forward(tensors);

        OrderedDictionary<string, NpyArray> results = new(StringComparer.Ordinal);
        Put("y", tensors.Y, full);
        if (Add)
        {
            Put("h", tensors.H, full);
        }

        if (HasMean)
        {
            Put("mean", tensors.Mean, reduced);
        }

        Put("rstd", tensors.Rstd, reduced);

        if (arguments.HasAny(["ct_y", .. Add ? ["ct_h"] : Array.Empty<string>()]))
        {
            tensors = tensors with
            {
                Dy = LoadOrZeros("ct_y", full),
                Dh = Add ? LoadIfThere("ct_h", full) : default,
                Dx = arena.Allocate<T>(shape.Count),
                Dweight = hasWeight ? arena.Allocate<TStat>(shape.Cols) : default,
                Dbias = hasBias ? arena.Allocate<TStat>(shape.Cols) : default,
                Workspace = hasWeight || hasBias ? arena.Allocate<byte>(kernels.WorkspaceSize(shape)) : default,
            };
            kernels.Backward(tensors);
            Put("dx", tensors.Dx, full);
            if (Add)
            {
                // h = x + residual, so the two gradients are one.
                Put("dresidual", tensors.Dx, full);
            }

            if (hasWeight)
            {
                Put("dweight", tensors.Dweight, normalized);
            }

            if (hasBias)
            {
                Put("dbias", tensors.Dbias, normalized);
            }
        }

        if (arguments.HasAny(Inputs.Select(input => "tan_" + input.Name)))
        {
            tensors = tensors with
            {
                TanX = LoadOrZeros("tan_x", full),
                TanResidual = Add ? LoadOrZeros("tan_residual", full) : default,
                TanWeight = LoadIfThere("tan_weight", normalized),
                TanBias = LoadIfThere("tan_bias", normalized),
                JvpH = Add ? arena.Allocate<T>(shape.Count) : default,
                JvpY = arena.Allocate<T>(shape.Count),
            };
            kernels.Jvp(tensors);
            if (Add)
            {
                Put("jvp_h", tensors.JvpH, full);
            }

            Put("jvp_y", tensors.JvpY, full);
        }

        return results;

        NativeBuffer<T> Load(string name, long[] wanted)
        {
            NpyArray array = arguments.Get(name);
            return array.Shape.SequenceEqual(wanted)
                ? arena.Allocate<T>(array.ToDoubles())
                : throw new InvalidDataException(
                    $"{name} has the shape {NpyArray.FormatShape(array.Shape)} where {NpyArray.FormatShape(wanted)} "
                    + "is needed");
        }

        NativeBuffer<T> LoadIfThere(string name, long[] wanted) =>
            arguments.Find(name) is null ? default : Load(name, wanted);

        NativeBuffer<T> LoadOrZeros(string name, long[] wanted) =>
            arguments.Find(name) is null ? arena.Allocate<T>(shape.Count) : Load(name, wanted);

        void Put<TElement>(string name, NativeBuffer<TElement> buffer, long[] dims)
            where TElement : unmanaged =>
            results.Add(name, new NpyArray(Elements.ToDoubles<TElement>(buffer.Span), dims));
    }

    private static int NormalizedAxes(OperationArguments arguments, NpyArray x)
    {
        long[]? given = arguments.Attributes.GetOptionalLongs("normalized_shape");
        NpyArray? parameter = arguments.Find("weight") ?? arguments.Find("bias");
        long axes = arguments.Attributes.GetOptionalLong("normalized_axes")
            ?? given?.Length
            ?? parameter?.Shape.Length
            ?? 1;
        string shape = NpyArray.FormatShape(x.Shape);
        if (axes < 1 || axes > x.Shape.Length)
        {
            throw new InvalidDataException(
                $"{axes} normalized axes do not fit x of the shape {shape}: 1 to {x.Shape.Length} would");
        }

        ReadOnlySpan<long> last = x.Shape[^(int)axes..];
        if (given is not null && !last.SequenceEqual(given))
        {
            throw new InvalidDataException(
                $"normalized_shape {NpyArray.FormatShape(given)} is not how the shape {shape} of x ends");
        }

        foreach (string name in (string[])["weight", "bias"])
        {
            if (arguments.Find(name) is { } vector && !vector.Shape.SequenceEqual(last))
            {
                throw new InvalidDataException(
                    $"{name} has the shape {NpyArray.FormatShape(vector.Shape)}, but the normalized axes of x, whose "
                    + $"shape is {shape}, are {NpyArray.FormatShape(last)}");
            }
        }

        return (int)axes;
    }
}
