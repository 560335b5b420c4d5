using System;
using System.Runtime.CompilerServices;

namespace NormKernels.Validation;

/// <summary>The memory of one argument.</summary>
internal unsafe struct Region
{
    public byte* Start;
    public byte* End;
    public long RowBytes;
    public long StrideBytes; // 0: a vector
    public int Number; // of the argument's name

    public readonly bool IsSamePlaceAs(in Region other) =>
        Start == other.Start && RowBytes == other.RowBytes && StrideBytes != 0 && other.StrideBytes != 0
        && (StrideBytes == other.StrideBytes || (End == other.End && End - Start == RowBytes));

    /// <summary>Whether regions whose ranges meet share a byte.</summary>
    public readonly bool Overlaps(in Region other)
    {
        // Columns of one matrix, such as the parts of a fused projection, lie between one another but not on one another.
        if (StrideBytes != other.StrideBytes || StrideBytes == 0)
        {
            return true;
        }

        long offset = (other.Start - Start) % StrideBytes;
        long shift = offset < 0 ? offset + StrideBytes : offset;
        return shift < RowBytes || shift + other.RowBytes > StrideBytes;
    }
}

/// <summary>Room for the regions of any call.</summary>
[InlineArray(11)]
internal struct RegionMemory
{
    private Region _first;
}

/// <summary>
/// Lists the memory of a call's arguments, for the check that no output lies on another argument: what is written first,
/// then inputs that an output may replace, then inputs that no output may touch. Each method adds one argument at the
/// end of the list and returns the new end; an argument that was not passed (a null pointer) takes no place, and so no
/// time in the check.
/// </summary>
/// <remarks>A list with fields of its own would live in memory, where each argument waits for the one before: 13 ns of a
/// call. Regions are written where they lie for the same reason.</remarks>
internal static unsafe class Regions
{
    /// <summary>A vector.</summary>
    /// <param name="end">The end of the list.</param>
    /// <param name="number">The number of the argument's name.</param>
    /// <param name="data">Its memory.</param>
    /// <param name="count">Its length.</param>
    /// <param name="elementSize">Bytes of an element.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Region* AddVector(Region* end, int number, void* data, long count, int elementSize) =>
        data == null ? end : Add(end, number, data, count * elementSize, count * elementSize, strideBytes: 0);

    /// <summary>A contiguous tensor that is an output or that one may replace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Region* AddTensor(Region* end, int number, void* data, long count, int elementSize) =>
        data == null
            ? end
            : Add(end, number, data, count * elementSize, count * elementSize, strideBytes: count * elementSize);

    /// <summary>A matrix; a stride of 0 means contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Region* AddMatrix(
        Region* end, int number, void* data, in RowShape shape, long stride, int elementSize)
    {
        if (data == null || shape.Count == 0)
        {
            return end;
        }

        long rowBytes = shape.Cols * elementSize;
        long strideBytes = stride == 0 ? rowBytes : stride * elementSize;
        return Add(end, number, data, (shape.Rows - 1) * strideBytes + rowBytes, rowBytes, strideBytes);
    }

    /// <summary>
    /// Throws if an output lies on another output, or on an input that it is not allowed to replace. An output may
    /// replace an input (same place, same stride) when both are matrices; no output may lie on a vector.
    /// </summary>
    /// <param name="first">The list.</param>
    /// <param name="end">Its end.</param>
    /// <param name="outputs">How many names are those of outputs.</param>
    /// <param name="replaceable">How many after them may be replaced.</param>
    /// <param name="names">The parameters' names.</param>
    /// <exception cref="ArgumentException">Named after the output.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void RequireNoOverlap(
        Region* first, Region* end, int outputs, int replaceable, ReadOnlySpan<string> names)
    {
        for (Region* output = first; output < end && output->Number < outputs; output++)
        {
            // An earlier output has been held against this one already.
            for (Region* other = output + 1; other < end; other++)
            {
                if (output->Start < other->End && other->Start < output->End)
                {
                    RequireAllowed(*output, *other, outputs, replaceable, names);
                }
            }
        }
    }

    // Whether two regions whose ranges from first to last byte meet may do so.
    private static void RequireAllowed(
        in Region output, in Region other, int outputs, int replaceable, ReadOnlySpan<string> names)
    {
        bool mayReplace = other.Number >= outputs && other.Number < outputs + replaceable;
        if ((!mayReplace || !output.IsSamePlaceAs(other)) && output.Overlaps(other))
        {
            throw new ArgumentException(
                $"{names[output.Number]} overlaps {names[other.Number]}"
                + (mayReplace ? ": in place means the same start and the same stride." : "."),
                names[output.Number]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Region* Add(Region* end, int number, void* data, long bytes, long rowBytes, long strideBytes)
    {
        end->Start = (byte*)data;
        end->End = (byte*)data + bytes;
        end->RowBytes = rowBytes;
        end->StrideBytes = strideBytes;
        end->Number = number;
        return end + 1;
    }
}
