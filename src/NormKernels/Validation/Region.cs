using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NormKernels.Validation;

/// <summary>The memory of one argument, for the check that no output lies on another argument.</summary>
internal unsafe struct Region
{
    private byte* _start;
    private byte* _end;
    private long _rowBytes;
    private long _strideBytes; // 0: a vector

    /// <summary>A vector; a null pointer is an argument that was not passed.</summary>
    /// <remarks>Regions are written where they lie: a copy would wait for its four fields to leave the store queue, and
    /// ten of them made up half the cost of a small call.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetVector(void* data, long bytes)
    {
        _start = (byte*)data;
        _end = data == null ? null : (byte*)data + bytes;
        _rowBytes = bytes;
        _strideBytes = 0;
    }

    /// <summary>A contiguous tensor that no output may replace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetVector(void* data, long count, int elementSize) => SetVector(data, count * elementSize);

    /// <summary>A contiguous tensor that is an output or that one may replace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetTensor(void* data, long count, int elementSize) =>
        SetMatrix(data, rows: 1, count, stride: 0, elementSize);

    /// <summary>A matrix; a stride of 0 means contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetMatrix(void* data, long rows, long cols, long stride, int elementSize)
    {
        long rowBytes = cols * elementSize;
        long strideBytes = stride == 0 ? rowBytes : stride * elementSize;
        _start = (byte*)data;
        _end = data == null || rows == 0 || cols == 0 ? (byte*)data : (byte*)data + (rows - 1) * strideBytes + rowBytes;
        _rowBytes = rowBytes;
        _strideBytes = strideBytes;
    }

    /// <summary>
    /// Throws if an output lies on another output, or on an input that it is not allowed to replace. An output may
    /// replace an input (same place, same stride) when both are matrices; no output may lie on a vector.
    /// </summary>
    /// <param name="regions">What is written; then inputs that an output may replace; then inputs that no output may
    /// touch.</param>
    /// <param name="outputs">How many are written.</param>
    /// <param name="replaceable">How many may be replaced.</param>
    /// <param name="names">The parameters' names.</param>
    /// <exception cref="ArgumentException">Named after the output.</exception>
    public static void RequireNoOverlap(
        ReadOnlySpan<Region> regions, int outputs, int replaceable, ReadOnlySpan<string> names)
    {
        for (int i = 0; i < outputs; i++)
        {
            ref readonly Region output = ref regions[i];
            if (output._start == output._end)
            {
                continue;
            }

            for (int k = 0; k < regions.Length; k++)
            {
                // An earlier output has been held against this one already.
                if ((k < outputs && k <= i) || !output.IsNear(regions[k]))
                {
                    continue;
                }

                bool mayReplace = k >= outputs && k < outputs + replaceable;
                if ((!mayReplace || !output.IsSamePlaceAs(regions[k])) && output.Overlaps(regions[k]))
                {
                    ThrowOverlap(
                        names[i], names[k], mayReplace ? ": in place means the same start and the same stride" : "");
                }
            }
        }
    }

    /// <summary>Whether the ranges from first to last byte meet: what tells almost all arguments apart.</summary>
    private readonly bool IsNear(in Region other) => _start < other._end && other._start < _end;

    private readonly bool IsSamePlaceAs(in Region other) =>
        _start == other._start && _rowBytes == other._rowBytes && _strideBytes != 0 && other._strideBytes != 0
        && (_strideBytes == other._strideBytes || (_end == other._end && _end - _start == _rowBytes));

    /// <summary>Whether regions whose ranges meet share a byte.</summary>
    private readonly bool Overlaps(in Region other)
    {
        if (other._start == other._end)
        {
            return false;
        }

        // Columns of one matrix, such as the parts of a fused projection, lie between one another but not on one another.
        if (_strideBytes != other._strideBytes || _strideBytes == 0)
        {
            return true;
        }

        long offset = (other._start - _start) % _strideBytes;
        long shift = offset < 0 ? offset + _strideBytes : offset;
        return shift < _rowBytes || shift + other._rowBytes > _strideBytes;
    }

    [DoesNotReturn]
    private static void ThrowOverlap(string output, string other, string hint) =>
        throw new ArgumentException($"{output} overlaps {other}{hint}.", output);
}
