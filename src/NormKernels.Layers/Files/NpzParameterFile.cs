using System;
using System.Collections.Generic;

using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Layers.Files;

/// <summary>The arrays of a .npz archive as parameters.</summary>
internal sealed class NpzParameterFile(string path) : ParameterFile(path)
{
    private readonly NpzArchive _archive = NpzArchive.Open(path);
    private bool _disposed;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => _archive.Keys;

    /// <inheritdoc/>
    public override bool Contains(string name) => _archive.Contains(name);

    /// <inheritdoc/>
    public override ParameterInfo Describe(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        NpyHeader header = _archive.ReadHeader(name);
        // The parser has made sure that the count fits.
        _ = NpyArray.TryCountElements(header.Shape, out long count);
        return new(name, DtypeOf(header.Kind), header.Shape, count);
    }

    private protected override void ReadElements<T>(ParameterInfo info, Span<T> destination) =>
        Convert(Read(info), destination);

    private protected override T[] ReadElements<T>(ParameterInfo info)
    {
        // Not before the elements are there: what the header says of a packed array is a claim.
        NpyArray array = Read(info);
        T[] elements = new T[array.Length];
        Convert(array, elements.AsSpan());
        return elements;
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        _archive.Dispose();
        base.Dispose(disposing);
    }

    private static void Convert<T>(NpyArray array, Span<T> destination)
        where T : unmanaged
    {
        switch (array.Kind)
        {
            case NpyKind.Float16:
                ElementConversion.Convert(array.AsSpan<Half>(), destination);
                break;
            case NpyKind.Float32:
                ElementConversion.Convert(array.AsSpan<float>(), destination);
                break;
            case NpyKind.Float64:
                ElementConversion.Convert(array.AsSpan<double>(), destination);
                break;
            default:
                ElementConversion.Convert(array.AsSpan<long>(), destination);
                break;
        }
    }

    private static string DtypeOf(NpyKind kind) => kind switch
    {
        NpyKind.Float16 => ElementConversion.NameOf<Half>(),
        NpyKind.Float32 => ElementConversion.NameOf<float>(),
        NpyKind.Float64 => ElementConversion.NameOf<double>(),
        _ => ElementConversion.NameOf<long>(),
    };

    private NpyArray Read(ParameterInfo info)
    {
        NpyArray array = _archive.Read(info.Name, integers: true);
        return DtypeOf(array.Kind) == info.Dtype && array.Length == info.Count
            ? array
            : throw Error(info.Name, "has changed while it was read");
    }
}
