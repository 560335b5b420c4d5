using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace NormKernels.Layers.Files.Numpy;

/// <summary>
/// Reads and writes NumPy's .npy format, versions 1.0, 2.0 and 3.0, for little-endian half, single and double
/// precision, and integers of 64 bits where they are asked for. See <see href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"/>.
/// </summary>
internal static class NpyFile
{
    // NumPy's own limit on what it parses (max_header_size).
    private const int MaxHeaderBytes = 10_000;

    // The most elements moved at once: a span counts bytes in an int, so large arrays have to go in pieces.
    private const int ChunkElements = 1 << 20;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file; Fortran order is turned into C order.</summary>
    /// <exception cref="InvalidDataException">It is not such a file; the message says what was found.</exception>
    public static NpyArray Read(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"{path}: is a directory where a .npy file is expected");
        }

        using FileStream stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads a stream to its end; <paramref name="name"/> stands for it in messages.</summary>
    /// <exception cref="InvalidDataException">It does not hold exactly one such array.</exception>
    public static NpyArray Read(Stream stream, string name, bool integers = false)
    {
        NpyHeader header = ReadHeader(stream, name, integers);
        return header.Kind switch
        {
            NpyKind.Float16 => new NpyArray(ReadElements<Half>(stream, header, name), header.Shape),
            NpyKind.Float32 => new NpyArray(ReadElements<float>(stream, header, name), header.Shape),
            NpyKind.Float64 => new NpyArray(ReadElements<double>(stream, header, name), header.Shape),
            _ => new NpyArray(ReadElements<long>(stream, header, name), header.Shape),
        };
    }

    /// <summary>Writes a file, replacing what is there.</summary>
    public static void Write(string path, NpyArray array)
    {
        using FileStream stream = File.Create(path);
        Write(stream, array);
    }

    /// <summary>Writes the bytes that <c>numpy.save</c> writes for the array in C order.</summary>
    public static void Write(Stream stream, NpyArray array)
    {
        stream.Write(FormatHeader(array));
        switch (array.Kind)
        {
            case NpyKind.Float16:
                WriteElements(stream, array.AsSpan<Half>());
                break;
            case NpyKind.Float32:
                WriteElements(stream, array.AsSpan<float>());
                break;
            case NpyKind.Float64:
                WriteElements(stream, array.AsSpan<double>());
                break;
            default:
                WriteElements(stream, array.AsSpan<long>());
                break;
        }
    }

    /// <summary>Reads what comes before the elements.</summary>
    /// <exception cref="InvalidDataException">It is not the beginning of such an array.</exception>
    public static NpyHeader ReadHeader(Stream stream, string name, bool integers = false)
    {
        Span<byte> magicAndVersion = stackalloc byte[8];
        int got = stream.ReadAtLeast(magicAndVersion, magicAndVersion.Length, throwOnEndOfStream: false);
        if (got < magicAndVersion.Length || !magicAndVersion.StartsWith(Magic))
        {
            throw new InvalidDataException($"{name}: is not a .npy file (it does not begin with \\x93NUMPY)");
        }

        byte major = magicAndVersion[6];
        byte minor = magicAndVersion[7];
        if (minor != 0 || major is < 1 or > 3)
        {
            throw new InvalidDataException($"{name}: has .npy version {major}.{minor}; accepted are 1.0, 2.0 and 3.0");
        }

        Span<byte> lengthField = stackalloc byte[sizeof(uint)];
        lengthField.Clear();
        ReadHeaderBytes(stream, lengthField[..(major == 1 ? sizeof(ushort) : sizeof(uint))], name);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(lengthField);
        if (length > MaxHeaderBytes)
        {
            throw new InvalidDataException(
                $"{name}: claims a header of {length} bytes; at most {MaxHeaderBytes} are accepted");
        }

        byte[] text = new byte[length];
        ReadHeaderBytes(stream, text, name);
        return NpyHeader.Parse(Encoding.Latin1.GetString(text), name, integers);
    }

    private static void ReadHeaderBytes(Stream stream, Span<byte> buffer, string name)
    {
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
        {
            throw new InvalidDataException($"{name}: is cut off within its header");
        }
    }

    private static T[] ReadElements<T>(Stream stream, NpyHeader header, string name)
        where T : unmanaged
    {
        // The parser has made sure that the count fits.
        _ = NpyArray.TryCountElements(header.Shape, out long count);
        Int128 wanted = (Int128)count * Marshal.SizeOf<T>();
        if (stream.CanSeek && stream.Length - stream.Position != wanted)
        {
            throw WrongSize(stream.Length - stream.Position);
        }

        if (count > Array.MaxLength)
        {
            throw new InvalidDataException($"{name}: has {count} elements; at most {Array.MaxLength} are accepted");
        }

        // A stream that does not tell its length may hold far less than the header claims, so memory grows with what
        // has arrived, not with what was promised.
        T[] data = new T[stream.CanSeek ? count : Math.Min(count, ChunkElements)];
        for (int filled = 0; filled < count;)
        {
            if (filled == data.Length)
            {
                Array.Resize(ref data, (int)Math.Min(count, 2L * filled));
            }

            int chunk = Math.Min(data.Length - filled, ChunkElements);
            Span<byte> bytes = MemoryMarshal.AsBytes(data.AsSpan(filled, chunk));
            int got = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (got < bytes.Length)
            {
                throw WrongSize((Int128)filled * Marshal.SizeOf<T>() + got);
            }

            filled += chunk;
        }

        return stream.ReadByte() >= 0
            ? throw new InvalidDataException($"{name}: has data behind the {wanted} bytes of {Describe()}")
            : header.FortranOrder ? ToCOrder(data, header.Shape) : data;

        string Describe() => $"shape {NpyArray.FormatShape(header.Shape)} of '{NpyHeader.Descr(header.Kind)}'";

        InvalidDataException WrongSize(Int128 held) =>
            new($"{name}: holds {held} bytes of data where {Describe()} takes {wanted}");
    }

    private static T[] ToCOrder<T>(T[] fortran, ReadOnlySpan<long> shape)
    {
        T[] data = new T[fortran.Length];
        Span<long> strides = stackalloc long[NpyArray.MaxRank];
        Span<long> index = stackalloc long[NpyArray.MaxRank];
        index.Clear();
        long stride = 1;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        long from = 0;
        for (int to = 0; to < data.Length; to++)
        {
            data[to] = fortran[from];
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                from -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return data;
    }

    private static byte[] FormatHeader(NpyArray array)
    {
        const int alignment = 64;
        const int prefixBytes = 10;
        const int growthDigits = 21;
        ReadOnlySpan<long> shape = array.Shape;
        string dict = $"{{'descr': '{NpyHeader.Descr(array.Kind)}', 'fortran_order': False, "
            + $"'shape': {NpyArray.FormatShape(shape)}, }}";

        // NumPy leaves room for the first axis to grow in place, and adds a whole 64 bytes where none would be needed.
        if (shape.Length > 0)
        {
            dict += new string(' ', growthDigits - shape[0].ToString(CultureInfo.InvariantCulture).Length);
        }

        int total = ((prefixBytes + dict.Length + 1) / alignment + 1) * alignment;
        byte[] header = new byte[total];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        header[6] = 1;
        header[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(total - prefixBytes));
        _ = Encoding.ASCII.GetBytes(dict, header.AsSpan(prefixBytes));
        header[^1] = (byte)'\n';
        return header;
    }

    private static void WriteElements<T>(Stream stream, ReadOnlySpan<T> data)
        where T : unmanaged
    {
        while (!data.IsEmpty)
        {
            ReadOnlySpan<T> chunk = data[..Math.Min(data.Length, ChunkElements)];
            stream.Write(MemoryMarshal.AsBytes(chunk));
            data = data[chunk.Length..];
        }
    }
}
