using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace NormKernels;

/// <summary>
/// The upper half of an IEEE binary32: 1 sign bit, 8 exponent bits, 7 fraction bits. A storage type: convert to
/// <see cref="float"/> to compute.
/// </summary>
/// <remarks>
/// Two bytes, laid out as the type of the same name in later versions of .NET. Conversion from <see cref="float"/>
/// rounds to nearest, ties to even, keeps subnormals, turns values beyond the largest finite one into infinities, and
/// makes a NaN quiet while keeping the upper bits of its payload. Equality and order are those of the value: NaN is
/// unequal to itself under <c>==</c> and equal under <see cref="Equals(BFloat16)"/>, and -0 equals +0.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
[SuppressMessage("Usage", "CA2225:Operator overloads have named alternates",
    Justification = "Half, whose shape this type follows, has conversion operators alone too.")]
public readonly struct BFloat16 : IEquatable<BFloat16>, IComparable<BFloat16>
{
    private const uint PositiveInfinityBits32 = 0x7F80_0000;
    private const ushort QuietBit = 0x0040;

    private readonly ushort _bits;

    private BFloat16(ushort bits) => _bits = bits;

    /// <summary>The largest finite value, about 3.39e38.</summary>
    public static BFloat16 MaxValue => new(0x7F7F);

    /// <summary>The smallest positive value, a subnormal of about 9.2e-41.</summary>
    public static BFloat16 Epsilon => new(0x0001);

    /// <summary>Positive infinity.</summary>
    public static BFloat16 PositiveInfinity => new(0x7F80);

    /// <summary>Negative infinity.</summary>
    public static BFloat16 NegativeInfinity => new(0xFF80);

    /// <summary>A quiet NaN.</summary>
    public static BFloat16 NaN => new(0x7FC0);

    /// <summary>The value with these bits.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>The bits of the value.</summary>
    public ushort ToBits() => _bits;

    /// <summary>Whether the value is a NaN.</summary>
    public static bool IsNaN(BFloat16 value) => (value._bits & 0x7FFF) > 0x7F80;

    /// <summary>Exact.</summary>
    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value._bits << 16);

    /// <summary>Exact.</summary>
    public static implicit operator double(BFloat16 value) => (float)value;

    /// <summary>Rounds to nearest, ties to even.</summary>
    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x7FFF_FFFF) > PositiveInfinityBits32
            ? new((ushort)((bits >> 16) | QuietBit))
            : new((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>Rounds once, to nearest, ties to even.</summary>
    public static explicit operator BFloat16(double value)
    {
        // Rounding to float first and then again could land on the wrong side of a tie. Rounding to odd first (the last
        // bit of an inexact float is forced to 1) leaves the tie to the second rounding.
        float nearest = (float)value;
        uint bits = BitConverter.SingleToUInt32Bits(nearest);
        if (nearest != value && float.IsFinite(nearest) && (bits & 1) == 0)
        {
            bool up = Math.Abs((double)nearest) < Math.Abs(value);
            bits = up ? bits + 1 : bits - 1;
        }

        return (BFloat16)BitConverter.UInt32BitsToSingle(bits);
    }

    /// <summary>Compares values: -0 equals +0, NaN equals nothing.</summary>
    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == right;

    /// <summary>The opposite of <c>==</c>.</summary>
    public static bool operator !=(BFloat16 left, BFloat16 right) => !(left == right);

    /// <summary>Compares values; false where either is NaN.</summary>
    public static bool operator <(BFloat16 left, BFloat16 right) => (float)left < right;

    /// <summary>Compares values; false where either is NaN.</summary>
    public static bool operator >(BFloat16 left, BFloat16 right) => (float)left > right;

    /// <summary>Compares values; false where either is NaN.</summary>
    public static bool operator <=(BFloat16 left, BFloat16 right) => (float)left <= right;

    /// <summary>Compares values; false where either is NaN.</summary>
    public static bool operator >=(BFloat16 left, BFloat16 right) => (float)left >= right;

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => ((float)this).Equals(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(BFloat16 other) => ((float)this).CompareTo(other);

    /// <summary>The value in decimal, culture-invariant.</summary>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
