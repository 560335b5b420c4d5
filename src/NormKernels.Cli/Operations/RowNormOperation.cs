using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

using NormKernels.Cli.Benchmarking;
using NormKernels.Layers.Files.Numpy;

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
    public sealed override OrderedDictionary<string, NpyArray> ComputeDevice<T>(
        OperationArguments arguments, DeviceTwins on) => Compute(arguments, DeviceKernels<T>(on), default, on);

    /// <inheritdoc/>
    public sealed override Benchmark CreateCpuBenchmark<T>(string verb, long rows, long cols, CpuOptions options) =>
        new RowNormBenchmark<T, float>(this, CpuKernels<T>(), verb, new RowShape(rows, cols), options);

    /// <inheritdoc/>
    public sealed override Benchmark CreateDeviceBenchmark<T>(string verb, long rows, long cols, DeviceTwins on) =>
        new RowNormBenchmark<T, float>(this, DeviceKernels<T>(on), verb, new RowShape(rows, cols), default, on);

    /// <inheritdoc/>
    public sealed override Benchmark CreateReferenceBenchmark(string verb, long rows, long cols) =>
        new RowNormBenchmark<double, double>(this, ReferenceKernels, verb, new RowShape(rows, cols), default);

    /// <summary>The reference.</summary>
    public abstract IRowNormKernels<double, double> ReferenceKernels { get; }

    /// <summary>The kernels of the processor.</summary>
    public abstract IRowNormKernels<T, float> CpuKernels<T>()
        where T : unmanaged;

    /// <summary>The kernels of a device, where the results stay until they are fetched.</summary>
    public abstract IRowNormKernels<T, float> DeviceKernels<T>(DeviceTwins on)
        where T : unmanaged;

    /// <summary>
    /// Forward as a .NET programmer would write it without this library: one call of TensorPrimitives after the other.
    /// </summary>
    public abstract void Compose(RowNormTensors<float, float> tensors);

    /// <summary>Whether the weight of this call is stored as its difference from one.</summary>
    protected virtual bool IsZeroCentered(OperationArguments arguments) => false;

    private OrderedDictionary<string, NpyArray> Compute<T, TStat>(
        OperationArguments arguments, IRowNormKernels<T, TStat> kernels, CpuOptions options, DeviceTwins? on = null)
        where T : unmanaged
        where TStat : unmanaged
    {
        long[] full = arguments.Shape("x");
        int axes = NormalizedAxes(arguments, full);
        long[] normalized = full[^axes..];
        long[] reduced = [.. full[..^axes], .. Enumerable.Repeat(1L, axes)];
        RowShape shape = RowShape.Of(full, axes);
        bool backward = arguments.HasAny("ct_y") || (Add && arguments.HasAny("ct_h"));
        bool jvp = arguments.HasAny(Inputs.Select(input => "tan_" + input.Name));
        bool dweight = backward && arguments.Has("weight");
        bool dbias = backward && arguments.Has("bias");

        using CallTensors call = new(arguments);
        RowNormTensors<T, TStat> tensors = new()
        {
            Shape = shape,
            Add = Add,
            Epsilon = arguments.Epsilon(DefaultEpsilon),
            ZeroCentered = IsZeroCentered(arguments),
            Options = options,
            X = call.Load<T>("x", full),
            Residual = Add ? call.Load<T>("residual", full) : default,
            Weight = call.LoadIfThere<T>("weight", normalized),
            Bias = call.LoadIfThere<T>("bias", normalized),
            Y = call.Result<T>("y", full),
            H = Add ? call.Result<T>("h", full) : default,
            Mean = HasMean ? call.Result<TStat>("mean", reduced) : default,
            Rstd = call.Result<TStat>("rstd", reduced),
            Dy = backward ? call.LoadOrZeros<T>("ct_y", full) : default,
            Dh = backward && Add ? call.LoadIfThere<T>("ct_h", full) : default,
            Dx = backward ? call.Result<T>("dx", full) : default,
            Dweight = dweight ? call.Result<TStat>("dweight", normalized) : default,
            Dbias = dbias ? call.Result<TStat>("dbias", normalized) : default,
            Workspace = dweight || dbias ? call.Workspace(kernels.WorkspaceSize(shape)) : default,
            TanX = jvp ? call.LoadOrZeros<T>("tan_x", full) : default,
            TanResidual = jvp && Add ? call.LoadOrZeros<T>("tan_residual", full) : default,
            TanWeight = call.LoadIfThere<T>("tan_weight", normalized),
            TanBias = call.LoadIfThere<T>("tan_bias", normalized),
            JvpH = jvp && Add ? call.Result<T>("jvp_h", full) : default,
            JvpY = jvp ? call.Result<T>("jvp_y", full) : default,
        };
        kernels.Forward(tensors);
        if (backward)
        {
            kernels.Backward(tensors);
            if (Add)
            {
                // h = x + residual, so the two gradients are one.
                _ = call.Put("dresidual", tensors.Dx, full);
            }
        }

        if (jvp)
        {
            kernels.Jvp(tensors);
        }

        on?.Fetch();
        return call.Results();
    }

    private static int NormalizedAxes(OperationArguments arguments, long[] x)
    {
        long[]? given = arguments.Attributes.GetOptionalLongs("normalized_shape");
        long[]? parameter = arguments.FindShape("weight") ?? arguments.FindShape("bias");
        long axes = arguments.Attributes.GetOptionalLong("normalized_axes")
            ?? given?.Length
            ?? parameter?.Length
            ?? 1;
        string shape = NpyArray.FormatShape(x);
        if (axes < 1 || axes > x.Length)
        {
            throw new InvalidDataException(
                $"{axes} normalized axes do not fit x of the shape {shape}: 1 to {x.Length} would");
        }

        ReadOnlySpan<long> last = x.AsSpan()[^(int)axes..];
        if (given is not null && !last.SequenceEqual(given))
        {
            throw new InvalidDataException(
                $"normalized_shape {NpyArray.FormatShape(given)} is not how the shape {shape} of x ends");
        }

        foreach (string name in (string[])["weight", "bias"])
        {
            if (arguments.FindShape(name) is { } vector && !last.SequenceEqual(vector))
            {
                throw new InvalidDataException(
                    $"{name} has the shape {NpyArray.FormatShape(vector)}, but the normalized axes of x, whose "
                    + $"shape is {shape}, are {NpyArray.FormatShape(last)}");
            }
        }

        return (int)axes;
    }
}
