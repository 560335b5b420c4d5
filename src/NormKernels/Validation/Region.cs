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

    /// <summary>A vector; a null pointer is an argument that was not passed.</summary>
    public Region(void* data, long bytes)
    {
        _start = (byte*)data;
        _end = data == null ? null : _start + bytes;
        _rowBytes = bytes;
        _strideBytes = bytes;
    }

    /// <summary>A matrix.</summary>
    public Region(void* data, long rows, long cols, long stride, int elementSize)
    {
        _start = (byte*)data;
        _rowBytes = cols * elementSize;
        _strideBytes = stride == 0 ? _rowBytes : stride * elementSize;
        _end = data == null || rows == 0 || cols == 0 ? _start : _start + (rows - 1) * _strideBytes + _rowBytes;
    }

    /// <summary>
    /// Throws if an output lies on another output, or on an input that it is not allowed to replace. An output may
    /// replace an input (same place, same stride) when both are matrices; no output may lie on a vector.
    /// </summary>
    /// <param name="outputs">What is written.</param>
    /// <param name="replaceable">Inputs that an output may replace.</param>
    /// <param name="inputs">Inputs that no output may touch.</param>
    /// <param name="names">The parameters' names: outputs, replaceable, inputs.</param>
    /// <exception cref="ArgumentException">Named after the output.</exception>
    public static void RequireNoOverlap(
        ReadOnlySpan<Region> outputs,
        ReadOnlySpan<Region> replaceable,
        ReadOnlySpan<Region> inputs,
        ReadOnlySpan<string> names)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            ref readonly Region output = ref outputs[i];
            if (output._start == output._end)
            {
                continue;
            }

            for (int k = 0; k < replaceable.Length; k++)
            {
                if (output.IsNear(replaceable[k]) && !output.IsSamePlaceAs(replaceable[k])
                    && output.Overlaps(replaceable[k]))
                {
                    ThrowOverlap(
                        names[i], names[outputs.Length + k], ": in place means the same start and the same stride");
                }
            }

            for (int k = 0; k < inputs.Length; k++)
            {
                if (output.IsNear(inputs[k]) && output.Overlaps(inputs[k]))
                {
                    ThrowOverlap(names[i], names[outputs.Length + replaceable.Length + k], string.Empty);
                }
            }

            for (int k = 0; k < i; k++)
            {
                if (output.IsNear(outputs[k]) && output.Overlaps(outputs[k]))
                {
                    ThrowOverlap(names[i], names[k], string.Empty);
                }
            }
        }
    }

    /// <summary>Whether the ranges from first to last byte meet: what tells almost all arguments apart.</summary>
    private bool IsNear(in Region other) => _start < other._end && other._start < _end;

    private bool IsSamePlaceAs(in Region other) =>
        _start == other._start && _rowBytes == other._rowBytes
        && (_strideBytes == other._strideBytes || (_end == other._end && _end - _start == _rowBytes));

    /// <summary>Whether regions whose ranges meet share a byte.</summary>
    private bool Overlaps(in Region other)
    {
        if (other._start == other._end)
        {
            return false;
        }

        // Columns of one matrix, such as the parts of a fused projection, lie between one another but not on one another.
        if (_strideBytes != other._strideBytes)
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
