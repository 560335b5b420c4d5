using System;
using System.IO;

namespace NormKernels.Layers.Tests.Files.Numpy;

/// <summary>A stream such as a pipe: it has no length, and hands over a few bytes at a time.</summary>
internal sealed class PipeLikeStream(byte[] bytes, int pieceBytes = 7) : MemoryStream(bytes)
{
    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, pieceBytes)]);
}
