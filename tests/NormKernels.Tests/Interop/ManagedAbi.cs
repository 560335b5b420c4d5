using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels.Tests.Interop;

/// <summary>What the C# declarations say the C ABI is, in the words of C.</summary>
internal static class ManagedAbi
{
    private static readonly IReadOnlyDictionary<Type, string> _names = new Dictionary<Type, string>
    {
        [typeof(void)] = "void",
        [typeof(byte)] = "char",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(int)] = "int32_t",
        [typeof(uint)] = "uint32_t",
        [typeof(long)] = "int64_t",
        [typeof(ulong)] = "uint64_t",
        // A handle, nk_stream.
        [typeof(nint)] = "void*",
    };

    private static readonly Type[] _interop =
    [
        .. new[] { typeof(NkRuntime).Assembly, typeof(Cuda.CudaDevice).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Namespace?.EndsWith(".Interop", StringComparison.Ordinal) == true),
    ];

    /// <summary>The structs and enums.</summary>
    public static IEnumerable<Type> Types => _interop.Where(type => type.Name.StartsWith("nk_", StringComparison.Ordinal));

    /// <summary>Every native call: the function, the library and the signature. A function may have several.</summary>
    public static IEnumerable<(string Name, string Library, string Signature)> Calls =>
        from type in _interop
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        let import = method.GetCustomAttribute<DllImportAttribute>()
        where import is not null
        select (import.EntryPoint ?? method.Name, import.Value, Signature(method));

    /// <summary>The methods that are declared to be native but go through code that was made for them.</summary>
    public static IEnumerable<string> Stubs =>
        from type in _interop
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
        where method.Name.StartsWith("nk_", StringComparison.Ordinal)
            && !method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)
        select method.Name;

    /// <summary>A field's type; an enum is the integer that holds it.</summary>
    public static string TypeOf(FieldInfo field) =>
        field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer
            ? $"{NameOf(buffer.ElementType)}[{buffer.Length}]"
            : NameOf(field.FieldType.IsEnum ? field.FieldType.GetEnumUnderlyingType() : field.FieldType);

    private static string Signature(MethodInfo method) =>
        $"{NameOf(method.ReturnType)}({string.Join(", ", method.GetParameters().Select(p => NameOf(p.ParameterType)))})";

    private static string NameOf(Type type) =>
        type.IsPointer ? NameOf(type.GetElementType()!) + "*" : _names.GetValueOrDefault(type, type.Name);
}
