using System;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

using NormKernels.SampleServer.Memory;

namespace NormKernels.SampleServer.Requests;

/// <summary>
/// Reads <c>{"embeddings": [[...], ...], "residual": [[...], ...]}</c> into a batch of float32, number by number.
/// </summary>
/// <remarks>
/// A number becomes the nearest float32. One that would be infinite is refused; NaN and infinities are not JSON.
/// </remarks>
internal ref struct JsonBatchReader
{
    private readonly Span<float> _elements;
    private readonly int _dimension;
    private readonly int _maxRows;
    private Utf8JsonReader _json;

    // Elements of all tensors so far, and where the next one belongs; -1 for no row, or no column.
    private int _count;
    private string? _tensor;
    private int _row;
    private int _column;

    private JsonBatchReader(ReadOnlySpan<byte> json, Span<float> elements, int dimension, int maxRows)
    {
        _json = new(json);
        _elements = elements;
        (_dimension, _maxRows, _row, _column) = (dimension, maxRows, -1, -1);
    }

    /// <summary>Reads a body.</summary>
    /// <param name="json">The body.</param>
    /// <param name="memory">Receives the tensors.</param>
    /// <param name="dimension">Columns.</param>
    /// <param name="maxRows">Rows that are taken.</param>
    /// <exception cref="RequestException">It is no batch.</exception>
    public static Batch Read(ReadOnlySpan<byte> json, RequestMemory memory, int dimension, int maxRows)
    {
        // A number, with the comma or bracket behind it, has two octets or more, and becomes four.
        memory.Reserve(json.Length * (sizeof(float) / 2));
        JsonBatchReader reader = new(json, MemoryMarshal.Cast<byte, float>(memory.Span), dimension, maxRows);
        try
        {
            return reader.ReadBatch(memory);
        }
        catch (JsonException e)
        {
            throw reader.Bad($"malformed JSON in line {e.LineNumber + 1}, octet {e.BytePositionInLine + 1}");
        }
    }

    private Batch ReadBatch(RequestMemory memory)
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            throw Bad("there has to be an object with embeddings");
        }

        int? embeddingsAt = null, residualAt = null;
        int rows = 0, residualRows = 0;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            bool isResidual = Is("residual"u8);
            if (!isResidual && !Is("embeddings"u8))
            {
                throw Bad($"there is a property '{Text()}'; embeddings and residual are known");
            }

            _tensor = isResidual ? "residual" : "embeddings";
            _ = _json.Read();
            if ((isResidual ? residualAt : embeddingsAt) is not null)
            {
                throw Bad("it is there twice");
            }

            int at = _count * sizeof(float);
            if (!isResidual)
            {
                (embeddingsAt, rows) = (at, ReadTensor());
            }
            else if (_json.TokenType != JsonTokenType.Null)
            {
                (residualAt, residualRows) = (at, ReadTensor());
            }

            _tensor = null;
        }

        // What else there may be makes the reader throw.
        _ = _json.Read();
        return embeddingsAt is null ? throw Bad("there are no embeddings")
            : residualAt is not null && residualRows != rows
            ? throw Bad($"there are {residualRows} rows of the residual and {rows} of the embeddings")
            : new(memory, ElementType.Float32, rows, _dimension, embeddingsAt.Value, residualAt);
    }

    // What is escaped may be no Unicode, which throws when it is compared; nobody needs to escape these names.
    private readonly bool Is(ReadOnlySpan<byte> name) => !_json.ValueIsEscaped && _json.ValueTextEquals(name);

    private int ReadTensor()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Bad($"there has to be an array of rows; there is {Text()}");
        }

        for (_row = 0; _json.Read() && _json.TokenType != JsonTokenType.EndArray; _row++)
        {
            if (_row == _maxRows)
            {
                throw RequestException.TooManyRows(_maxRows);
            }

            ReadRow();
        }

        int rows = _row;
        _row = -1;
        return rows;
    }

    private void ReadRow()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Bad($"there has to be an array of {_dimension} numbers; there is {Text()}");
        }

        for (_column = 0; _json.Read() && _json.TokenType == JsonTokenType.Number; _column++)
        {
            if (_column == _dimension)
            {
                throw Bad($"there are more than {_dimension} columns");
            }

            if (!_json.TryGetSingle(out float value) || !float.IsFinite(value))
            {
                throw Bad($"{Text()} is beyond float32");
            }

            _elements[_count++] = value;
        }

        if (_json.TokenType != JsonTokenType.EndArray)
        {
            throw Bad($"there has to be a number; there is {Text()}");
        }

        if (_column != _dimension)
        {
            throw Bad($"there have to be {_dimension} columns; there are {_column}");
        }

        _column = -1;
    }

    private readonly RequestException Bad(string what)
    {
        if (_tensor is null)
        {
            return RequestException.Bad($"The body: {what}.");
        }

        string row = _row < 0 ? "" : $"/{_row}", column = _column < 0 ? "" : $"/{_column}";
        string pointer = $"#/{_tensor}{row}{column}";
        return RequestException.Bad($"{pointer}: {what}.", pointer);
    }

    // As it stands in the body; what is no UTF-8 becomes a replacement character.
    private readonly string Text()
    {
        const int most = 40;
        ReadOnlySpan<byte> value = _json.ValueSpan;
        string text = Encoding.UTF8.GetString(value[..Math.Min(value.Length, most)]);
        text = value.Length > most ? text + "..." : text;
        return _json.TokenType == JsonTokenType.String ? $"\"{text}\"" : text;
    }
}
