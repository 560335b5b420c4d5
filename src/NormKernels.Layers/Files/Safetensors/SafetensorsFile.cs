using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace NormKernels.Layers.Files.Safetensors;

/// <summary>
/// Reads the .safetensors format: 8 bytes with the length of a JSON header, little-endian; the header; the elements of
/// all tensors, row by row, little-endian.
/// </summary>
/// <remarks>Reads what is asked for by its place in the file. A map of the file into memory would read no less, and a
/// file that is cut short under a map ends the process instead of giving an exception.</remarks>
internal sealed class SafetensorsFile : ParameterFile
{
    // The limit of the format's own reader.
    private const long MaxHeaderBytes = 100_000_000;

    // The most elements moved at once: a span counts bytes in an int, and a conversion needs a place to come from.
    private const int ChunkElements = 1 << 14;

    private readonly SafeFileHandle _file;
    private readonly long _dataStart;
    private readonly string[] _names;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    private SafetensorsFile(string path, SafeFileHandle file, long dataStart, List<SafetensorsEntry> entries)
        : base(path)
    {
        _file = file;
        _dataStart = dataStart;
        _names = [.. entries.Select(entry => entry.Info.Name)];
        _entries = entries.ToDictionary(entry => entry.Info.Name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => _names;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="InvalidDataException">It breaks the format.</exception>
    public static new SafetensorsFile Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"{path}: is a directory where a .safetensors file is expected");
        }

        SafeFileHandle file = File.OpenHandle(path);
        try
        {
            long length = RandomAccess.GetLength(file);
            Span<byte> prefix = stackalloc byte[sizeof(ulong)];
            Fill(file, prefix, 0, path);
            ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerBytes > MaxHeaderBytes)
            {
                throw new InvalidDataException(
                    $"{path}: claims a header of {headerBytes} bytes; at most {MaxHeaderBytes} are accepted");
            }

            long dataStart = prefix.Length + (long)headerBytes;
            if (dataStart > length)
            {
                throw new InvalidDataException(
                    $"{path}: is cut off within its header of {headerBytes} bytes, or is not a .safetensors file");
            }

            byte[] header = new byte[headerBytes];
            Fill(file, header, prefix.Length, path);
            return new(path, file, dataStart, SafetensorsHeader.Parse(header, length - dataStart, path));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool Contains(string name) => _entries.ContainsKey(name);

    /// <inheritdoc/>
    public override ParameterInfo Describe(string name)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        return Entry(name).Info;
    }

    private protected override T[] ReadElements<T>(ParameterInfo info)
    {
        // The header was held against the file: the elements are there.
        T[] elements = new T[info.Count];
        ReadElements(info, elements.AsSpan());
        return elements;
    }

    private protected override void ReadElements<T>(ParameterInfo info, Span<T> destination)
    {
        long from = _dataStart + Entry(info.Name).Begin;
        switch (info.Dtype)
        {
            case "F16":
                Read<Half, T>(from, destination);
                break;
            case "BF16":
                Read<BFloat16, T>(from, destination);
                break;
            case "F32":
                Read<float, T>(from, destination);
                break;
            case "F64":
                Read<double, T>(from, destination);
                break;
            default:
                Read<long, T>(from, destination);
                break;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }

    // Fills a span from a place in the file.
    private static void Fill(SafeFileHandle file, Span<byte> bytes, long from, string path)
    {
        while (!bytes.IsEmpty)
        {
            int got = RandomAccess.Read(file, bytes, from);
            if (got == 0)
            {
                throw new InvalidDataException($"{path}: ends at byte {from}; it is cut off or no .safetensors file");
            }

            bytes = bytes[got..];
            from += got;
        }
    }

    private void Read<TFrom, TTo>(long from, Span<TTo> destination)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        TFrom[] chunk = new TFrom[Math.Min(destination.Length, ChunkElements)];
        while (!destination.IsEmpty)
        {
            Span<TFrom> elements = chunk.AsSpan(0, Math.Min(destination.Length, chunk.Length));
            Span<byte> bytes = MemoryMarshal.AsBytes(elements);
            Fill(_file, bytes, from, Path);
            ElementConversion.Convert<TFrom, TTo>(elements, destination);
            destination = destination[elements.Length..];
            from += bytes.Length;
        }
    }

    private SafetensorsEntry Entry(string name) => _entries.TryGetValue(name, out SafetensorsEntry entry)
        ? entry
        : throw new InvalidDataException(
            $"{Path}: holds no tensor {ErrorText.QuoteName(name)}; it holds {Listed(_names)}");

    private static string Listed(string[] names)
    {
        const int most = 20;
        string listed = string.Join(", ", names.Take(most).Select(name => ErrorText.QuoteName(name)));
        return names.Length == 0 ? "none" : names.Length <= most ? listed : $"{listed} and {names.Length - most} more";
    }
}
