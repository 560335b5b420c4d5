using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

/// <summary>
/// A call of a native entry whose parameter struct is filled field by field, by name, so that a test can spoil one.
/// Every pointer has 512 bytes of its own.
/// </summary>
internal sealed unsafe class NativeCall : IDisposable
{
    private const int BytesEach = 512;

    private readonly delegate*<void*, nk_status> _entry;
    private readonly Dictionary<string, NativeField> _fields;
    private readonly byte[] _parameters;
    private readonly GuardedMemory _memory;

    public NativeCall(string structName, delegate*<void*, nk_status> entry)
    {
        _entry = entry;
        _fields = NativeField.ByStruct()[structName].ToDictionary(field => field.Name);
        _parameters = new byte[_fields.Values.First().StructSize];
        _memory = GuardedMemory.Rent(BytesEach * _fields.Count);
        // One in every float: whatever is computed is written over it as something else.
        for (int i = 0; i < _memory.Length; i += sizeof(float))
        {
            BitConverter.TryWriteBytes(_memory.Bytes[i..], 1f + i % 37);
        }

        _memory.Bytes.CopyTo(_memory.Image);
        this["struct_size"] = _parameters.Length;
    }

    public IEnumerable<string> Fields => _fields.Keys;

    public long this[string field]
    {
        get => At(field).Length == sizeof(int) ? BitConverter.ToInt32(At(field)) : BitConverter.ToInt64(At(field));
        set => _ = At(field).Length == sizeof(int)
            ? BitConverter.TryWriteBytes(At(field), unchecked((int)value))
            : BitConverter.TryWriteBytes(At(field), value);
    }

    public bool Has(string field) => _fields.ContainsKey(field);

    public void SetEpsilon(double epsilon) => this["epsilon"] = BitConverter.DoubleToInt64Bits(epsilon);

    /// <summary>Points a field at memory of its own.</summary>
    public void Give(params ReadOnlySpan<string> pointers)
    {
        foreach (string pointer in pointers)
        {
            this[pointer] = _memory.Address + BytesEach * Array.IndexOf([.. _fields.Keys], pointer);
        }
    }

    /// <summary>The status of a call, and whether it has written anything; what it wrote is undone.</summary>
    public (nk_status Status, bool Written) Run()
    {
        nk_status status;
        fixed (byte* parameters = _parameters)
        {
            status = _entry(parameters);
        }

        bool written = !_memory.Image.AsSpan().SequenceEqual(_memory.Bytes);
        _memory.Image.CopyTo(_memory.Bytes);
        return (status, written);
    }

    /// <summary>With some fields changed, the call answers this and writes nothing.</summary>
    public void Refuses(nk_status expected, params (string Field, long Value)[] changes)
    {
        byte[] before = [.. _parameters];
        foreach ((string field, long value) in changes)
        {
            this[field] = value;
        }

        Assert.AreEqual((expected, false), Run(), string.Join(", ", changes));
        before.CopyTo(_parameters, 0);
    }

    public void Dispose() => _memory.Return();

    private Span<byte> At(string field) =>
        _parameters.AsSpan(checked((int)_fields[field].Offset), checked((int)_fields[field].Size));
}
