using System;
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
    [DataRow("", "malformed", null)]
    [DataRow(" ", "malformed", null)]
    [DataRow("[[1, 2, 3]]", "The body: there has to be an object with embeddings", null)]
    [DataRow("null", "there has to be an object", null)]
    [DataRow("{}", "there are no embeddings", null)]
    [DataRow("{\"residual\": [[1, 2, 3]]}", "there are no embeddings", null)]
    [DataRow("{\"embedding\": [[1, 2, 3]]}", "'embedding'; embeddings and residual are known", null)]
    [DataRow("{\"embeddings\": null}", "there has to be an array of rows; there is null", "#/embeddings")]
    [DataRow("{\"embeddings\": [1, 2, 3]}", "there has to be an array of 3 numbers; there is 1", "#/embeddings/0")]
    [DataRow("{\"embeddings\": [[1, 2, 3], null]}", "there is null", "#/embeddings/1")]
    [DataRow("{\"embeddings\": [[1, 2, 3], [1, 2]]}", "there have to be 3 columns; there are 2", "#/embeddings/1/2")]
    [DataRow("{\"embeddings\": [[1, 2, 3], [1, 2, 3, 4]]}", "there are more than 3 columns", "#/embeddings/1/3")]
    [DataRow("{\"embeddings\": [[]]}", "there are 0", "#/embeddings/0/0")]
    [DataRow("{\"embeddings\": [[1, 2, \"3\"]]}", "there has to be a number; there is \"3\".", "#/embeddings/0/2")]
    [DataRow("{\"embeddings\": [[1, null, 3]]}", "there is null", "#/embeddings/0/1")]
    [DataRow("{\"embeddings\": [[1, true, 3]]}", "there is true", "#/embeddings/0/1")]
    [DataRow("{\"embeddings\": [[1, {}, 3]]}", "there is {", "#/embeddings/0/1")]
    [DataRow("{\"embeddings\": [[[1]]]}", "there is [", "#/embeddings/0/0")]
    [DataRow("{\"embeddings\": [[1, NaN, 3]]}", "malformed JSON in line 1, octet 21.", "#/embeddings/0/1")]
    [DataRow("{\"embeddings\": [[1, -Infinity, 3]]}", "malformed", "#/embeddings/0/1")]
    [DataRow("{\"embeddings\": [[1, 2, 1e39]]}", "1e39 is beyond float32", "#/embeddings/0/2")]
    [DataRow("{\"embeddings\": [[1, 2, -1e999]]}", "-1e999 is beyond float32", "#/embeddings/0/2")]
    [DataRow("{\"embeddings\": [[1, 2, 03]]}", "malformed", "#/embeddings/0/2")]
    [DataRow("{\"embeddings\": [[1, 2, 3], [4, 5", "malformed", "#/embeddings/1/1")]
    [DataRow("{\"embeddings\": [[1, 2, 3],\n [4, , 6]]}", "malformed JSON in line 2, octet 6", "#/embeddings/1/1")]
    [DataRow("{\"embeddings\": [[1, 2, 3]", "malformed", "#/embeddings/1")]
    [DataRow("{\"embeddings\": [[1, 2, 3]]", "malformed", null)]
    [DataRow("{\"embeddings\": [[1, 2, 3]]} {}", "malformed", null)]
    [DataRow("{\"embeddings\": [[1, 2, 3],]}", "malformed", "#/embeddings/1")]
    [DataRow("{\"embeddings\": [[1, 2, 3]] /* */}", "malformed", null)]
    [DataRow("{\"embeddings\": [[1, 2, 3]], \"embeddings\": [[1, 2, 3]]}", "it is there twice", "#/embeddings")]
    [DataRow("{\"embeddings\": [[1, 2, 3]], \"residual\": [[1, 2]]}", "there are 2", "#/residual/0/2")]
    [DataRow("{\"embeddings\": [[1, 2, 3]], \"residual\": []}", "0 rows of the residual and 1", null)]
    [DataRow("{\"residual\": [[1, 2, 3], [4, 5, 6]], \"embeddings\": [[1, 2, 3]]}", "2 rows of the residual", null)]
    [DataRow("\u00EF\u00BB\u00BF{\"embeddings\": [[1, 2, 3]]}", "malformed", null)]
    [DataRow("\u00FF\u00FE", "malformed", null)]
    [DataRow("{\"\u00FF\u0000\": 1}", "malformed", null)]
    [DataRow("{\"\u00FF\": 1}", "embeddings and residual are known", null)]
    [DataRow("{\"embeddings\\ud800\": 1}", "are known", null)]
    public async Task Json(string body, string fragment, string? pointer)
    {
        // Octet by octet, so that it need not be UTF-8.
        using HttpResponseMessage response =
            await _server.PostAsync("/v1/rms-norm", "json", Encoding.Latin1.GetBytes(body));
        Problem problem = await Problem.ReadAsync(response, HttpStatusCode.BadRequest);
        Assert.Contains(fragment, problem.Detail);
        Assert.AreEqual(pointer, problem.Pointer, problem.Detail);
    }

    [TestMethod]
    [DataRow("dtype=float64", "'float64'")]
    [DataRow("dtype=", "float32, float16 or bfloat16; it is ''")]
    [DataRow("dtype", "it is ''")]
    [DataRow("dtpye=float16", "'dtpye'; dtype, dim and residual are known")]
    [DataRow("dtype=float16&dtype=float16", "dtype twice")]
    [DataRow("dim=0", "a number from 1")]
    [DataRow("dim=-3", "'-3'")]
    [DataRow("dim=3.0", "'3.0'")]
    [DataRow("dim=99999999999", "'99999999999'")]
    [DataRow("dim=4", "The model has 3 columns; the query says 4")]
    [DataRow("rows=2", "'rows'")]
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
        Assert.Contains("residual in the body", (await Problem.ReadAsync(residual, HttpStatusCode.BadRequest)).Detail);

        using HttpResponseMessage half =
            await PostAsync("/v1/rms-norm?dtype=float16", "{\"embeddings\": [[1, 2, 3]]}");
        Assert.Contains("JSON is float32", (await Problem.ReadAsync(half, HttpStatusCode.BadRequest)).Detail);

        using HttpResponseMessage l2 =
            await PostAsync("/v1/l2-normalize", "{\"embeddings\": [[1, 2, 3]], \"residual\": [[1, 2, 3]]}");
        Assert.Contains("takes no residual", (await Problem.ReadAsync(l2, HttpStatusCode.BadRequest)).Detail);

        using HttpResponseMessage wide = await _server.PostAsync("/v1/l2-normalize?dim=9", "octet-stream", []);
        Assert.Contains("may have 8 columns", (await Problem.ReadAsync(wide, HttpStatusCode.BadRequest)).Detail);
    }

    [TestMethod]
    // Three columns of float32 are 12 octets.
    [DataRow("", 25, "25 octets, which is no multiple of 12: 3 columns of 4.")]
    [DataRow("", 11, "11 octets")]
    [DataRow("?dtype=float16", 9, "no multiple of 6: 3 columns of 2.")]
    [DataRow("?residual=true", 12, "no multiple of 24: 3 columns of 4, twice: embeddings and residual.")]
    public async Task Octets_that_are_no_rows(string query, int length, string fragment)
    {
        foreach (bool chunked in (bool[])[false, true])
        {
            using HttpResponseMessage response =
                await _server.PostAsync($"/v1/layer-norm{query}", "octet-stream", new byte[length], chunked: chunked);
            Problem problem = await Problem.ReadAsync(response, HttpStatusCode.BadRequest);
            Assert.Contains(fragment, problem.Detail);
        }
    }

    [TestMethod]
    [DataRow("text/plain")]
    [DataRow("application/x-www-form-urlencoded")]
    [DataRow("json/")]
    public async Task Content_types(string contentType)
    {
        using HttpResponseMessage response = await _server.PostAsync("/v1/rms-norm", contentType, [1]);
        Problem problem = await Problem.ReadAsync(response, HttpStatusCode.UnsupportedMediaType);
        Assert.Contains("application/json or application/octet-stream", problem.Detail);
    }

    [TestMethod]
    [DataRow("application/json; charset=utf-8")]
    [DataRow("Application/JSON")]
    public async Task Content_types_that_are_taken(string contentType)
    {
        using HttpResponseMessage response =
            await _server.PostAsync("/v1/rms-norm", contentType, "{\"embeddings\": []}"u8.ToArray());
        Assert.AreEqual("{\"embeddings\":[]}", await response.Content.ReadAsStringAsync());
        Assert.AreEqual("application/json", response.Content.Headers.ContentType?.ToString());
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
    public async Task Other_methods_and_paths()
    {
        using HttpResponseMessage get = await _server.Client.GetAsync(new Uri("/v1/rms-norm", UriKind.Relative));
        Assert.AreEqual(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        using HttpResponseMessage elsewhere = await _server.PostAsync("/v1/group-norm", "json", []);
        Assert.AreEqual(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    private static Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _server.PostAsync(path, "json", Encoding.UTF8.GetBytes(json));
}
