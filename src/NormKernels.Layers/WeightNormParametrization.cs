using System;

using NormKernels.Cuda;
using NormKernels.Cuda.Memory;
using NormKernels.Layers.Files;
using NormKernels.Layers.Memory;
using NormKernels.Validation;

namespace NormKernels.Layers;

/// <summary>
/// A weight kept as directions v and magnitudes g, PyTorch's <c>parametrizations.weight_norm</c>: <c>w = g * v /
/// sqrt(sum v^2 + epsilon)</c>, the sum over all axes but one. It makes the weight of a linear or convolutional layer
/// that the caller has.
/// </summary>
/// <remarks>
/// <para>A forward pass keeps nothing: any number of threads may call it at a time, whatever
/// <see cref="NormLayer{T}.IsTraining"/> is. A backward pass is for one thread at a time.</para>
/// <para>Files have g and v as <c>parametrizations.weight.original0</c> and <c>original1</c>, and so they are saved;
/// the older <c>weight_g</c> and <c>weight_v</c> are loaded too.</para>
/// <para>See <see cref="NormLayer{T}"/> for where it lives, memory and threads, and <see cref="WeightNorm"/> for the
/// norm.</para>
/// </remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class WeightNormParametrization<T> : NormLayer<T>
    where T : unmanaged
{
    private readonly Scratch<T> _dv = new();
    private readonly AxisShape _shape;
    private readonly string _name;

    /// <summary>A weight of ones: v is ones, and g its norm.</summary>
    /// <param name="tensorShape">The lengths of all axes of the weight.</param>
    /// <param name="axis">The axis that is kept, which has a magnitude for each index; negative numbers count from the
    /// end. Null: the norm is of the whole weight, and there is one magnitude.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more. PyTorch's has none.</param>
    /// <param name="name">What the weight is called in files.</param>
    /// <param name="device">Where v and g live; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, or <typeparamref name="T"/> is not float,
    /// Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, a length is negative, there are more
    /// elements than an array holds, or <paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public WeightNormParametrization(
        ReadOnlySpan<long> tensorShape,
        int? axis = 0,
        double epsilon = 0,
        string name = "weight",
        CudaDevice? device = null)
        : base(epsilon, device)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Sizes.RequireNoneNegative(tensorShape, nameof(tensorShape));
        Sizes.RequireFit(tensorShape, nameof(tensorShape));
        _name = name;
        long[] magnitudes = [];
        if (axis is { } kept)
        {
            _shape = AxisShape.Of(tensorShape, kept);
            magnitudes = new long[tensorShape.Length];
            magnitudes.AsSpan().Fill(1);
            magnitudes[kept < 0 ? kept + tensorShape.Length : kept] = _shape.Length;
        }
        else
        {
            _shape = AxisShape.Whole(Sizes.Product(tensorShape, nameof(tensorShape)));
        }

        double norm = Math.Sqrt((double)_shape.Outer * _shape.Inner + epsilon);
        G = AddParameter($"parametrizations.{name}.original0", magnitudes, norm, formerName: $"{name}_g");
        V = AddParameter($"parametrizations.{name}.original1", tensorShape, 1, formerName: $"{name}_v");
    }

    /// <summary>The magnitudes: of v's rank with 1 for all axes but the one that is kept, or a scalar.</summary>
    public LayerTensor<T> G { get; }

    /// <summary>The directions, of the shape of the weight.</summary>
    public LayerTensor<T> V { get; }

    /// <summary>Takes a weight apart: v becomes w, and g its norm. On a device this waits for the stream.</summary>
    /// <param name="w">The weight, in the computer's memory.</param>
    /// <param name="stream">A stream of the device, behind whose work this takes its place; by default the default
    /// stream, of which others may know nothing. Not used in the computer's memory.</param>
    /// <exception cref="ArgumentException"><paramref name="w"/> has not the length of the weight.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a training call.</exception>
    /// <exception cref="ObjectDisposedException">The layer or the stream has been disposed.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void SetWeight(ReadOnlySpan<T> w, DeviceStream? stream = null)
    {
        Require.Length(w.Length, V.Count, nameof(w));
        using TrainingTurn turn = TakeTurn();
        float[] norm = new float[G.Count];
        T[] g = new T[G.Count];
        T[] unused = new T[w.Length];
        WeightNorm.Forward<T>(w, g, unused, _shape, Epsilon, norm);
        ElementConversion.Convert<float, T>(norm, g);
        V.CopyFrom(w, stream);
        G.CopyFrom(g, stream);
    }

    /// <summary><c>w = g * v / sqrt(sum v^2 + epsilon)</c>, in the computer's memory.</summary>
    /// <param name="w">Receives the weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException"><paramref name="w"/> has not the length of the weight.</exception>
    /// <exception cref="InvalidOperationException">The layer is on a device, or another thread is in a training
    /// call.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public void Forward(Span<T> w, CpuOptions options = default)
    {
        RequireHost();
        WeightNorm.Forward(V.Span, G.Span, w, _shape, Epsilon, norm: default, options);
    }

    /// <summary><c>w = g * v / sqrt(sum v^2 + epsilon)</c>, on the device.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="w">Receives the weight.</param>
    /// <exception cref="ArgumentException"><paramref name="w"/> has not the length of the weight or is not on the
    /// layer's device.</exception>
    /// <exception cref="ArgumentNullException">The stream or a buffer is null.</exception>
    /// <exception cref="InvalidOperationException">The layer is in the computer's memory, or another thread is in a
    /// training call.</exception>
    /// <exception cref="ObjectDisposedException">The layer, the stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public void Forward(DeviceStream stream, DeviceBuffer<T> w)
    {
        RequireDevice(stream);
        using DeviceWorkspaces.Lease workspace = Lease(stream, sums: false);
        Cuda.WeightNorm.Forward(stream, V.Buffer, G.Buffer, w, _shape, Epsilon, norm: null, workspace.Buffer);
    }

    /// <summary>The vector-Jacobian product of forward, in the computer's memory: what is added to the gradients of g
    /// and v.</summary>
    /// <param name="dw">Cotangent of w.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward(Span{T}, CpuOptions)" path="/exception"/>
    public void Backward(ReadOnlySpan<T> dw, CpuOptions options = default)
    {
        RequireHost();
        using TrainingTurn turn = TakeTurn();
        Span<T> dv = _dv.OnHost(V.Count);
        WeightNorm.Backward(
            dw, V.Span, G.Span, dv, _shape, Epsilon, LayerTensor<float>.SpanOf(G.Gradient), accumulate: true, options);
        AxisNorm.Backward(
            dy: dv, x: dv, dx: dv, Elementwise, weight: [], epsilon: 1,
            dbias: LayerTensor<float>.SpanOf(V.Gradient), accumulate: true, options: options);
    }

    /// <summary>The vector-Jacobian product of forward, on the device: what is added to the gradients of g and
    /// v.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dw">Cotangent of w.</param>
    /// <inheritdoc cref="Forward(DeviceStream, DeviceBuffer{T})" path="/exception"/>
    public void Backward(DeviceStream stream, DeviceBuffer<T> dw)
    {
        RequireDevice(stream);
        using TrainingTurn turn = TakeTurn();
        DeviceBuffer<T> dv = _dv.OnDevice(V.Count, stream);
        using DeviceWorkspaces.Lease workspace = Lease(stream, sums: true);
        Cuda.WeightNorm.Backward(
            stream, dw, V.Buffer, G.Buffer, dv, _shape, Epsilon, G.Gradient?.Buffer, workspace.Buffer,
            accumulate: true);
        Cuda.AxisNorm.Backward(
            stream, dy: dv, x: dv, dx: dv, Elementwise, weight: (DeviceBuffer<T>?)null, epsilon: 1,
            dbias: V.Gradient?.Buffer, workspace: workspace.Buffer, accumulate: true);
    }

    // The kernels overwrite dv, in the tensors' type. The bias gradient of a norm along an axis, which has a bias for
    // every element, is the one sum in the library that adds a tensor to float32; its axis is of one element here, and
    // its dx of no interest.
    private AxisShape Elementwise => new(outer: 1, length: 1, inner: V.Count);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _dv.Dispose();
    }

    private protected override bool OwnsName(string name) =>
        name == _name || name == $"{_name}_g" || name == $"{_name}_v"
        || name.StartsWith($"parametrizations.{_name}.", StringComparison.Ordinal);

    private DeviceWorkspaces.Lease Lease(DeviceStream stream, bool sums)
    {
        using DeviceScope scope = new(stream.Device);
        long bytes = Cuda.WeightNorm.WorkspaceSize(_shape);
        return Workspaces.Take(sums ? Math.Max(bytes, Cuda.AxisNorm.WorkspaceSize(Elementwise)) : bytes, stream);
    }
}
