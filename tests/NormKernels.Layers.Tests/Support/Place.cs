using System;
using System.Collections.Generic;

using NormKernels.Cuda;

namespace NormKernels.Layers.Tests.Support;

/// <summary>
/// Where layers live and their tensors lie, the computer's memory or a device, so that one test serves both. Calls go
/// straight to the layer: they allocate what it allocates.
/// </summary>
internal sealed class Place<T> : IDisposable
    where T : unmanaged
{
    private readonly List<DeviceBuffer<T>> _buffers = [];
    private readonly Dictionary<string, Tensor<T>> _kept = [];

    private readonly bool _ownsStream;

    private Place(DeviceStream? stream, bool ownsStream)
    {
        Stream = stream;
        Device = stream is null ? null : CudaDevice.Get(stream.Device);
        _ownsStream = ownsStream;
    }

    public CudaDevice? Device { get; }

    public DeviceStream? Stream { get; }

    public CpuOptions Options { get; private init; }

    public static Place<T> Create(bool onDevice, CpuOptions options = default) =>
        new(onDevice ? new DeviceStream() : null, ownsStream: true) { Options = options };

    /// <summary>A place of its own on the stream of another.</summary>
    public static Place<T> On(Place<T> other) => new(other.Stream, ownsStream: false);

    public Tensor<T> Put(params T[] values)
    {
        if (Stream is null)
        {
            return new(values, null);
        }

        DeviceBuffer<T> buffer = new(values.Length, Stream);
        _buffers.Add(buffer);
        buffer.CopyFrom(values, Stream);
        return new([], buffer);
    }

    /// <summary>A tensor that the place keeps: the same one for the same name.</summary>
    public Tensor<T> Keep(string name, Func<T[]> values)
    {
        if (!_kept.TryGetValue(name, out Tensor<T>? tensor))
        {
            tensor = Put(values());
            _kept.Add(name, tensor);
        }

        return tensor;
    }

    public T[] Get(Tensor<T> tensor)
    {
        if (Stream is null)
        {
            return [.. tensor.Host];
        }

        T[] values = new T[tensor.Buffer.Length];
        tensor.Buffer.CopyTo(values.AsSpan(), Stream);
        return values;
    }

    public void Forward(RowNormLayer<T> layer, Tensor<T> x, Tensor<T> y)
    {
        if (Stream is null)
        {
            layer.Forward(x.Host, y.Host, Options);
        }
        else
        {
            layer.Forward(Stream, x.Buffer, y.Buffer);
        }
    }

    public void Backward(RowNormLayer<T> layer, Tensor<T> dy, Tensor<T> x, Tensor<T> dx)
    {
        if (Stream is null)
        {
            layer.Backward(dy.Host, x.Host, dx.Host, Options);
        }
        else
        {
            layer.Backward(Stream, dy.Buffer, x.Buffer, dx.Buffer);
        }
    }

    public void AddForward(RowNormLayer<T> layer, Tensor<T> x, Tensor<T> residual, Tensor<T> h, Tensor<T> y)
    {
        if (Stream is null)
        {
            layer.AddForward(x.Host, residual.Host, h.Host, y.Host, Options);
        }
        else
        {
            layer.AddForward(Stream, x.Buffer, residual.Buffer, h.Buffer, y.Buffer);
        }
    }

    public void AddBackward(RowNormLayer<T> layer, Tensor<T> dy, Tensor<T>? dh, Tensor<T> h, Tensor<T> dx)
    {
        if (Stream is null)
        {
            layer.AddBackward(dy.Host, dh?.Host, h.Host, dx.Host, Options);
        }
        else
        {
            layer.AddBackward(Stream, dy.Buffer, dh?.Buffer, h.Buffer, dx.Buffer);
        }
    }

    public void Forward(ChannelNormLayer<T> layer, Tensor<T> x, Tensor<T> y, ChannelShape shape)
    {
        if (Stream is null)
        {
            layer.Forward(x.Host, y.Host, shape, Options);
        }
        else
        {
            layer.Forward(Stream, x.Buffer, y.Buffer, shape);
        }
    }

    public void Backward(ChannelNormLayer<T> layer, Tensor<T> dy, Tensor<T> x, Tensor<T> dx, ChannelShape shape)
    {
        if (Stream is null)
        {
            layer.Backward(dy.Host, x.Host, dx.Host, shape, Options);
        }
        else
        {
            layer.Backward(Stream, dy.Buffer, x.Buffer, dx.Buffer, shape);
        }
    }

    public void Forward(L2NormalizeLayer<T> layer, Tensor<T> x, Tensor<T> y, AxisShape shape)
    {
        if (Stream is null)
        {
            layer.Forward(x.Host, y.Host, shape, Options);
        }
        else
        {
            layer.Forward(Stream, x.Buffer, y.Buffer, shape);
        }
    }

    public void Backward(L2NormalizeLayer<T> layer, Tensor<T> dy, Tensor<T> x, Tensor<T> dx, AxisShape shape)
    {
        if (Stream is null)
        {
            layer.Backward(dy.Host, x.Host, dx.Host, shape, Options);
        }
        else
        {
            layer.Backward(Stream, dy.Buffer, x.Buffer, dx.Buffer, shape);
        }
    }

    public void Forward(WeightNormParametrization<T> layer, Tensor<T> w)
    {
        if (Stream is null)
        {
            layer.Forward(w.Host, Options);
        }
        else
        {
            layer.Forward(Stream, w.Buffer);
        }
    }

    public void Backward(WeightNormParametrization<T> layer, Tensor<T> dw)
    {
        if (Stream is null)
        {
            layer.Backward(dw.Host, Options);
        }
        else
        {
            layer.Backward(Stream, dw.Buffer);
        }
    }

    public void ZeroGradients(NormLayer<T> layer)
    {
        if (Stream is null)
        {
            layer.ZeroGradients();
        }
        else
        {
            layer.ZeroGradients(Stream);
        }
    }

    public void Dispose()
    {
        _buffers.ForEach(buffer => buffer.Dispose());
        if (_ownsStream)
        {
            Stream?.Dispose();
        }
    }
}

/// <summary>A tensor in one of the places, which frees it.</summary>
internal sealed record Tensor<T>(T[] Host, DeviceBuffer<T>? OnDevice)
    where T : unmanaged
{
    public DeviceBuffer<T> Buffer => OnDevice!;
}
