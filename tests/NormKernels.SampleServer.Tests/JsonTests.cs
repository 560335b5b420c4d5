using System;
using System.Linq;
using System.Text;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Requests;
using NormKernels.Tests.Support;

namespace NormKernels.SampleServer.Tests;

/// <summary>JSON that has been damaged.</summary>
[TestClass]
public sealed class JsonTests
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        "{\"residual\": [[-0.5, 1e-3, 3], [4, 5E+1, 6]],\n \"embeddings\" : [[1.25, 2, 3], [40, 50, 60.125]]}");

    [TestMethod]
    public void The_whole_is_a_batch()
    {
        using TensorBufferPool buffers = new(1 << 20);
        using RequestMemory memory = new(buffers);
        Batch batch = JsonBatchReader.Read(Body, memory, dimension: 3, maxRows: 2);
        CollectionAssert.AreEqual((float[])[1.25f, 2, 3, 40, 50, 60.125f], batch.EmbeddingsAs<float>().ToArray());
        CollectionAssert.AreEqual((float[])[-0.5f, 1e-3f, 3, 4, 50, 6], batch.ResidualAs<float>().ToArray());
    }

    [TestMethod]
    public void No_part_is_one()
    {
        using TensorBufferPool buffers = new(1 << 20);
        for (int cut = 0; cut < Body.Length; cut++)
        {
            using RequestMemory memory = new(buffers);
            _ = Assert.ThrowsExactly<RequestException>(() => JsonBatchReader.Read(Body.AsSpan(0, cut), memory, 3, 2));
        }
    }

    // As many numbers in as few octets as there can be.
    [TestMethod]
    public void A_body_of_digits_fits_its_memory()
    {
        using TensorBufferPool buffers = new(1 << 20);
        using RequestMemory memory = new(buffers);
        byte[] json = Encoding.ASCII.GetBytes(
            $"{{\"embeddings\":[[{string.Join(',', Enumerable.Repeat(1, 100_000))}]]}}");
        Batch batch = JsonBatchReader.Read(json, memory, dimension: 100_000, maxRows: 1);
        Assert.AreEqual(-1, batch.EmbeddingsAs<float>().IndexOfAnyExcept(1f));
    }

    // Whatever comes, there is a batch or a problem, never another exception; and all memory comes back.
    [TestMethod]
    public void Damaged_json_is_a_problem_or_a_batch()
    {
        RandomData random = new(nameof(Damaged_json_is_a_problem_or_a_batch));
        using TensorBufferPool buffers = new(1 << 20);
        int problems = 0;
        for (int i = 0; i < 5000; i++)
        {
            byte[] damaged = [.. Body];
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

            using RequestMemory memory = new(buffers);
            try
            {
                _ = JsonBatchReader.Read(damaged, memory, dimension: 3, maxRows: 2);
            }
            catch (RequestException e)
            {
                Assert.AreNotEqual("", e.Message);
                problems++;
            }
        }

        Assert.IsGreaterThan(1000, problems);
        Assert.AreEqual(0, buffers.RentedBytes);
    }
}
