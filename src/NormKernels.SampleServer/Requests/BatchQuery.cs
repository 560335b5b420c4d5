using System;
using System.Globalization;

using Microsoft.AspNetCore.WebUtilities;

namespace NormKernels.SampleServer.Requests;

/// <summary>What the query of a request says of its batch.</summary>
/// <param name="Type">What the elements are; <c>dtype=</c>, or float32.</param>
/// <param name="Dimension">Columns; <c>dim=</c>, or null.</param>
/// <param name="Rows">Rows; <c>rows=</c>, or null.</param>
/// <param name="Residual">Whether octets hold a residual behind the embeddings; <c>residual=true</c>.</param>
internal readonly record struct BatchQuery(ElementType Type, int? Dimension, int? Rows, bool? Residual)
{
    /// <summary>Reads a query. A parameter that is not known is a mistake: a misspelt dtype would be another result.
    /// Nothing is allocated where there is no mistake.</summary>
    public static RequestProblem? Parse(string? queryString, out BatchQuery query)
    {
        ElementType? type = null;
        int? dimension = null, rows = null;
        bool? residual = null;
        query = default;
        foreach (QueryStringEnumerable.EncodedNameValuePair pair in new QueryStringEnumerable(queryString))
        {
            ReadOnlySpan<char> name = pair.DecodeName().Span;
            ReadOnlySpan<char> value = pair.DecodeValue().Span;
            bool first;
            if (Is(name, "dtype"))
            {
                first = type is null;
                type = Dtype(value);
                if (type is null)
                {
                    return Wrong("dtype", "float32, float16 or bfloat16", value);
                }
            }
            else if (Is(name, "dim"))
            {
                first = dimension is null;
                dimension = Number(value);
                if (dimension is null or 0)
                {
                    return Wrong("dim", "a number from 1", value);
                }
            }
            else if (Is(name, "rows"))
            {
                first = rows is null;
                rows = Number(value);
                if (rows is null)
                {
                    return Wrong("rows", "a number from 0", value);
                }
            }
            else if (Is(name, "residual"))
            {
                first = residual is null;
                residual = Flag(value);
                if (residual is null)
                {
                    return Wrong("residual", "true or false", value);
                }
            }
            else
            {
                return RequestProblem.Bad(
                    $"The query has a parameter '{Shown(name)}'; dtype, dim, rows and residual are known.");
            }

            if (!first)
            {
                return RequestProblem.Bad($"The query has '{Shown(name)}' twice.");
            }
        }

        query = new(type ?? ElementType.Float32, dimension, rows, residual);
        return null;
    }

    private static bool Is(ReadOnlySpan<char> text, string word) =>
        text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private static ElementType? Dtype(ReadOnlySpan<char> text) =>
        Is(text, "float32") ? ElementType.Float32
        : Is(text, "float16") ? ElementType.Float16
        : Is(text, "bfloat16") ? ElementType.BFloat16
        : null;

    private static bool? Flag(ReadOnlySpan<char> text) => Is(text, "true") ? true : Is(text, "false") ? false : null;

    private static int? Number(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static RequestProblem Wrong(string name, string wanted, ReadOnlySpan<char> found) =>
        RequestProblem.Bad($"The parameter {name} of the query has to be {wanted}; it is '{Shown(found)}'.");

    private static string Shown(ReadOnlySpan<char> text) => text.Length <= 40 ? $"{text}" : $"{text[..40]}...";
}
