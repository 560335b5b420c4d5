using System;
using System.Diagnostics.CodeAnalysis;

using NormKernels.Cuda;
using NormKernels.Cuda.Memory;
using NormKernels.Layers.Files;
using NormKernels.Validation;

namespace NormKernels.Layers;

/// <summary>A tensor that belongs to a layer: a parameter, a gradient, a running statistic.</summary>
public abstract class LayerTensor
{
    private readonly long[] _shape;

    private protected LayerTensor(string name, ReadOnlySpan<long> shape, CudaDevice? device)
    {
        _shape = shape.ToArray();
        Count = Sizes.Product(shape, nameof(shape));
        (Name, Device) = (name, device);
    }

    /// <summary>The name as PyTorch has it, without the prefix of the layer: <c>weight</c>.</summary>
    public string Name { get; }

    /// <summary>The length of every axis; none for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>Where the elements are; null: in the computer's memory.</summary>
    public CudaDevice? Device { get; }

    /// <summary>What PyTorch called it once; files may still do.</summary>
    internal string? FormerName { get; init; }

    /// <summary>Whether a file may lack it; it then keeps its value.</summary>
    internal bool IsOptional { get; init; }

    /// <summary>Reads new elements without changing the old ones; what is returned puts them in their place.</summary>
    internal abstract Action Read(ParameterFile file, string name);

    internal abstract void Write(ParameterFileWriter writer, string name);

    internal abstract void Free();
}

/// <summary>A tensor that belongs to a layer, in the computer's memory or on a device.</summary>
/// <remarks>Elements may be read and written while no call of the layer is under way, or enqueued.</remarks>
/// <typeparam name="T">The type of the elements.</typeparam>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "The layer frees its tensors, and nobody else.")]
public sealed class LayerTensor<T> : LayerTensor
    where T : unmanaged
{
    private readonly DeviceBuffer<T>? _buffer;
    private T[]? _elements;

    internal LayerTensor(string name, ReadOnlySpan<long> shape, double value, CudaDevice? device)
        : base(name, shape, device)
    {
        if (Count > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(shape), Count, $"{name} would have {Count} elements; at most {Array.MaxLength} are supported.");
        }

        T[] elements = new T[Count];
        elements.AsSpan().Fill(ElementConversion.Round<T>(value));
        if (device is null)
        {
            _elements = elements;
            return;
        }

        using DeviceScope scope = new(device.Index);
        _buffer = new(Count, DeviceStream.Default);
        _buffer.CopyFrom(elements, DeviceStream.Default);
    }

    /// <summary>The elements in the computer's memory, row by row.</summary>
    /// <exception cref="InvalidOperationException">They are on a device.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    public Span<T> Span => _elements ?? throw NotHere();

    /// <summary>The elements on the device, row by row. The layer owns the buffer: do not dispose of it.</summary>
    /// <exception cref="InvalidOperationException">They are in the computer's memory.</exception>
    public DeviceBuffer<T> Buffer =>
        _buffer ?? throw new InvalidOperationException($"{Name} is in the computer's memory: use its span.");

    /// <summary>Its gradient, to which every backward pass adds; null for what has none.</summary>
    public LayerTensor<float>? Gradient { get; internal init; }

    /// <summary>Replaces the elements, wherever they are. On a device this waits for the stream.</summary>
    /// <param name="elements">As many as there are, row by row.</param>
    /// <param name="stream">A stream of the device, behind whose work the copy takes its place; by default the default
    /// stream, of which others may know nothing. Not used in the computer's memory.</param>
    /// <exception cref="ArgumentException">There are not as many elements, or the stream is one of another
    /// device.</exception>
    /// <exception cref="ObjectDisposedException">The layer or the stream has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void CopyFrom(ReadOnlySpan<T> elements, DeviceStream? stream = null)
    {
        Require.Length(elements.Length, Count, nameof(elements));
        if (Device is null)
        {
            elements.CopyTo(Span);
            return;
        }

        using DeviceScope scope = new(Device.Index);
        Buffer.CopyFrom(elements, stream ?? DeviceStream.Default);
    }

    /// <summary>Copies the elements out, wherever they are. On a device this waits for the stream.</summary>
    /// <param name="destination">Room for exactly as many as there are.</param>
    /// <param name="stream">A stream of the device, behind whose work the copy takes its place; by default the default
    /// stream, of which others may know nothing. Not used in the computer's memory.</param>
    /// <inheritdoc cref="CopyFrom" path="/exception"/>
    public void CopyTo(Span<T> destination, DeviceStream? stream = null)
    {
        Require.Length(destination.Length, Count, nameof(destination));
        if (Device is null)
        {
            Span.CopyTo(destination);
            return;
        }

        using DeviceScope scope = new(Device.Index);
        Buffer.CopyTo(destination, stream ?? DeviceStream.Default);
    }

    /// <summary>The elements as a new array, wherever they are.</summary>
    /// <inheritdoc cref="CopyTo" path="/param[@name='stream']"/>
    /// <inheritdoc cref="CopyFrom" path="/exception"/>
    public T[] ToArray(DeviceStream? stream = null)
    {
        T[] elements = new T[Count];
        CopyTo(elements, stream);
        return elements;
    }

    /// <summary>The elements of a tensor that need not be there.</summary>
    internal static Span<T> SpanOf(LayerTensor<T>? tensor) => tensor is null ? default : tensor.Span;

    internal override Action Read(ParameterFile file, string name)
    {
        T[] elements = new T[Count];
        file.Read(name, elements.AsSpan());
        return () => CopyFrom(elements);
    }

    internal override void Write(ParameterFileWriter writer, string name) =>
        writer.Add<T>(name, ToArray(), Shape);

    internal override void Free()
    {
        _elements = null;
        _buffer?.Dispose();
        Gradient?.Free();
    }

    private InvalidOperationException NotHere() => Device is null
        ? new ObjectDisposedException(nameof(LayerTensor), "The layer has been disposed.")
        : new InvalidOperationException($"{Name} is on device {Device.Index} ({Device.Name}): use its buffer.");
}
