using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.Interop;

/// <summary>The structs of the C ABI as the native library was compiled, against those of C#.</summary>
[TestClass]
public sealed unsafe class AbiLayoutTests
{
    private static readonly IReadOnlyDictionary<string, NativeField[]> _native = NativeField.ByStruct();

    private static readonly IReadOnlyDictionary<string, Type> _managed = ManagedAbi.Types
        .Where(type => type.IsValueType && !type.IsEnum).ToDictionary(type => type.Name);

    public static IEnumerable<string> Structs => _native.Keys.Union(_managed.Keys);

    [TestMethod]
    public void There_are_structs_and_both_sides_have_the_same()
    {
        Assert.IsGreaterThan(4, _native.Count);
        CollectionAssert.AreEquivalent(_native.Keys.ToArray(), _managed.Keys.ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Structs))]
    public void Every_field_lies_at_the_same_place(string name)
    {
        NativeField[] native = _native[name];
        NativeField[] managed =
        [
            .. _managed[name].GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Select(field => new NativeField(field.Name, ManagedAbi.TypeOf(field), OffsetOf(field),
                SizeOf(field.FieldType), SizeOf(_managed[name]))),
        ];
        CollectionAssert.AreEqual(
            native.OrderBy(f => f.Offset).ToArray(),
            managed.OrderBy(f => f.Offset).ToArray(),
            $"native: {string.Join(' ', native)}{Environment.NewLine}managed: {string.Join(' ', managed)}");
    }

    [TestMethod]
    [DynamicData(nameof(Structs))]
    public void Fields_fill_their_struct(string name)
    {
        NativeField[] fields = [.. _native[name].OrderBy(field => field.Offset)];
        ulong end = 0;
        ulong alignment = 1;
        foreach (NativeField field in fields)
        {
            // Arrays and structs are of 64-bit integers.
            ulong own = Math.Min(field.Size, sizeof(long));
            Assert.AreEqual(Aligned(end, own), field.Offset, field.ToString());
            end = field.Offset + field.Size;
            alignment = Math.Max(alignment, own);
        }

        Assert.AreEqual(Aligned(end, alignment), fields[0].StructSize);
    }

    [TestMethod]
    public void Parameter_structs_start_with_their_size()
    {
        string[] parameters = [.. Structs.Where(name => name.EndsWith("_params", StringComparison.Ordinal))];
        Assert.IsNotEmpty(parameters);
        foreach (string name in parameters)
        {
            Assert.AreEqual(("struct_size", 0ul, 8ul), (_native[name][0].Name, _native[name][0].Offset,
            _native[name][0].Size));
        }
    }

    private static ulong Aligned(ulong offset, ulong alignment) => (offset + alignment - 1) / alignment * alignment;

    // As the runtime lays it out, not as a marshaller would: where a value that is zero but for this field is not zero.
    private static ulong OffsetOf(FieldInfo field)
    {
        object boxed = RuntimeHelpers.GetUninitializedObject(field.DeclaringType!);
        field.SetValue(boxed, Filled(field.FieldType));
        byte[] bytes = (byte[])Generic(nameof(BytesOf), field.DeclaringType!).Invoke(null, [boxed])!;
        Assert.AreEqual((int)SizeOf(field.FieldType), bytes.Count(b => b == 0xFF), field.Name);
        return (ulong)Array.IndexOf(bytes, (byte)0xFF);
    }

    // Every byte 0xFF.
    private static object Filled(Type type) =>
        type.IsPointer ? Pointer.Box((void*)-1, type)
            : type.IsEnum ? Enum.ToObject(type, Filled(type.GetEnumUnderlyingType()))
            : Generic(nameof(Filled), type).Invoke(null, null)!;

    private static object Filled<T>()
        where T : unmanaged
    {
        T value = default;
        new Span<byte>(&value, sizeof(T)).Fill(0xFF);
        return value;
    }

    private static ulong SizeOf(Type type) =>
        type.IsPointer ? (ulong)sizeof(void*) : (ulong)(int)Generic(nameof(SizeOf), type).Invoke(null, null)!;

    private static int SizeOf<T>()
        where T : unmanaged => sizeof(T);

    private static byte[] BytesOf<T>(object boxed)
        where T : unmanaged => MemoryMarshal.AsBytes((ReadOnlySpan<T>)[(T)boxed]).ToArray();

    private static MethodInfo Generic(string name, Type type) =>
        typeof(AbiLayoutTests).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Single(method => method.Name == name && method.IsGenericMethodDefinition)
            .MakeGenericMethod(type);
}
