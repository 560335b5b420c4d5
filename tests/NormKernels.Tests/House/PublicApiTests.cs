using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.House;

/// <summary>
/// The public API, listed in a file that changes only on purpose: the diff of a change shows what users will see of it.
/// </summary>
[TestClass]
public sealed class PublicApiTests
{
    private const string Listing = "tests/NormKernels.Tests/House/PublicApi.txt";

    [TestMethod]
    public void The_public_api_is_the_one_that_is_listed()
    {
        Assembly[] assemblies =
        [
            typeof(LayerNorm).Assembly, typeof(Cuda.LayerNorm).Assembly, typeof(Reference.LayerNormReference).Assembly,
            typeof(Layers.LayerNormLayer<>).Assembly, typeof(Tensors.TensorElements).Assembly,
        ];
        string actual = string.Concat(assemblies.SelectMany(Describe).Select(line => line + "\n"));
        string expected = Repository.Exists(Listing) ? Repository.ReadAll(Listing) : string.Empty;
        if (actual != expected)
        {
            string written = Path.Combine(AppContext.BaseDirectory, "PublicApi.txt");
            File.WriteAllText(written, actual);
            Assert.Fail($"The public API has changed. If that is meant, copy {written} over {Listing}.");
        }
    }

    private static IEnumerable<string> Describe(Assembly assembly)
    {
        const BindingFlags declared =
            BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        yield return $"assembly {assembly.GetName().Name}";
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            string kind = type.IsEnum ? "enum" : type.IsValueType ? "struct" : type.IsInterface ? "interface" : "class";
            yield return $"  {kind} {type.FullName}";
            IEnumerable<string> members = type.IsEnum
                ? Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}")
                : type.GetMembers(declared).Select(Signature).OfType<string>();
            foreach (string member in members.Order(StringComparer.Ordinal))
            {
                yield return $"    {member}";
            }
        }
    }

    private static string? Signature(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $".ctor({Parameters(constructor)})",
        // Accessors are shown by their property; what a record adds by itself is no one's design.
        MethodInfo { IsSpecialName: true, Name: not ['o', 'p', '_', ..] } => null,
        MethodInfo { Name: "PrintMembers" } => null,
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}"
            + (method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "")
            + $"({Parameters(method)})",
        PropertyInfo property => $"{Name(property.PropertyType)} {property.Name} {{ "
            + (property.GetMethod?.IsPublic == true ? "get; " : "")
            + (property.SetMethod?.IsPublic == true ? "set; " : "") + "}",
        FieldInfo field => $"{Name(field.FieldType)} {field.Name}",
        _ => member.ToString(),
    };

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter =>
            $"{Modifier(parameter)}{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "")}"));

    private static string Modifier(ParameterInfo parameter) =>
        !parameter.ParameterType.IsByRef ? "" : parameter.IsIn ? "in " : parameter.IsOut ? "out " : "ref ";

    private static string Name(Type type) => type switch
    {
        { IsByRef: true } => Name(type.GetElementType()!),
        { IsGenericType: true } => $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>",
        _ => type.Name,
    };
}
