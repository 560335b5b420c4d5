using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace NormKernels.SampleServer.Tests.Support;

/// <summary>Reads the same octets again and again; nothing is waited for, and nothing allocated.</summary>
internal sealed class FixedReader(byte[] octets) : PipeReader
{
    private ReadOnlySequence<byte> _left = new(octets);

    public void Rewind() => _left = new(octets);

    public override bool TryRead(out ReadResult result)
    {
        result = new(_left, isCanceled: false, isCompleted: true);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new ReadResult(_left, isCanceled: false, isCompleted: true));

    public override void AdvanceTo(SequencePosition consumed) => _left = _left.Slice(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException();
}

/// <summary>Writes over the same octets again and again.</summary>
internal sealed class FixedWriter(int capacity) : PipeWriter
{
    private readonly byte[] _octets = new byte[capacity];

    public int Written { get; private set; }

    public void Rewind() => Written = 0;

    public override void Advance(int bytes) => Written += bytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _octets.AsMemory(Written);

    public override Span<byte> GetSpan(int sizeHint = 0) => _octets.AsSpan(Written);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(default(FlushResult));

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException();
}
