using System;

using Microsoft.AspNetCore.Http;

namespace NormKernels.SampleServer.Requests;

/// <summary>Why a request gets no result: what is wrong with it, and where.</summary>
/// <param name="Status">The status of the response.</param>
/// <param name="Detail">One sentence for a person.</param>
internal sealed record RequestProblem(int Status, string Detail)
{
    /// <summary>The tensor it lies in.</summary>
    public BatchTensor? Tensor { get; init; }

    /// <summary>The row it lies in, from 0.</summary>
    public long? Row { get; init; }

    /// <summary>The column it lies in, from 0.</summary>
    public long? Column { get; init; }

    /// <summary>When to come again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether what is still on its way is not worth waiting for.</summary>
    public bool ClosesConnection { get; init; }

    /// <summary>The request is not one.</summary>
    public static RequestProblem Bad(string detail) => new(StatusCodes.Status400BadRequest, detail);

    /// <summary>Something about one row, or one of its columns.</summary>
    public static RequestProblem At(
        BatchTensor tensor, long row, long? column, string what, int status = StatusCodes.Status400BadRequest) =>
        new(status, column is null ? $"{NameOf(tensor)}[{row}]: {what}" : $"{NameOf(tensor)}[{row}][{column}]: {what}")
        {
            Tensor = tensor,
            Row = row,
            Column = column,
        };

    /// <summary>There are more rows than are taken.</summary>
    public static RequestProblem TooManyRows(int most) =>
        new(StatusCodes.Status413PayloadTooLarge, $"A request may have {most} rows; this one has more.")
        {
            ClosesConnection = true,
        };

    /// <summary>There are more octets than are taken.</summary>
    public static RequestProblem TooLarge(long most) =>
        new(StatusCodes.Status413PayloadTooLarge, $"A body may have {most} octets; this one has more.")
        {
            ClosesConnection = true,
        };

    /// <summary>The name of a tensor in JSON.</summary>
    public static string NameOf(BatchTensor tensor) =>
        tensor == BatchTensor.Embeddings ? "embeddings" : "residual";
}
