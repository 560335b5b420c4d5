using System;
using System.Diagnostics.CodeAnalysis;

namespace NormKernels.Validation;

/// <summary>The memory of one argument, for the check that no output lies on another argument.</summary>
internal readonly unsafe struct Region
{
    private readonly byte* _start;
    private readonly byte* _end;
    private readonly long _rowBytes;
    private readonly long _strideBytes;
    private readonly string _name;

    /// <summary>A vector; a null pointer is an argument that was not passed.</summary>
    public Region(void* data, long bytes, string name)
    {
        _start = (byte*)data;
        _end = data == null ? null : _start + bytes;
        _rowBytes = bytes;
        _strideBytes = bytes;
        _name = name;
    }

    /// <summary>A matrix.</summary>
    public Region(void* data, RowShape shape, long stride, int elementSize, string name)
    {
        _start = (byte*)data;
        _rowBytes = shape.Cols * elementSize;
        _strideBytes = (stride == 0 ? shape.Cols : stride) * elementSize;
        _end = data == null || shape.Count == 0 ? _start : _start + (shape.Rows - 1) * _strideBytes + _rowBytes;
        _name = name;
    }

    /// <summary>
    /// Throws if an output lies on another output, or on an input that it is not allowed to replace. An output may
    /// replace an input (same place, same stride) when both are matrices; no output may lie on a vector.
    /// </summary>
    /// <exception cref="ArgumentException">Named after the output.</exception>
    public static void RequireNoOverlap(
        ReadOnlySpan<Region> outputs, ReadOnlySpan<Region> replaceable, ReadOnlySpan<Region> inputs)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            ref readonly Region output = ref outputs[i];
            foreach (ref readonly Region input in replaceable)
            {
                if (output.Overlaps(input) && !output.IsSamePlaceAs(input))
                {
                    ThrowOverlap(output._name, input._name, ": in place means the same start and the same stride");
                }
            }

            foreach (ref readonly Region input in inputs)
            {
                if (output.Overlaps(input))
                {
                    ThrowOverlap(output._name, input._name, string.Empty);
                }
            }

            foreach (ref readonly Region other in outputs[..i])
            {
                if (output.Overlaps(other))
                {
                    ThrowOverlap(output._name, other._name, string.Empty);
                }
            }
        }
    }

    private bool IsSamePlaceAs(in Region other) =>
        _start == other._start && _rowBytes == other._rowBytes
        && (_strideBytes == other._strideBytes || _end == other._end && _end - _start == _rowBytes);

    private bool Overlaps(in Region other)
    {
        bool empty = _start == _end || other._start == other._end;
        if (empty || _start >= other._end || other._start >= _end)
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
