using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace NormKernels.Cuda.Tests.Support;

/// <summary>A type of elements, and buffers of it without naming the type.</summary>
internal abstract class Element
{
    public static readonly Element F32 = new Element<float>("f32", 5e-6, v => (float)v, v => v);

    public static readonly Element F16 = new Element<Half>("f16", 1.0 / 1024, v => (Half)v, v => (double)v);

    public static readonly Element BF16 = new Element<BFloat16>("bf16", 1.0 / 128, v => (BFloat16)v, v => v);

    public static readonly Element Int8 = new Element<sbyte>("i8", 0, v => (sbyte)v, v => v);

    // What is quantized is rounded once, by at most a sixteenth.
    public static readonly Element Float8 = new Element<byte>("e4m3", 1.0 / 16, ToFloat8, OfFloat8);

    public static readonly Element Byte = new Element<byte>("bytes", 0, v => (byte)v, v => v);

    private protected Element(string name, Type type, double relative)
    {
        Name = name;
        Type = type;
        Relative = relative;
    }

    /// <summary>The types that tensors may have.</summary>
    public static IReadOnlyList<Element> Tensors { get; } = [F32, F16, BF16];

    public string Name { get; }

    public Type Type { get; }

    /// <summary>How far a result may be off, as a share of itself.</summary>
    public double Relative { get; }

    public abstract Type BufferType { get; }

    public abstract int ElementSize { get; }

    public abstract double[] Round(double[] values);

    public abstract IDisposable Allocate(long length, DeviceStream stream);

    public abstract IDisposable Wrap(nint pointer, long length, int device);

    public abstract IDisposable Slice(IDisposable buffer, long start, long length);

    public abstract void Write(IDisposable buffer, double[] values, DeviceStream stream);

    public abstract double[] Read(IDisposable buffer, DeviceStream stream);

    public abstract (nint Pointer, long Length) Place(IDisposable buffer);

    public override string ToString() => Name;

    // A sign, 4 bits of exponent, 3 of fraction; no infinities.
    private static double OfFloat8(byte bits)
    {
        (int exponent, int fraction) = (bits >> 3 & 15, bits & 7);
        double magnitude = (exponent, fraction) switch
        {
            (15, 7) => double.NaN,
            (0, _) => Math.ScaleB(fraction, -9),
            _ => Math.ScaleB(8 + fraction, exponent - 10),
        };
        return bits < 128 ? magnitude : -magnitude;
    }

    private static byte ToFloat8(double value) => Enumerable.Range(0, 256).Select(bits => (byte)bits)
        .Where(bits => !double.IsNaN(OfFloat8(bits)))
        .MinBy(bits => Math.Abs(OfFloat8(bits) - value));
}

internal sealed class Element<T>(string name, double relative, Func<double, T> encode, Func<T, double> decode)
    : Element(name, typeof(T), relative)
    where T : unmanaged
{
    public override Type BufferType => typeof(DeviceBuffer<T>);

    public override int ElementSize => Unsafe.SizeOf<T>();

    public override double[] Round(double[] values) => [.. values.Select(value => decode(encode(value)))];

    public override IDisposable Allocate(long length, DeviceStream stream) => new DeviceBuffer<T>(length, stream);

    public override IDisposable Wrap(nint pointer, long length, int device) =>
        DeviceBuffer<T>.Wrap(pointer, length, device);

    public override IDisposable Slice(IDisposable buffer, long start, long length) =>
        ((DeviceBuffer<T>)buffer).Slice(start, length);

    public override void Write(IDisposable buffer, double[] values, DeviceStream stream) =>
        ((DeviceBuffer<T>)buffer).CopyFrom(values.Select(encode).ToArray(), stream);

    public override double[] Read(IDisposable buffer, DeviceStream stream)
    {
        T[] elements = new T[((DeviceBuffer<T>)buffer).Length];
        ((DeviceBuffer<T>)buffer).CopyTo(elements.AsSpan(), stream);
        return [.. elements.Select(decode)];
    }

    public override (nint Pointer, long Length) Place(IDisposable buffer) =>
        (((DeviceBuffer<T>)buffer).Pointer, ((DeviceBuffer<T>)buffer).Length);
}
