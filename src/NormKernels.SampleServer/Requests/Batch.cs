using System;
using System.Runtime.InteropServices;

using NormKernels.SampleServer.Memory;

namespace NormKernels.SampleServer.Requests;

/// <summary>The tensors of a request.</summary>
internal enum BatchTensor
{
    /// <summary>What is normalized.</summary>
    Embeddings,

    /// <summary>What is added first; and then the sum, in its place.</summary>
    Residual,
}

/// <summary>
/// Rows of embeddings and, if there is one, of the residual, both in one piece of pooled memory. That is also how
/// octets come and go: they are read into it and written out of it, and the norms work in place.
/// </summary>
internal sealed class Batch(TensorBufferPool pool)
{
    private TensorBuffer? _buffer;

    /// <summary>What the elements are.</summary>
    public ElementType Type { get; private set; }

    /// <summary>Columns.</summary>
    public int Dimension { get; private set; }

    /// <summary>Rows of each tensor.</summary>
    public int Rows { get; set; }

    /// <summary>Whether there is a residual.</summary>
    public bool HasResidual { get; set; }

    /// <summary>Whether the residual lies before the embeddings: a client may write its JSON that way.</summary>
    public bool ResidualFirst { get; set; }

    /// <summary>Octets of one tensor.</summary>
    public int TensorBytes => Rows * Dimension * Element.SizeOf(Type);

    /// <summary>All the memory there is, of which the front is in use.</summary>
    public Span<byte> Memory => _buffer is null ? default : _buffer.Span;

    /// <summary>Starts with no rows.</summary>
    public void Begin(ElementType type, int dimension)
    {
        (Type, Dimension) = (type, dimension);
        (Rows, HasResidual, ResidualFirst) = (0, false, false);
    }

    /// <summary>Makes room.</summary>
    /// <param name="used">Octets at the front that are kept.</param>
    /// <param name="bytes">Octets that <see cref="Memory"/> has at least afterwards.</param>
    public void Reserve(int used, long bytes)
    {
        if (bytes <= Memory.Length)
        {
            return;
        }

        // The pool doubles sizes, so a batch that grows row by row is copied a few times in all.
        TensorBuffer larger = pool.Rent(checked((int)bytes));
        if (_buffer is not null)
        {
            _buffer.Span[..used].CopyTo(larger.Span);
            pool.Return(_buffer);
        }

        _buffer = larger;
    }

    /// <summary>The octets of a tensor.</summary>
    public Span<byte> Bytes(BatchTensor tensor)
    {
        bool behind = HasResidual && (tensor == BatchTensor.Residual) != ResidualFirst;
        return tensor == BatchTensor.Residual && !HasResidual
            ? default
            : Memory.Slice(behind ? TensorBytes : 0, TensorBytes);
    }

    /// <summary>The elements of a tensor, row by row.</summary>
    public Span<T> Elements<T>(BatchTensor tensor)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Bytes(tensor));

    /// <summary>The first element that is NaN or infinite, which JSON cannot say.</summary>
    public bool TryFindNonFinite(out BatchTensor tensor, out int row, out int column)
    {
        for (tensor = BatchTensor.Embeddings; tensor <= BatchTensor.Residual; tensor++)
        {
            int found = Type switch
            {
                ElementType.Float32 => IndexOfNonFinite(Elements<float>(tensor)),
                ElementType.Float16 => IndexOfNonFinite(Elements<Half>(tensor)),
                _ => IndexOfNonFinite(Elements<BFloat16>(tensor)),
            };
            if (found >= 0)
            {
                (row, column) = int.DivRem(found, Dimension);
                return true;
            }
        }

        (row, column) = (0, 0);
        return false;
    }

    /// <summary>Gives the memory back.</summary>
    public void Clear()
    {
        if (_buffer is not null)
        {
            pool.Return(_buffer);
            _buffer = null;
        }
    }

    private static int IndexOfNonFinite<T>(ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        for (int i = 0; i < elements.Length; i++)
        {
            if (!float.IsFinite(Element.ToSingle(elements[i])))
            {
                return i;
            }
        }

        return -1;
    }
}
