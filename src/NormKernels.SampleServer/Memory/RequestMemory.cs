using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Http;

namespace NormKernels.SampleServer.Memory;

/// <summary>A buffer of the pool for as long as a request lasts.</summary>
internal sealed class RequestMemory(TensorBufferPool pool) : IDisposable
{
    // What a body that does not say how long it is gets at first.
    private const int FirstCapacity = 64 << 10;

    private TensorBuffer? _buffer;

    /// <summary>All of it; what it holds is whatever the last request left.</summary>
    public Span<byte> Span => _buffer is null ? default : _buffer.Span;

    /// <summary>Makes room.</summary>
    /// <param name="bytes">Octets that <see cref="Span"/> has at least afterwards.</param>
    /// <param name="used">Octets at the front that are kept.</param>
    public void Reserve(int bytes, int used = 0)
    {
        if (bytes > Span.Length)
        {
            // The pool doubles sizes, so what grows bit by bit is copied a few times in all.
            TensorBuffer larger = pool.Rent(bytes);
            Span[..used].CopyTo(larger.Span);
            Dispose();
            _buffer = larger;
        }
    }

    /// <summary>Reads a body to its end.</summary>
    /// <param name="request">Has the body.</param>
    /// <param name="most">Octets that it may have. Kestrel holds it to that; here it bounds what is taken in advance.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Octets that the body had.</returns>
    /// <exception cref="BadHttpRequestException">It is too large, too slow or cut short.</exception>
    public async ValueTask<int> ReadAsync(HttpRequest request, int most, CancellationToken cancellationToken)
    {
        PipeReader body = request.BodyReader;
        Reserve((int)Math.Min(request.ContentLength ?? FirstCapacity, most));
        int length = 0;
        while (true)
        {
            ReadResult result = await body.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> octets = result.Buffer;
            Reserve(checked(length + (int)octets.Length), used: length);
            octets.CopyTo(Span[length..]);
            length += (int)octets.Length;
            body.AdvanceTo(octets.End);
            if (result.IsCompleted)
            {
                return length;
            }
        }
    }

    /// <summary>Gives it back.</summary>
    public void Dispose()
    {
        if (_buffer is not null)
        {
            pool.Return(_buffer);
            _buffer = null;
        }
    }
}
