using System.Globalization;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace NormKernels.SampleServer.Requests;

/// <summary>What the query of a request says of its batch.</summary>
/// <param name="Type">What the elements are; <c>dtype=</c>, or float32.</param>
/// <param name="Dimension">Columns; <c>dim=</c>, or null.</param>
/// <param name="HasResidual">Whether octets hold a residual behind the embeddings; <c>residual=true</c>.</param>
internal readonly record struct BatchQuery(ElementType Type, int? Dimension, bool HasResidual)
{
    /// <summary>Reads a query.</summary>
    /// <exception cref="RequestException">Something in it is not known, which is a mistake: a misspelt dtype would be
    /// another result.</exception>
    public static BatchQuery Parse(IQueryCollection query)
    {
        BatchQuery batch = default;
        foreach ((string name, StringValues values) in query)
        {
            string value = values.Count == 1 ? values[0]! : throw RequestException.Bad($"The query has {name} twice.");
            batch = name switch
            {
                "dtype" => batch with
                {
                    Type = value switch
                    {
                        "float32" => ElementType.Float32,
                        "float16" => ElementType.Float16,
                        "bfloat16" => ElementType.BFloat16,
                        _ => throw Wrong("float32, float16 or bfloat16"),
                    },
                },
                "dim" => batch with
                {
                    Dimension =
                        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                            ? number
                            : throw Wrong("a number from 1"),
                },
                "residual" => batch with
                {
                    HasResidual = bool.TryParse(value, out bool flag) ? flag : throw Wrong("true or false"),
                },
                _ => throw RequestException.Bad($"The query has '{name}'; dtype, dim and residual are known."),
            };

            RequestException Wrong(string wanted) =>
                RequestException.Bad($"The parameter {name} of the query has to be {wanted}; it is '{value}'.");
        }

        return batch;
    }
}
