using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

using NormKernels.SampleServer.Configuration;

namespace NormKernels.SampleServer.Requests;

/// <summary>
/// Reads <c>{"embeddings": [[...], ...], "residual": [[...], ...]}</c> into a batch as it comes in, number by number.
/// </summary>
/// <remarks>
/// A number becomes the nearest value of the batch's type (by way of a double for 16-bit types). One that would be
/// infinite is refused; NaN and infinities are not JSON. One reader reads one body at a time.
/// </remarks>
internal sealed class JsonBatchReader
{
    // What has not ended is looked at again with the next octets: without an end to that, a string of 16 MiB would be
    // looked at four thousand times. Nothing that is understood is that long.
    private const int LongestToken = 4096;

    private const int FirstCapacity = 16 << 10;

    // One more than is understood, so that a third level of arrays is found here, where row and column are known.
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 4 };

    private JsonReaderState _state;
    private Batch _batch = null!;
    private LimitOptions _limits = null!;
    private int? _expectedRows;

    // Where the next token stands.
    private Place _place;
    private BatchTensor _tensor;
    private int _row;
    private int _column;

    // Elements in the batch, all tensors together; and the rows of the tensors that are complete.
    private int _count;
    private int? _rowsOfEmbeddings;
    private int? _rowsOfResidual;

    /// <summary>Octets of the last body.</summary>
    public long BytesRead { get; private set; }

    private enum Place
    {
        Start,
        Object,
        Tensor,
        Rows,
        Row,
        End,
    }

    /// <summary>Reads the body to its end.</summary>
    /// <param name="body">The body.</param>
    /// <param name="query">What the request says of it.</param>
    /// <param name="batch">Receives it; has its type and columns.</param>
    /// <param name="limits">How much is taken.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What is wrong with it, or null.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RequestProblem?> ReadAsync(
        PipeReader body, BatchQuery query, Batch batch, LimitOptions limits, CancellationToken cancellationToken)
    {
        if (query.Residual is not null)
        {
            return RequestProblem.Bad(
                "The parameter residual of the query is for octets; JSON has the residual in its body.");
        }

        (_state, _batch, _limits, _expectedRows) = (new(ReaderOptions), batch, limits, query.Rows);
        (_place, _count, _rowsOfEmbeddings, _rowsOfResidual) = (Place.Start, 0, null, null);
        BytesRead = 0;
        batch.Reserve(used: 0, FirstCapacity);
        while (true)
        {
            ReadResult result = await body.ReadAsync(cancellationToken);
            RequestProblem? problem = Read(result.Buffer, result.IsCompleted, out SequencePosition consumed);
            body.AdvanceTo(consumed, result.Buffer.End);
            if (problem is not null || result.IsCompleted)
            {
                return problem;
            }
        }
    }

    private RequestProblem? Read(in ReadOnlySequence<byte> json, bool isLast, out SequencePosition consumed)
    {
        if (isLast && BytesRead + json.Length == 0)
        {
            consumed = json.End;
            return RequestProblem.Bad("The body is empty.");
        }

        Utf8JsonReader reader = new(json, isLast, _state);
        RequestProblem? problem;
        try
        {
            problem = _batch.Type switch
            {
                ElementType.Float32 => Read<float>(ref reader),
                ElementType.Float16 => Read<Half>(ref reader),
                _ => Read<BFloat16>(ref reader),
            };
        }
        catch (JsonException e)
        {
            problem = Malformed(e);
        }

        (_state, consumed) = (reader.CurrentState, reader.Position);
        BytesRead += reader.BytesConsumed;
        long incomplete = json.Length - reader.BytesConsumed;
        return problem is not null ? problem
            : BytesRead + incomplete > _limits.MaxBodyBytes ? RequestProblem.TooLarge(_limits.MaxBodyBytes)
            : isLast ? Finish()
            : incomplete > LongestToken
                ? Here($"there is a word of more than {LongestToken} octets")
            : null;
    }

    private RequestProblem? Read<T>(ref Utf8JsonReader reader)
        where T : unmanaged
    {
        while (reader.Read())
        {
            RequestProblem? problem = _place switch
            {
                Place.Row => ReadNumbers<T>(ref reader),
                Place.Rows => ReadRow(ref reader),
                Place.Tensor => ReadTensor(ref reader),
                Place.Object => ReadProperty(ref reader),
                _ => ReadStart(ref reader),
            };
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    private RequestProblem? ReadStart(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return RequestProblem.Bad($"The body has to be an object with embeddings; it is {Token(ref reader)}.");
        }

        _place = Place.Object;
        return null;
    }

    private RequestProblem? ReadProperty(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            _place = Place.End;
            return null;
        }

        bool isResidual = reader.ValueTextEquals("residual"u8);
        if (!isResidual && !reader.ValueTextEquals("embeddings"u8))
        {
            return RequestProblem.Bad(
                $"The body has a property '{Text(ref reader)}'; embeddings and residual are known.");
        }

        _tensor = isResidual ? BatchTensor.Residual : BatchTensor.Embeddings;
        _place = Place.Tensor;
        return (isResidual ? _rowsOfResidual : _rowsOfEmbeddings) is null
            ? null
            : RequestProblem.Bad($"The body has {RequestProblem.NameOf(_tensor)} twice.");
    }

    private RequestProblem? ReadTensor(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            (_place, _row) = (Place.Rows, 0);
            return null;
        }

        if (reader.TokenType == JsonTokenType.Null && _tensor == BatchTensor.Residual)
        {
            _place = Place.Object;
            return null;
        }

        return RequestProblem.Bad(
            $"{RequestProblem.NameOf(_tensor)}: there has to be an array of rows; there is {Token(ref reader)}.");
    }

    private RequestProblem? ReadRow(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray when _row == _limits.MaxRows:
                return RequestProblem.TooManyRows(_limits.MaxRows);
            case JsonTokenType.StartArray:
                int size = Element.SizeOf(_batch.Type);
                _batch.Reserve(_count * size, ((long)_count + _batch.Dimension) * size);
                (_place, _column) = (Place.Row, 0);
                return null;
            case JsonTokenType.EndArray when _tensor == BatchTensor.Embeddings:
                _batch.ResidualFirst = _rowsOfResidual is not null;
                (_place, _rowsOfEmbeddings) = (Place.Object, _row);
                return null;
            case JsonTokenType.EndArray:
                (_place, _rowsOfResidual) = (Place.Object, _row);
                return null;
            default:
                return Here($"there has to be an array of {_batch.Dimension} numbers; there is {Token(ref reader)}");
        }
    }

    // As many as have come, and the end of the row.
    private RequestProblem? ReadNumbers<T>(ref Utf8JsonReader reader)
        where T : unmanaged
    {
        // Not kept from one call to the next: a new row may have moved the memory.
        Span<T> row = MemoryMarshal.Cast<byte, T>(_batch.Memory).Slice(_count - _column, _batch.Dimension);
        while (reader.TokenType == JsonTokenType.Number && _column < row.Length)
        {
            if (!TryRead(ref reader, out row[_column]))
            {
                return Here($"{Text(ref reader)} is beyond {_batch.Type.ToString().ToLowerInvariant()}");
            }

            _column++;
            _count++;
            if (!reader.Read())
            {
                return null;
            }
        }

        if (reader.TokenType == JsonTokenType.EndArray && _column == row.Length)
        {
            _place = Place.Rows;
            _row++;
            return null;
        }

        return reader.TokenType is JsonTokenType.EndArray or JsonTokenType.Number
            ? RequestProblem.At(
                _tensor, _row, column: null,
                $"there have to be {row.Length} columns; there are {(_column < row.Length ? $"{_column}" : "more")}")
            : Here($"there has to be a number; there is {Token(ref reader)}");
    }

    private static bool TryRead<T>(ref Utf8JsonReader reader, out T value)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            bool isNumber = reader.TryGetSingle(out float number);
            value = Unsafe.BitCast<float, T>(number);
            return isNumber && float.IsFinite(number);
        }

        value = Element.Round<T>(reader.GetDouble());
        return float.IsFinite(Element.ToSingle(value));
    }

    // The JSON is complete; whether it is a batch is another matter.
    private RequestProblem? Finish()
    {
        if (_rowsOfEmbeddings is not int rows)
        {
            return RequestProblem.Bad("The body has no embeddings.");
        }

        if (_rowsOfResidual is not null && _rowsOfResidual != rows)
        {
            return RequestProblem.At(
                BatchTensor.Residual, Math.Min(rows, _rowsOfResidual.Value), column: null,
                $"there are {_rowsOfResidual} rows of the residual and {rows} of the embeddings");
        }

        if (_expectedRows is not null && _expectedRows != rows)
        {
            return RequestProblem.At(
                BatchTensor.Embeddings, Math.Min(rows, _expectedRows.Value), column: null,
                $"there are {rows} rows; the query says {_expectedRows}");
        }

        (_batch.Rows, _batch.HasResidual) = (rows, _rowsOfResidual is not null);
        return null;
    }

    private RequestProblem Here(string what) => _place switch
    {
        Place.Row => RequestProblem.At(_tensor, _row, _column, what),
        Place.Rows => RequestProblem.At(_tensor, _row, column: null, what),
        _ => RequestProblem.Bad($"The body: {what}."),
    };

    // The message of the reader ends in where it was, counted from 0.
    private RequestProblem Malformed(JsonException e)
    {
        string message = e.Message.Split(" LineNumber:")[0].TrimEnd('.');
        return Here($"the JSON is malformed in line {e.LineNumber + 1}, octet {e.BytePositionInLine + 1}: {message}");
    }

    private static string Token(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray or JsonTokenType.EndArray => "an array",
        JsonTokenType.String => $"the string '{Text(ref reader)}'",
        JsonTokenType.Null => "null",
        _ => Text(ref reader),
    };

    // As it stands in the body; what is no UTF-8 becomes a replacement character.
    private static string Text(ref Utf8JsonReader reader)
    {
        const int most = 40;
        ReadOnlySpan<byte> value = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        string text = Encoding.UTF8.GetString(value[..Math.Min(value.Length, most)]);
        return value.Length > most ? text + "..." : text;
    }
}
