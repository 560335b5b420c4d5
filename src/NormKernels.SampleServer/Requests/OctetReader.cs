using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

using NormKernels.SampleServer.Configuration;

namespace NormKernels.SampleServer.Requests;

/// <summary>
/// Reads little-endian octets into a batch: all rows of the embeddings, then, if there is one, all rows of the residual.
/// </summary>
internal static class OctetReader
{
    // What a body that does not say how long it is gets at first.
    private const int FirstCapacity = 64 << 10;

    /// <summary>Reads the body to its end.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">Its length, if it says so.</param>
    /// <param name="query">What the request says of it.</param>
    /// <param name="batch">Receives it; has its type and columns.</param>
    /// <param name="limits">How much is taken.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What is wrong with it, or null.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<RequestProblem?> ReadAsync(
        PipeReader body, long? length, BatchQuery query, Batch batch, LimitOptions limits,
        CancellationToken cancellationToken)
    {
        batch.HasResidual = query.Residual == true;
        long rowBytes = RowBytes(batch) * (batch.HasResidual ? 2 : 1);
        long? expected = query.Rows * rowBytes ?? length;
        if (length is not null && length != expected)
        {
            return WrongLength(batch, query.Rows!.Value, length.Value);
        }

        if (length % rowBytes is > 0)
        {
            return NoMultiple(batch, length!.Value);
        }

        if (expected / rowBytes > limits.MaxRows)
        {
            return RequestProblem.TooManyRows(limits.MaxRows);
        }

        if (expected > limits.MaxBodyBytes)
        {
            return RequestProblem.TooLarge(limits.MaxBodyBytes);
        }

        int read = 0;
        batch.Reserve(used: 0, expected ?? FirstCapacity);
        while (true)
        {
            ReadResult result = await body.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> octets = result.Buffer;
            long total = read + octets.Length;
            RequestProblem? problem = total > expected ? WrongLength(batch, (int)(expected.Value / rowBytes), total)
                : total / rowBytes > limits.MaxRows ? RequestProblem.TooManyRows(limits.MaxRows)
                : total > limits.MaxBodyBytes ? RequestProblem.TooLarge(limits.MaxBodyBytes)
                : null;
            if (problem is not null)
            {
                body.AdvanceTo(octets.End);
                return problem;
            }

            batch.Reserve(read, total);
            octets.CopyTo(batch.Memory[read..]);
            read = (int)total;
            body.AdvanceTo(octets.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        if (read != expected && expected is not null)
        {
            return WrongLength(batch, (int)(expected.Value / rowBytes), read);
        }

        if (read % rowBytes != 0)
        {
            return NoMultiple(batch, read);
        }

        batch.Rows = (int)(read / rowBytes);
        return null;
    }

    private static long RowBytes(Batch batch) => (long)batch.Dimension * Element.SizeOf(batch.Type);

    // Which row is cut is known where the embeddings are all there is.
    private static RequestProblem NoMultiple(Batch batch, long length) =>
        RequestProblem.Bad($"The body has {length} octets, which is no multiple of {Describe(batch)}.") with
        {
            Tensor = batch.HasResidual ? null : BatchTensor.Embeddings,
            Row = batch.HasResidual ? null : length / RowBytes(batch),
        };

    private static RequestProblem WrongLength(Batch batch, int rows, long length)
    {
        long wanted = rows * RowBytes(batch) * (batch.HasResidual ? 2 : 1);
        string detail =
            $"The body has {length} octets{(length > wanted ? " or more" : "")}; {rows} rows are {wanted}, each of "
            + $"{Describe(batch)}.";
        long row = length / RowBytes(batch);
        return length > wanted
            ? RequestProblem.Bad(detail)
            : RequestProblem.Bad(detail) with
            {
                Tensor = row < rows ? BatchTensor.Embeddings : BatchTensor.Residual,
                Row = row < rows ? row : row - rows,
            };
    }

    private static string Describe(Batch batch)
    {
        string row = $"{batch.Dimension} columns of {Element.SizeOf(batch.Type)}";
        return batch.HasResidual
            ? $"{2 * RowBytes(batch)} ({row}, twice: embeddings and residual)"
            : $"{RowBytes(batch)} ({row})";
    }
}
