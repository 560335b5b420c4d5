using System;
using System.Globalization;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Responses;

/// <summary>Problems as clients see them: <c>application/problem+json</c> (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>Writes a problem as the response.</summary>
    /// <remarks>Whatever Accept says: a client that takes octets alone still has to be told.</remarks>
    public static Task WriteAsync(HttpContext context, RequestProblem problem)
    {
        IHeaderDictionary headers = context.Response.Headers;
        if (problem.ClosesConnection)
        {
            headers.Connection = "close";
        }

        if (problem.RetryAfter is TimeSpan wait)
        {
            headers[HeaderNames.RetryAfter] =
                Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        ProblemDetails details = new() { Status = problem.Status, Detail = problem.Detail };
        if (problem.Tensor is BatchTensor tensor)
        {
            string name = RequestProblem.NameOf(tensor);
            string column = problem.Column is null ? "" : $"/{problem.Column}";
            details.Extensions["tensor"] = name;
            details.Extensions["pointer"] = $"#/{name}/{problem.Row}{column}";
        }

        if (problem.Row is not null)
        {
            details.Extensions["row"] = problem.Row;
        }

        if (problem.Column is not null)
        {
            details.Extensions["column"] = problem.Column;
        }

        return TypedResults.Problem(details).ExecuteAsync(context);
    }
}
