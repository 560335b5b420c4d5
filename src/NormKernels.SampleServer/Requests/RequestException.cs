using System.Diagnostics.CodeAnalysis;

using Microsoft.AspNetCore.Http;

namespace NormKernels.SampleServer.Requests;

/// <summary>A request gets no result; the message is for the client.</summary>
/// <param name="status">The status of the response.</param>
/// <param name="detail">What is wrong: one sentence for a person.</param>
/// <param name="pointer">Where, as a JSON pointer: <c>#/embeddings/3/0</c>; or null.</param>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors",
    Justification = "Without a status there is no answer.")]
internal sealed class RequestException(int status, string detail, string? pointer = null)
    : BadHttpRequestException(detail, status)
{
    /// <summary>Where it lies in the body, or null.</summary>
    public string? Pointer => pointer;

    /// <summary>The request is not one.</summary>
    public static RequestException Bad(string detail, string? pointer = null) =>
        new(StatusCodes.Status400BadRequest, detail, pointer);

    /// <summary>There are more rows than are taken.</summary>
    public static RequestException TooManyRows(int most) =>
        new(StatusCodes.Status413PayloadTooLarge, $"A request may have {most} rows; this one has more.");
}
