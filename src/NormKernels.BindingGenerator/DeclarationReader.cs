using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

using CppSharp.AST;

namespace NormKernels.BindingGenerator;

/// <summary>Turns declarations of CppSharp's tree into those of the model, and refuses what it does not know.</summary>
internal sealed partial class DeclarationReader
{
    private readonly HashSet<string> _enums;

    // The integer type of the fields that hold an enum.
    private readonly Dictionary<string, string> _holders = [];

    public DeclarationReader(IReadOnlyCollection<TranslationUnit> units)
    {
        _enums = [.. units.SelectMany(unit => unit.Enums).Select(e => e.Name)];
        foreach (Class type in units.SelectMany(unit => unit.Classes))
        {
            foreach (Field field in type.Fields.Where(field => EnumOf(field) is not null))
            {
                (string name, string holder) = (EnumOf(field)!, TypeMap.CSharp(field.Type, Where(type, field)));
                if (holder is not ("int" or "uint") || _holders.GetValueOrDefault(name, holder) != holder)
                {
                    throw new InvalidDataException($"{Where(type, field)}: a {name} in a {holder}, elsewhere not");
                }

                _holders[name] = holder;
            }
        }
    }

    /// <summary>The macros that are integers.</summary>
    public static IReadOnlyList<Constant> Constants(TranslationUnit unit) =>
    [
        .. unit.PreprocessedEntities.OfType<MacroDefinition>()
            .Select(macro => (
                macro.Name,
                Is: int.TryParse(macro.Expression, CultureInfo.InvariantCulture, out int value),
                Value: value))
            .Where(macro => macro.Is)
            .Select(macro => new Constant(macro.Name, macro.Value))
            .Distinct(),
    ];

    public static EntryPoint Function(Function function)
    {
        if (function.IsVariadic || function.IsInline)
        {
            throw new InvalidDataException($"{function.Name}: variadic and inline functions have no binding");
        }

        return new(
            function.Name,
            Comment(function),
            TypeMap.CSharp(function.ReturnType.Type, function.Name),
            [.. function.Parameters.Select(parameter => Argument(function, parameter))]);
    }

    public EnumType Enum(Enumeration type) => new(
        type.Name,
        Comment(type),
        _holders.GetValueOrDefault(type.Name, "int"),
        [.. type.Items.Select(item => new EnumItem(item.Name, Comment(item), unchecked((int)item.Value)))]);

    public StructType Struct(Class type)
    {
        if (type.IsIncomplete || type.IsUnion || type.Name.Length == 0)
        {
            throw new InvalidDataException($"'{type.Name}': only complete structs with a name have a binding");
        }

        return new(type.Name, Comment(type), type.Layout.Size, [.. type.Fields.Select(field => Member(type, field))]);
    }

    private StructField Member(Class type, Field field)
    {
        if (field.IsBitField)
        {
            throw new InvalidDataException($"{Where(type, field)}: bit-fields have no binding");
        }

        int offset = (int)type.Layout.Fields.First(layout => layout.FieldPtr == field.OriginalPtr).Offset;
        return field.Type is ArrayType { SizeType: ArrayType.ArraySize.Constant } array
            ? new(field.Name, Comment(field), TypeMap.CSharp(array.Type, Where(type, field)), (int)array.Size, offset)
            : new(
                field.Name, Comment(field), EnumOf(field) ?? TypeMap.CSharp(field.Type, Where(type, field)), 0, offset);
    }

    // A field's comment may start with the enum whose values it takes: "nk_dtype of x and y". The headers have integers
    // there, as the library has to look at values that are none of the enum's.
    private string? EnumOf(Field field) =>
        FirstWord().Match(Comment(field)) is { Success: true } word && _enums.Contains(word.Value) ? word.Value : null;

    private static Argument Argument(Function function, Parameter parameter) => parameter.Name.Length == 0
        ? throw new InvalidDataException($"{function.Name}: a parameter has no name")
        : new(parameter.Name, TypeMap.CSharp(parameter.Type, $"{function.Name}, {parameter.Name}"));

    private static string Comment(Declaration declaration) => CommentText.Of(declaration.Comment?.Text);

    private static string Where(Class type, Field field) => $"{type.Name}.{field.Name}";

    [GeneratedRegex(@"^nk_\w+")]
    private static partial Regex FirstWord();
}
