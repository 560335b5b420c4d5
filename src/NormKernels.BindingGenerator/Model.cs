using System.Collections.Generic;

namespace NormKernels.BindingGenerator;

/// <summary>What a header declares, in the types of C#. The comment is the one that the file starts with.</summary>
internal sealed record Header(
    string Name,
    string Comment,
    IReadOnlyList<string> Includes,
    IReadOnlyList<Constant> Constants,
    IReadOnlyList<EnumType> Enums,
    IReadOnlyList<StructType> Structs,
    IReadOnlyList<EntryPoint> Functions)
{
    public bool DeclaresTypes => Enums.Count + Structs.Count != 0;
}

/// <summary>A macro that is an integer.</summary>
internal sealed record Constant(string Name, int Value);

/// <summary>An enum; underlying is the integer type of the fields that hold it.</summary>
internal sealed record EnumType(string Name, string Comment, string Underlying, IReadOnlyList<EnumItem> Items);

internal sealed record EnumItem(string Name, string Comment, long Value);

internal sealed record StructType(string Name, string Comment, int Size, IReadOnlyList<StructField> Fields);

/// <summary>A field; count is the length of an array, or 0.</summary>
internal sealed record StructField(string Name, string Comment, string Type, int Count, int Offset);

internal sealed record EntryPoint(string Name, string Comment, string Returns, IReadOnlyList<Argument> Arguments);

internal sealed record Argument(string Name, string Type);
