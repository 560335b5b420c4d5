using System;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>Bad input is refused, and the client told what is wrong and where. The model has three columns.</summary>
[TestClass]
public sealed class BadRequestTests
{
    private static RunningServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) =>
        _server = await RunningServer.StartAsync("--dimension", "3", "--NormServer:Limits:MaxDimension", "8");

    [ClassCleanup]
    public static async Task StopAsync() => await _server.DisposeAsync();

    [TestMethod]
    // Where a row or column is -1, it is not said.
    [DataRow("", "The body is empty.", -1, -1)]
    [DataRow(" ", "malformed", -1, -1)]
    [DataRow("[[1, 2, 3]]", "has to be an object with embeddings; it is an array", -1, -1)]
    [DataRow("null", "it is null", -1, -1)]
    [DataRow("{}", "has no embeddings", -1, -1)]
    [DataRow("{\"residual\": [[1, 2, 3]]}", "has no embeddings", -1, -1)]
    [DataRow("{\"embedding\": [[1, 2, 3]]}", "'embedding'; embeddings and residual are known", -1, -1)]
    [DataRow("{\"embeddings\": null}", "there has to be an array of rows; there is null", -1, -1)]
    [DataRow("{\"embeddings\": [1, 2, 3]}", "there has to be an array of 3 numbers; there is 1", 0, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3], null]}", "there is null", 1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3], [1, 2]]}", "there have to be 3 columns; there are 2", 1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3], [1, 2, 3, 4]]}", "there have to be 3 columns; there are more", 1, -1)]
    [DataRow("{\"embeddings\": [[]]}", "there are 0", 0, -1)]
    [DataRow("{\"embeddings\": [[1, 2, \"3\"]]}", "there has to be a number; there is the string '3'", 0, 2)]
    [DataRow("{\"embeddings\": [[1, null, 3]]}", "there is null", 0, 1)]
    [DataRow("{\"embeddings\": [[1, true, 3]]}", "there is true", 0, 1)]
    [DataRow("{\"embeddings\": [[1, {}, 3]]}", "there is an object", 0, 1)]
    [DataRow("{\"embeddings\": [[[1]]]}", "there is an array", 0, 0)]
    [DataRow("{\"embeddings\": [[1, NaN, 3]]}", "malformed in line 1, octet 21: 'N'", 0, 1)]
    [DataRow("{\"embeddings\": [[1, -Infinity, 3]]}", "malformed", 0, 1)]
    [DataRow("{\"embeddings\": [[1, 2, 1e39]]}", "1e39 is beyond float32", 0, 2)]
    [DataRow("{\"embeddings\": [[1, 2, -1e999]]}", "-1e999 is beyond float32", 0, 2)]
    [DataRow("{\"embeddings\": [[1, 2, 03]]}", "malformed", 0, 2)]
    [DataRow("{\"embeddings\": [[1, 2, 3], [4, 5", "malformed", 1, 1)]
    [DataRow("{\"embeddings\": [[1, 2, 3],\n [4, , 6]]}", "malformed in line 2, octet 6", 1, 1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]", "malformed", 1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]]", "malformed", -1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]]} {}", "malformed", -1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3],]}", "malformed", 1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]] /* */}", "malformed", -1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]], \"embeddings\": [[1, 2, 3]]}", "embeddings twice", -1, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]], \"residual\": [[1, 2]]}", "there are 2", 0, -1)]
    [DataRow("{\"embeddings\": [[1, 2, 3]], \"residual\": []}", "0 rows of the residual and 1", 0, -1)]
    [DataRow("{\"residual\": [[1, 2, 3], [4, 5, 6]], \"embeddings\": [[1, 2, 3]]}", "2 rows of the residual", 1, -1)]
    [DataRow("\u00EF\u00BB\u00BF{\"embeddings\": [[1, 2, 3]]}", "malformed", -1, -1)]
    [DataRow("\u00FF\u00FE", "malformed", -1, -1)]
    [DataRow("{\"\u00FF\u0000\": 1}", "malformed", -1, -1)]
    [DataRow("{\"\u00FF\": 1}", "embeddings and residual are known", -1, -1)]
    public async Task Json(string body, string fragment, int row, int column)
    {
        // Octet by octet, so that it need not be UTF-8.
        using HttpResponseMessage response =
            await _server.PostAsync("/v1/rms-norm", "json", Encoding.Latin1.GetBytes(body));
        Problem problem = await Problem.ReadAsync(response, HttpStatusCode.BadRequest);
        Assert.Contains(fragment, problem.Detail);
        Assert.AreEqual((row, column), (problem.Row ?? -1, problem.Column ?? -1), problem.Detail);
        if (row >= 0)
        {
            Assert.AreEqual(
                $"#/{problem.Tensor}/{row}{(column < 0 ? "" : $"/{column}")}", problem.Pointer, problem.Detail);
            Assert.StartsWith($"{problem.Tensor}[{row}]", problem.Detail);
        }
    }

    [TestMethod]
    [DataRow("float16", "65520", "65519")]
    [DataRow("bfloat16", "3.4e38", "3.3e38")]
    [DataRow("float32", "3.5e38", "3.4e38")]
    public async Task Json_beyond_a_type(string dtype, string beyond, string within)
    {
        using HttpResponseMessage good =
            await PostAsync($"/v1/l2-normalize?dtype={dtype}", $"{{\"embeddings\": [[0, 0, {within}]]}}");
        Assert.AreEqual(HttpStatusCode.OK, good.StatusCode);
        using HttpResponseMessage bad =
            await PostAsync($"/v1/l2-normalize?dtype={dtype}", $"{{\"embeddings\": [[0, 0, {beyond}]]}}");
        Problem problem = await Problem.ReadAsync(bad, HttpStatusCode.BadRequest);
        Assert.AreEqual($"embeddings[0][2]: {beyond} is beyond {dtype}", problem.Detail);
    }

    [TestMethod]
    [DataRow("dtype=float64", "'float64'")]
    [DataRow("dtype=", "float32, float16 or bfloat16; it is ''")]
    [DataRow("dtype", "it is ''")]
    [DataRow("dtpye=float16", "'dtpye'; dtype, dim, rows and residual are known")]
    [DataRow("dtype=float16&dtype=float16", "'dtype' twice")]
    [DataRow("dim=0", "a number from 1")]
    [DataRow("dim=-3", "'-3'")]
    [DataRow("dim=3.0", "'3.0'")]
    [DataRow("dim=99999999999", "'99999999999'")]
    [DataRow("dim=4", "The model has 3 columns; the query says 4")]
    [DataRow("rows=x", "a number from 0")]
    [DataRow("residual=1", "true or false")]
    [DataRow("%ff%00=1", "are known")]
    public async Task Queries(string query, string fragment)
    {
        foreach (string form in (string[])["json", "octet-stream"])
        {
            using HttpResponseMessage response =
                await _server.PostAsync($"/v1/rms-norm?{query}", form, "{\"embeddings\": []}"u8.ToArray());
            Problem problem = await Problem.ReadAsync(response, HttpStatusCode.BadRequest);
            Assert.Contains(fragment, problem.Detail);
        }
    }

    [TestMethod]
    public async Task Queries_that_do_not_fit_the_form_or_the_norm()
    {
        using HttpResponseMessage residual =
            await PostAsync("/v1/rms-norm?residual=true", "{\"embeddings\": [[1, 2, 3]]}");
        Assert.Contains("for octets", (await Problem.ReadAsync(residual, HttpStatusCode.BadRequest)).Detail);

        using HttpResponseMessage rows = await PostAsync("/v1/rms-norm?rows=2", "{\"embeddings\": [[1, 2, 3]]}");
        Problem problem = await Problem.ReadAsync(rows, HttpStatusCode.BadRequest);
        Assert.AreEqual((1, "embeddings[1]: there are 1 rows; the query says 2"), (problem.Row, problem.Detail));

        using HttpResponseMessage l2 =
            await PostAsync("/v1/l2-normalize", "{\"embeddings\": [[1, 2, 3]], \"residual\": [[1, 2, 3]]}");
        Assert.Contains("takes no residual", (await Problem.ReadAsync(l2, HttpStatusCode.BadRequest)).Detail);

        using HttpResponseMessage wide = await _server.PostAsync("/v1/l2-normalize?dim=9", "octet-stream", []);
        Assert.Contains("may have 8 columns", (await Problem.ReadAsync(wide, HttpStatusCode.BadRequest)).Detail);
    }

    [TestMethod]
    // Three columns of float32 are 12 octets.
    [DataRow("", 25, "25 octets, which is no multiple of 12", "embeddings", 2)]
    [DataRow("", 11, "11 octets", "embeddings", 0)]
    [DataRow("?dtype=float16", 9, "no multiple of 6", "embeddings", 1)]
    [DataRow("?residual=true", 12, "12 octets, which is no multiple of 24 (3 columns of 4, twice: embeddings and residual)", null, null)]
    [DataRow("?rows=2", 23, "23 octets; 2 rows are 24", "embeddings", 1)]
    [DataRow("?rows=2", 0, "0 octets; 2 rows are 24", "embeddings", 0)]
    [DataRow("?rows=2", 25, "2 rows are 24", null, null)]
    [DataRow("?rows=0", 12, "0 rows are 0", null, null)]
    [DataRow("?rows=2&residual=true", 47, "2 rows are 48", "residual", 1)]
    [DataRow("?rows=2&residual=true", 36, "2 rows are 48", "residual", 1)]
    public async Task Truncated_and_overlong_octets(string query, int length, string fragment, string? tensor, int? row)
    {
        foreach (bool chunked in (bool[])[false, true])
        {
            using HttpResponseMessage response =
                await _server.PostAsync($"/v1/layer-norm{query}", "octet-stream", new byte[length], chunked: chunked);
            Problem problem = await Problem.ReadAsync(response, HttpStatusCode.BadRequest);
            Assert.Contains(fragment, problem.Detail);
            Assert.AreEqual((tensor, row), (problem.Tensor, problem.Row), problem.Detail);
        }
    }

    [TestMethod]
    [DataRow("text/plain", "it is text/plain")]
    [DataRow("application/x-www-form-urlencoded", "application/json or application/octet-stream")]
    [DataRow("application/json; charset=utf-16", "JSON is UTF-8; this one is utf-16")]
    [DataRow("json/", "Content-Type to say which")]
    public async Task Content_types(string contentType, string fragment)
    {
        using HttpResponseMessage response = await _server.PostAsync("/v1/rms-norm", contentType, [1]);
        Problem problem = await Problem.ReadAsync(response, HttpStatusCode.UnsupportedMediaType);
        Assert.Contains(fragment, problem.Detail);
    }

    [TestMethod]
    public async Task Content_that_is_not_said_or_encoded()
    {
        using HttpResponseMessage none =
            await _server.Client.PostAsync(new Uri("/v1/rms-norm", UriKind.Relative), content: null);
        _ = await Problem.ReadAsync(none, HttpStatusCode.UnsupportedMediaType);

        using ByteArrayContent content = new([1, 2, 3]);
        content.Headers.ContentType = new("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage encoded =
            await _server.Client.PostAsync(new Uri("/v1/rms-norm", UriKind.Relative), content);
        Problem problem = await Problem.ReadAsync(encoded, HttpStatusCode.UnsupportedMediaType);
        Assert.Contains("Content-Encoding", problem.Detail);
    }

    [TestMethod]
    [DataRow("application/json; charset=utf-8", null, "application/json")]
    [DataRow("application/json; charset=\"UTF-8\"", null, "application/json")]
    [DataRow("Application/JSON", "*/*", "application/json")]
    [DataRow("application/json", "text/html, */*;q=0.1", "application/json")]
    [DataRow("application/json", "application/*", "application/json")]
    [DataRow("application/json", "application/octet-stream", "application/octet-stream")]
    [DataRow("application/json", "application/json;q=0.5, application/octet-stream", "application/octet-stream")]
    [DataRow("application/json", "application/json;q=0.5, application/octet-stream;q=0.2", "application/json")]
    [DataRow("application/json", "*/*, application/json;q=0", "application/octet-stream")]
    [DataRow("application/json", "application/json;q=0.2, */*;q=0.9", "application/octet-stream")]
    public async Task Accept_chooses(string contentType, string? accept, string expected)
    {
        using HttpResponseMessage response =
            await _server.PostAsync("/v1/rms-norm", contentType, "{\"embeddings\": [[1, 2, 3]]}"u8.ToArray(), accept);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(expected, response.Content.Headers.ContentType?.ToString());
    }

    [TestMethod]
    [DataRow("text/html")]
    [DataRow("*/*;q=0")]
    [DataRow("application/json;q=0, application/octet-stream;q=0, */*")]
    [DataRow("nonsense")]
    public async Task Accept_may_leave_nothing(string accept)
    {
        using HttpResponseMessage response =
            await _server.PostAsync("/v1/rms-norm", "json", "{\"embeddings\": [[1, 2, 3]]}"u8.ToArray(), accept);
        Problem problem = await Problem.ReadAsync(response, HttpStatusCode.NotAcceptable);
        Assert.Contains("Accept has neither", problem.Detail);
    }

    [TestMethod]
    public async Task Other_methods_and_paths()
    {
        using HttpResponseMessage get = await _server.Client.GetAsync(new Uri("/v1/rms-norm", UriKind.Relative));
        Assert.AreEqual("POST", get.Content.Headers.Allow.Single());
        _ = await Problem.ReadAsync(get, HttpStatusCode.MethodNotAllowed);

        using HttpResponseMessage elsewhere = await _server.PostAsync("/v1/group-norm", "json", []);
        _ = await Problem.ReadAsync(elsewhere, HttpStatusCode.NotFound);
    }

    private static Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _server.PostAsync(path, "json", Encoding.UTF8.GetBytes(json));
}
