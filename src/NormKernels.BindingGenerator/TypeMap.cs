using System.Collections.Generic;
using System.IO;

using CppSharp.AST;
using CppSharp.AST.Extensions;

namespace NormKernels.BindingGenerator;

/// <summary>C types as those of C#. What is not here has no binding.</summary>
internal static class TypeMap
{
    // By name, before they are followed: an int64_t is a long on one system and a long long on another.
    private static readonly Dictionary<string, string> _named = new()
    {
        ["int8_t"] = "sbyte",
        ["uint8_t"] = "byte",
        ["int16_t"] = "short",
        ["uint16_t"] = "ushort",
        ["int32_t"] = "int",
        ["uint32_t"] = "uint",
        ["int64_t"] = "long",
        ["uint64_t"] = "ulong",
        ["size_t"] = "nuint",
    };

    /// <exception cref="InvalidDataException">The type has no counterpart.</exception>
    public static string CSharp(Type type, string where) => type switch
    {
        TypedefType typedef => Typedef(typedef.Declaration, where),
        TagType { Declaration: Enumeration or Class { IsUnion: false } } tag => tag.Declaration.Name,
        PointerType { IsReference: false } pointer => CSharp(pointer.Pointee, where) + "*",
        BuiltinType { Type: PrimitiveType.Void } => "void",
        BuiltinType { Type: PrimitiveType.Char } => "byte",
        BuiltinType { Type: PrimitiveType.Float } => "float",
        BuiltinType { Type: PrimitiveType.Double } => "double",
        BuiltinType builtin => throw new InvalidDataException($"{where}: the type {builtin.Type} has no binding"),
        _ => throw new InvalidDataException($"{where}: a {type.GetType().Name} has no binding"),
    };

    private static string Typedef(TypedefNameDecl declaration, string where)
    {
        if (_named.TryGetValue(declaration.Name, out string? name))
        {
            return name;
        }

        // A handle: what it points to is no one's business.
        return declaration.Type.Desugar() is PointerType { Pointee: BuiltinType { Type: PrimitiveType.Void } }
            ? "nint"
            : CSharp(declaration.Type, where);
    }
}
