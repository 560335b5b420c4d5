using System;
using System.Collections.Generic;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace NormKernels.SampleServer.Requests;

/// <summary>How tensors travel.</summary>
internal enum TensorForm
{
    /// <summary><c>application/json</c>.</summary>
    Json,

    /// <summary><c>application/octet-stream</c>, little-endian.</summary>
    Octets,
}

/// <summary>The form that a request has, and the one that it asks for.</summary>
/// <remarks>The usual headers are compared as they are; only others are parsed, which allocates.</remarks>
internal static class TensorForms
{
    private const string Json = "application/json";
    private const string Octets = "application/octet-stream";

    /// <summary>The media type of a form.</summary>
    public static string MediaTypeOf(TensorForm form) => form == TensorForm.Json ? Json : Octets;

    /// <summary>The form of the body.</summary>
    public static RequestProblem? OfContent(HttpRequest request, out TensorForm form)
    {
        string? contentType = request.ContentType;
        form = TensorForm.Json;
        if (request.Headers.ContentEncoding.Count != 0)
        {
            return Unsupported($"A body with Content-Encoding is not taken: send it as it is.");
        }

        if (Is(contentType, Json))
        {
            return null;
        }

        if (Is(contentType, Octets))
        {
            form = TensorForm.Octets;
            return null;
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type))
        {
            return Unsupported($"The body has to be {Json} or {Octets}, and Content-Type to say which.");
        }

        if (type.MediaType.Equals(Octets, StringComparison.OrdinalIgnoreCase))
        {
            form = TensorForm.Octets;
            return null;
        }

        return !type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
            ? Unsupported($"The body has to be {Json} or {Octets}; it is {type.MediaType}.")
            : type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals(
                "utf-8", StringComparison.OrdinalIgnoreCase)
                ? Unsupported($"JSON is UTF-8; this one is {type.Charset}.")
                : null;

        static RequestProblem Unsupported(string detail) => new(StatusCodes.Status415UnsupportedMediaType, detail);
    }

    /// <summary>The form that the response is to have: that of the request, unless Accept prefers the other.</summary>
    public static RequestProblem? OfAccept(HttpRequest request, TensorForm given, out TensorForm wanted)
    {
        StringValues accept = request.Headers.Accept;
        wanted = given;
        if (accept.Count == 0 || (accept.Count == 1 && (Is(accept[0], "*/*") || Is(accept[0], MediaTypeOf(given)))))
        {
            return null;
        }

        TensorForm other = given == TensorForm.Json ? TensorForm.Octets : TensorForm.Json;
        if (accept.Count == 1 && Is(accept[0], MediaTypeOf(other)))
        {
            wanted = other;
            return null;
        }

        IList<MediaTypeHeaderValue> ranges = [];
        _ = MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? parsed);
        ranges = parsed ?? ranges;
        double qualityOfGiven = Quality(ranges, MediaTypeOf(given));
        double qualityOfOther = Quality(ranges, MediaTypeOf(other));
        if (qualityOfGiven == 0 && qualityOfOther == 0)
        {
            return new(
                StatusCodes.Status406NotAcceptable, $"The result can be {Json} or {Octets}; Accept has neither.");
        }

        wanted = qualityOfOther > qualityOfGiven ? other : given;
        return null;
    }

    private static bool Is(string? header, string mediaType) =>
        string.Equals(header, mediaType, StringComparison.OrdinalIgnoreCase);

    // What the most specific range that fits says (RFC 9110, 12.5.1).
    private static double Quality(IList<MediaTypeHeaderValue> ranges, string mediaType)
    {
        MediaTypeHeaderValue type = new(mediaType);
        (double quality, int specificity) = (0, -1);
        foreach (MediaTypeHeaderValue range in ranges)
        {
            int level = range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
            if (level > specificity && type.IsSubsetOf(WithoutQuality(range)))
            {
                (quality, specificity) = (range.Quality ?? 1, level);
            }
        }

        return quality;
    }

    private static MediaTypeHeaderValue WithoutQuality(MediaTypeHeaderValue range) => new(range.MediaType);
}
