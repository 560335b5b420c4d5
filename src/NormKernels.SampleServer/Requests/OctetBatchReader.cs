using NormKernels.SampleServer.Memory;

namespace NormKernels.SampleServer.Requests;

/// <summary>
/// Little-endian octets as a batch: all rows of the embeddings, then, if there is one, all rows of the residual.
/// </summary>
internal static class OctetBatchReader
{
    /// <summary>The batch that a body is.</summary>
    /// <param name="body">The octets, which become the batch.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="query">What the request says of them.</param>
    /// <param name="dimension">Columns.</param>
    /// <param name="maxRows">Rows that are taken.</param>
    /// <exception cref="RequestException">It is none.</exception>
    public static Batch Read(RequestMemory body, int length, BatchQuery query, int dimension, int maxRows)
    {
        int tensors = query.HasResidual ? 2 : 1;
        int size = Batch.SizeOf(query.Type);
        int rowBytes = tensors * dimension * size;
        return length % rowBytes != 0
            ? throw RequestException.Bad(
                $"The body has {length} octets, which is no multiple of {rowBytes}: {dimension} columns of {size}"
                + (query.HasResidual ? ", twice: embeddings and residual." : "."))
            : length / rowBytes > maxRows
            ? throw RequestException.TooManyRows(maxRows)
            : new(
                body, query.Type, length / rowBytes, dimension, ResidualAt: query.HasResidual ? length / 2 : null);
    }
}
