using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels.Validation;

/// <summary>The lengths of the axes of a tensor, in place. Axes that the tensor does not have are 0.</summary>
[InlineArray(NkReduction.NK_MAX_RANK)]
internal struct TensorAxes : IEquatable<TensorAxes>
{
    private long _first;

    /// <summary>Copies the axes after checking them.</summary>
    public static TensorAxes Of(ReadOnlySpan<long> tensorShape, string name)
    {
        if (tensorShape.Length > NkReduction.NK_MAX_RANK)
        {
            throw new ArgumentException(
                $"The tensor has {tensorShape.Length} axes, {NkReduction.NK_MAX_RANK} are supported.", name);
        }

        Sizes.RequireNoneNegative(tensorShape, name);
        Sizes.RequireFit(tensorShape, name);
        TensorAxes axes = default;
        tensorShape.CopyTo(axes);
        return axes;
    }

    /// <summary>The product of those axes of the first <paramref name="rank"/> whose bit is set.</summary>
    public readonly long Product(int rank, uint which)
    {
        // Cannot overflow: axes that are not 0 were checked together.
        long product = 1;
        for (int i = 0; i < rank; i++)
        {
            product *= (which >> i & 1) != 0 ? this[i] : 1;
        }

        return product;
    }

    /// <inheritdoc/>
    public readonly bool Equals(TensorAxes other) => ((ReadOnlySpan<long>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is TensorAxes other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        HashCode hash = default;
        foreach (long axis in this)
        {
            hash.Add(axis);
        }

        return hash.ToHashCode();
    }
}
