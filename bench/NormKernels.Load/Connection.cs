using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NormKernels.Load;

/// <summary>
/// A client that does as little as HTTP/1.1 allows, one request after the other: on a machine of few processors a
/// better one would be what is measured.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = 60_000,
    };

    private readonly byte[] _received = new byte[256 << 10];
    private int _begin;
    private int _end;

    public Connection(Uri server) =>
        _socket.Connect(new IPEndPoint(IPAddress.Parse(server.Host), server.Port));

    /// <summary>Sends a request and reads what comes back.</summary>
    /// <param name="request">Its head and its body.</param>
    /// <param name="body">Receives the body of the response; replaced where it is too small.</param>
    /// <returns>The length of the body.</returns>
    /// <exception cref="InvalidDataException">The response is no success.</exception>
    /// <exception cref="IOException">The connection has been closed.</exception>
    public int Send(ReadOnlySpan<byte> request, ref byte[] body)
    {
        for (ReadOnlySpan<byte> left = request; !left.IsEmpty;)
        {
            left = left[_socket.Send(left)..];
        }

        string status = Line();
        if (!status.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"The server said {status}.");
        }

        int? length = null;
        for (string line = Line(); line.Length != 0; line = Line())
        {
            if (line.StartsWith("Content-Length: ", StringComparison.Ordinal))
            {
                length = int.Parse(line.AsSpan(16), CultureInfo.InvariantCulture);
            }
        }

        if (length is not null)
        {
            Read(ref body, 0, length.Value);
            return length.Value;
        }

        // What has no length is chunked.
        int total = 0;
        while (true)
        {
            int chunk = int.Parse(Line(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Read(ref body, total, chunk);
            total += chunk;
            _ = Line();
            if (chunk == 0)
            {
                return total;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private string Line()
    {
        while (true)
        {
            int length = _received.AsSpan(_begin, _end - _begin).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                string line = Encoding.ASCII.GetString(_received, _begin, length);
                _begin += length + 2;
                return line;
            }

            Receive();
        }
    }

    private void Read(ref byte[] body, int at, int count)
    {
        if (at + count > body.Length)
        {
            Array.Resize(ref body, Math.Max(at + count, 2 * body.Length));
        }

        while (count != 0)
        {
            if (_begin == _end)
            {
                Receive();
            }

            int here = Math.Min(count, _end - _begin);
            _received.AsSpan(_begin, here).CopyTo(body.AsSpan(at));
            (_begin, at, count) = (_begin + here, at + here, count - here);
        }
    }

    private void Receive()
    {
        if (_begin != 0)
        {
            _received.AsSpan(_begin, _end - _begin).CopyTo(_received);
            (_begin, _end) = (0, _end - _begin);
        }

        int count = _socket.Receive(_received.AsSpan(_end));
        _end += count != 0 ? count : throw new IOException("The server has closed the connection.");
    }
}
