using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NormKernels.Layers.Files.Safetensors;

/// <summary>Writes the .safetensors format as the libraries of Hugging Face do: equal tensors give equal
/// bytes.</summary>
internal static class SafetensorsWriter
{
    // Every element lies at a multiple of its size: the data begins at one of 8, and the largest elements come first.
    private const int Alignment = sizeof(ulong);

    // Names stand as they are where JSON allows it: nothing of this becomes a web page.
    private static readonly JsonWriterOptions JsonOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Stream stream, IEnumerable<StoredTensor> tensors)
    {
        StoredTensor[] ordered =
        [
            .. tensors.OrderByDescending(tensor => tensor.ElementSize)
                .ThenBy(tensor => tensor.Name, StringComparer.Ordinal),
        ];
        ReadOnlySpan<byte> header = Header(ordered);
        int padding = (Alignment - header.Length % Alignment) % Alignment;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)(header.Length + padding));
        stream.Write(length);
        stream.Write(header);
        stream.Write("        "u8[..padding]);
        foreach (StoredTensor tensor in ordered)
        {
            tensor.WriteElements(stream);
        }
    }

    private static ReadOnlySpan<byte> Header(StoredTensor[] tensors)
    {
        ArrayBufferWriter<byte> bytes = new();
        using Utf8JsonWriter json = new(bytes, JsonOptions);
        json.WriteStartObject();
        // What transformers asks for before it believes that the tensors are PyTorch's.
        json.WriteStartObject(SafetensorsHeader.Metadata);
        json.WriteString("format", "pt");
        json.WriteEndObject();
        long offset = 0;
        foreach (StoredTensor tensor in tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Dtype);
            json.WriteStartArray("shape");
            foreach (long axis in tensor.Shape)
            {
                json.WriteNumberValue(axis);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(offset);
            offset += tensor.Bytes;
            json.WriteNumberValue(offset);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan;
    }
}
