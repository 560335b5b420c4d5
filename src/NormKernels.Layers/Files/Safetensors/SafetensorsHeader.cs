using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Layers.Files.Safetensors;

/// <summary>A tensor, and where its elements begin behind the header.</summary>
internal readonly record struct SafetensorsEntry(ParameterInfo Info, long Begin, long End);

/// <summary>
/// The JSON header of a .safetensors file: <c>{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
/// ...}</c> and, under <c>__metadata__</c>, a map from text to text. See
/// <see href="https://huggingface.co/docs/safetensors/index#format"/>.
/// </summary>
/// <remarks>
/// As strict as the format is: no name twice, no field missing, twice or unknown, offsets that begin before they end
/// and are as many bytes as type and shape take, tensors that cover the data from its first byte to its last without
/// overlapping. They need not be listed in that order. Types that are not known here are listed all the same, with
/// bytes that nobody can count: checkpoints hold tensors of all kinds beside those that are asked for.
/// </remarks>
internal static class SafetensorsHeader
{
    /// <summary>The key of the metadata.</summary>
    public const string Metadata = "__metadata__";

    /// <summary>Reads and checks a header.</summary>
    /// <param name="json">The header.</param>
    /// <param name="dataBytes">How many bytes lie behind it.</param>
    /// <param name="path">The file, which messages begin with.</param>
    /// <returns>The tensors in the order of the header.</returns>
    /// <exception cref="InvalidDataException">It breaks the format.</exception>
    public static List<SafetensorsEntry> Parse(ReadOnlySpan<byte> json, long dataBytes, string path)
    {
        // White space and a byte order mark before it are JSON to some parsers, but no header.
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw new InvalidDataException(
                $"{path}: is not a .safetensors file (its header does not begin with a brace)");
        }

        List<SafetensorsEntry> entries;
        try
        {
            entries = new Parser(json, path).ParseTensors();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is text that is not Unicode.
            throw new InvalidDataException($"{path}: the header is not valid JSON ({e.Message})", e);
        }

        RequireCover(entries, dataBytes, path);
        return entries;
    }

    // The tensors tile the data: nothing twice, nothing left over.
    private static void RequireCover(List<SafetensorsEntry> entries, long dataBytes, string path)
    {
        long covered = 0;
        foreach (SafetensorsEntry entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.End > dataBytes)
            {
                throw Error(
                    path, entry.Info.Name,
                    $"ends at byte {entry.End} of {dataBytes} behind the header; the file is cut off or damaged");
            }

            if (entry.Begin != covered)
            {
                throw Error(
                    path, entry.Info.Name,
                    entry.Begin < covered
                        ? $"begins at byte {entry.Begin}, before the end of another at {covered}"
                        : $"begins at byte {entry.Begin}, behind {entry.Begin - covered} bytes of no tensor");
            }

            covered = entry.End;
        }

        if (covered != dataBytes)
        {
            throw new InvalidDataException($"{path}: has {dataBytes - covered} bytes behind its last tensor");
        }
    }

    private static InvalidDataException Error(string path, string name, string what) =>
        new($"{path}: tensor {ErrorText.QuoteName(name)}: {what}");

    private ref struct Parser(ReadOnlySpan<byte> json, string path)
    {
        private readonly string _path = path;
        private Utf8JsonReader _reader = new(json);

        public List<SafetensorsEntry> ParseTensors()
        {
            List<SafetensorsEntry> entries = [];
            HashSet<string> names = new(StringComparer.Ordinal);
            _ = _reader.Read();
            while (ReadName() is { } name)
            {
                if (!names.Add(name))
                {
                    throw Error(_path, name, "is listed twice");
                }

                if (name == Metadata)
                {
                    SkipMetadata();
                }
                else
                {
                    entries.Add(ParseTensor(name));
                }
            }

            // Throws if anything but white space follows.
            _ = _reader.Read();
            return entries;
        }

        private void SkipMetadata()
        {
            HashSet<string> keys = new(StringComparer.Ordinal);
            Expect(JsonTokenType.StartObject, Metadata, "an object");
            while (ReadName() is { } key)
            {
                if (!keys.Add(key))
                {
                    throw Error(_path, Metadata, $"has {ErrorText.Quote(key)} twice");
                }

                Expect(JsonTokenType.String, Metadata, "text throughout");
            }
        }

        private SafetensorsEntry ParseTensor(string name)
        {
            string? dtype = null;
            long[]? shape = null;
            long[]? offsets = null;
            Expect(JsonTokenType.StartObject, name, "an object");
            while (ReadName() is { } field)
            {
                switch (field)
                {
                    case "dtype" when dtype is null:
                        Expect(JsonTokenType.String, name, "a string as its dtype");
                        dtype = _reader.GetString()!;
                        break;
                    case "shape" when shape is null:
                        shape = ParseSizes(name, field);
                        break;
                    case "data_offsets" when offsets is null:
                        offsets = ParseSizes(name, field);
                        break;
                    default:
                        throw Error(
                            _path, name,
                            $"has the field {ErrorText.Quote(field)} twice or beyond 'dtype', 'shape' and "
                            + "'data_offsets'");
                }
            }

            return Check(
                name,
                dtype ?? throw Error(_path, name, "lacks 'dtype'"),
                shape ?? throw Error(_path, name, "lacks 'shape'"),
                offsets ?? throw Error(_path, name, "lacks 'data_offsets'"));
        }

        private readonly SafetensorsEntry Check(string name, string dtype, long[] shape, long[] offsets)
        {
            if (offsets is not [long begin, long end])
            {
                throw Error(_path, name, $"has {offsets.Length} data_offsets, not 2");
            }

            if (begin > end)
            {
                throw Error(_path, name, $"ends at byte {end}, before it begins at {begin}");
            }

            // Cut when long: a hostile shape may have a million axes.
            string shown = ErrorText.Quote(ParameterInfo.Format(shape));
            if (!NpyArray.TryCountElements(shape, out long count))
            {
                throw Error(_path, name, $"has the shape {shown}, which is beyond 64 bits or {NpyArray.MaxRank} axes");
            }

            Int128 bits = (Int128)count * ElementConversion.BitsOf(dtype);
            if (ElementConversion.BitsOf(dtype) != 0 && bits != (Int128)(end - begin) * 8)
            {
                throw Error(
                    _path, name, $"has {end - begin} bytes where the shape {shown} of {dtype} takes {(bits + 7) / 8}");
            }

            return new(new ParameterInfo(name, dtype, shape, count), begin, end);
        }

        private long[] ParseSizes(string name, string field)
        {
            List<long> sizes = [];
            Expect(JsonTokenType.StartArray, name, $"a list as its {field}");
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetInt64(out long size) || size < 0)
                {
                    throw Error(_path, name, $"has something in its {field} that is no integer from 0 to 2^63 - 1");
                }

                sizes.Add(size);
            }

            return [.. sizes];
        }

        // The next name of an object, or null at its end.
        private string? ReadName()
        {
            _ = _reader.Read();
            return _reader.TokenType == JsonTokenType.PropertyName ? _reader.GetString() : null;
        }

        private void Expect(JsonTokenType type, string name, string wanted)
        {
            _ = _reader.Read();
            if (_reader.TokenType != type)
            {
                throw Error(_path, name, $"has not {wanted}");
            }
        }
    }
}
