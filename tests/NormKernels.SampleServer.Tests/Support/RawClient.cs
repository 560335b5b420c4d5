using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace NormKernels.SampleServer.Tests.Support;

/// <summary>A client that sends what it is told, when it is told.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawClient(Uri address)
    {
        _client = new(address.Host, address.Port);
        _stream = _client.GetStream();
    }

    public Socket Socket => _client.Client;

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static RawClient Connect(RunningServer server) => new(server.Address);

    /// <summary>Sends the head of a request whose body is to be of a length.</summary>
    public Task SendHeadAsync(string path, int length, string contentType = "octet-stream") =>
        SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: test\r\n"
            + $"Content-Type: application/{contentType}\r\nContent-Length: {length}\r\n\r\n")));

    public async Task SendAsync(byte[] octets) => await _stream.WriteAsync(octets);

    /// <summary>All that comes until the server closes the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using StreamReader reader = new(_stream, Encoding.Latin1, leaveOpen: true);
        try
        {
            return await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            // It was reset, which is an end too.
            return "";
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }
}
