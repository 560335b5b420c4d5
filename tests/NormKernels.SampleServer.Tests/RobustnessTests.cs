using System.IO.Pipelines;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Requests;
using NormKernels.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>JSON in any pieces, and JSON that has been damaged.</summary>
[TestClass]
public sealed class RobustnessTests
{
    private const string Body =
        "{\"residual\": [[-0.5, 1e-3, 3], [4, 5E+1, 6]],\n \"embeddings\" : [[1.25, 2, 3], [40, 50, 60.125]]}";

    [TestMethod]
    public async Task Any_two_pieces_are_the_whole()
    {
        byte[] json = Encoding.UTF8.GetBytes(Body);
        using TensorBufferPool buffers = new(1 << 20);
        for (int cut = 0; cut <= json.Length; cut++)
        {
            await AssertBatchAsync(buffers, json[..cut], json[cut..]);
        }
    }

    [TestMethod]
    public async Task Octet_by_octet()
    {
        using TensorBufferPool buffers = new(1 << 20);
        await AssertBatchAsync(buffers, [.. Encoding.UTF8.GetBytes(Body).Select(octet => (byte[])[octet])]);
    }

    // What has no end would be looked at again with every piece.
    [TestMethod]
    [DataRow("{\"")]
    [DataRow("{\"embeddings\": [[\"")]
    [DataRow("{\"embeddings\": [[1")]
    public async Task A_word_without_end_is_not_waited_for(string begin)
    {
        using TensorBufferPool buffers = new(1 << 20);
        Batch batch = new(buffers);
        batch.Begin(ElementType.Float32, dimension: 3);
        Pipe pipe = new(new PipeOptions(useSynchronizationContext: false));
        Task<RequestProblem?> reading = new JsonBatchReader()
            .ReadAsync(pipe.Reader, default, batch, new LimitOptions(), CancellationToken.None).AsTask();
        _ = await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(begin));
        for (int octets = 0; octets <= 4096; octets += 1024)
        {
            _ = await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(new string('1', 1024)));
        }

        // It is not the end of the body that it has waited for.
        Assert.Contains("a word of more than 4096 octets", (await reading)!.Detail);
        batch.Clear();
    }

    // Whatever comes, there is a batch or a problem, never an exception; and all memory comes back.
    [TestMethod]
    public async Task Damaged_json_is_a_problem_or_a_batch()
    {
        byte[] json = Encoding.UTF8.GetBytes(Body);
        RandomData random = new(nameof(Damaged_json_is_a_problem_or_a_batch));
        using TensorBufferPool buffers = new(1 << 20);
        int problems = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. json];
            for (int times = random.Below(3); times >= 0; times--)
            {
                int at = random.Below(damaged.Length);
                damaged = random.Below(3) switch
                {
                    0 => [.. damaged[..at], .. damaged[(at + 1)..]],
                    1 => [.. damaged[..at], (byte)random.Below(256), .. damaged[at..]],
                    _ => [.. damaged[..at], damaged[random.Below(damaged.Length)], .. damaged[(at + 1)..]],
                };
            }

            Batch batch = new(buffers);
            int cut = random.Below(damaged.Length);
            RequestProblem? problem = await ReadAsync(batch, damaged[..cut], damaged[cut..]);
            problems += problem is null ? 0 : 1;
            Assert.IsTrue(problem is null or { Status: 400, Detail.Length: > 0 }, Encoding.Latin1.GetString(damaged));
            batch.Clear();
        }

        Assert.IsGreaterThan(1000, problems);
        Assert.AreEqual(0, buffers.RentedBytes);
    }

    private static async Task AssertBatchAsync(TensorBufferPool buffers, params byte[][] pieces)
    {
        Batch batch = new(buffers);
        Assert.IsNull(await ReadAsync(batch, pieces));
        Assert.AreEqual((2, true, true), (batch.Rows, batch.HasResidual, batch.ResidualFirst));
        float[] embeddings = batch.Elements<float>(BatchTensor.Embeddings).ToArray();
        float[] residual = batch.Elements<float>(BatchTensor.Residual).ToArray();
        CollectionAssert.AreEqual((float[])[1.25f, 2, 3, 40, 50, 60.125f], embeddings);
        CollectionAssert.AreEqual((float[])[-0.5f, 1e-3f, 3, 4, 50, 6], residual);
        batch.Clear();
    }

    private static async Task<RequestProblem?> ReadAsync(Batch batch, params byte[][] pieces)
    {
        batch.Begin(ElementType.Float32, dimension: 3);
        Pipe pipe = new(new PipeOptions(useSynchronizationContext: false));
        Task<RequestProblem?> reading = new JsonBatchReader()
            .ReadAsync(pipe.Reader, default, batch, new LimitOptions(), CancellationToken.None).AsTask();
        foreach (byte[] piece in pieces)
        {
            _ = await pipe.Writer.WriteAsync(piece);
        }

        await pipe.Writer.CompleteAsync();
        return await reading;
    }
}
