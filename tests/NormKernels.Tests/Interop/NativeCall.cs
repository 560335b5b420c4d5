using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

/// <summary>
/// A call of a native entry whose parameter struct is filled field by field, by name, so that a test can spoil one.
/// Every pointer has 1024 bytes of its own. The fields of a nested struct are named reduction.rank, those of an array
/// reduction.sizes.0.
/// </summary>
internal sealed unsafe class NativeCall : IDisposable
{
    private const int BytesEach = 1024;

    private readonly Func<nint, nk_status> _entry;
    private readonly Dictionary<string, NativeField> _fields;
    private readonly byte[] _parameters;
    private readonly GuardedMemory _memory;

    public NativeCall(string structName, delegate*<void*, nk_status> entry)
        : this(structName, parameters => entry((void*)parameters))
    {
    }

    public NativeCall(string structName, Func<nint, nk_status> entry)
    {
        _entry = entry;
        _fields = Flat(NativeField.ByStruct(), structName).ToDictionary(field => field.Name);
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
            status = _entry((nint)parameters);
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

    private static IEnumerable<NativeField> Flat(IReadOnlyDictionary<string, NativeField[]> structs, string name)
    {
        foreach (NativeField field in structs[name])
        {
            NativeField[] parts = structs.TryGetValue("nk_" + field.Name, out NativeField[]? _)
                ? [.. Flat(structs, "nk_" + field.Name)]
                : field.Size > sizeof(long)
                    ? [.. Enumerable.Range(0, (int)field.Size / sizeof(long)).Select(i =>
                        new NativeField($"{i}", "int64_t", (ulong)i * sizeof(long), sizeof(long), 0))]
                    : [];
            if (parts.Length == 0)
            {
                yield return field;
            }

            foreach (NativeField part in parts)
            {
                yield return part with
                {
                    Name = $"{field.Name}.{part.Name}",
                    Offset = field.Offset + part.Offset,
                    StructSize = field.StructSize,
                };
            }
        }
    }

    private Span<byte> At(string field) =>
        _parameters.AsSpan(checked((int)_fields[field].Offset), checked((int)_fields[field].Size));
}
