using System;
using System.Runtime.InteropServices;

using NormKernels.SampleServer.Memory;

namespace NormKernels.SampleServer.Requests;

/// <summary>
/// Rows of embeddings and, if there is one, of a residual, in the memory of a request. Octets are normed where they were
/// received and sent from there.
/// </summary>
/// <param name="Memory">Holds both; whoever made it disposes of it.</param>
/// <param name="Type">What the elements are.</param>
/// <param name="Rows">Rows of each tensor.</param>
/// <param name="Dimension">Columns.</param>
/// <param name="EmbeddingsAt">Where the embeddings begin in the memory.</param>
/// <param name="ResidualAt">Where the residual begins; null if there is none.</param>
internal sealed record Batch(
    RequestMemory Memory, ElementType Type, int Rows, int Dimension, int EmbeddingsAt = 0, int? ResidualAt = null)
{
    /// <summary>Octets of the embeddings: what is normalized, and then the result.</summary>
    public Span<byte> Embeddings => Memory.Span.Slice(EmbeddingsAt, TensorBytes);

    /// <summary>Octets of the residual, and then of the sum; empty if there is none.</summary>
    public Span<byte> Residual => ResidualAt is int at ? Memory.Span.Slice(at, TensorBytes) : default;

    private int TensorBytes => Rows * Dimension * SizeOf(Type);

    /// <summary>Octets of an element.</summary>
    public static int SizeOf(ElementType type) => type == ElementType.Float32 ? sizeof(float) : sizeof(ushort);

    /// <summary>The embeddings, row by row.</summary>
    public Span<T> EmbeddingsAs<T>()
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Embeddings);

    /// <summary>The residual, row by row; empty if there is none.</summary>
    public Span<T> ResidualAs<T>()
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Residual);
}
