using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.SampleServer.Tests.Support;

/// <summary>What a client is told (RFC 9457).</summary>
internal sealed record Problem(string Detail, string? Pointer)
{
    /// <summary>Reads it, and closes the response.</summary>
    public static async Task<Problem> ReadAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        using HttpResponseMessage owned = response;
        string body = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(status, response.StatusCode, body);
        Assert.AreEqual("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        JsonElement json = JsonElement.Parse(body);
        Assert.AreEqual((int)status, json.GetProperty("status").GetInt32());
        Assert.AreNotEqual("", json.GetProperty("title").GetString());
        return new(
            json.GetProperty("detail").GetString()!,
            json.TryGetProperty("pointer", out JsonElement pointer) ? pointer.GetString() : null);
    }
}
