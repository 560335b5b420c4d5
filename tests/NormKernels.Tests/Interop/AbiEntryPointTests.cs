using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;

namespace NormKernels.Tests.Interop;

/// <summary>The functions and enums of the C ABI as the native library was compiled, against those of C#.</summary>
[TestClass]
public sealed unsafe class AbiEntryPointTests
{
    [TestMethod]
    public void Both_sides_have_the_same_functions_with_the_same_signatures()
    {
        long count;
        nk_entry_point* rows = NkRuntime.nk_abi_entry_points(&count);
        SortedSet<string> native = new(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            Assert.IsTrue(native.Add($"{NativeField.Text(rows[i].name)}: {NativeField.Text(rows[i].signature)}"));
        }

        string[] managed = [.. ManagedAbi.Calls.Select(call => $"{call.Name}: {call.Signature}").Distinct()];
        Assert.IsGreaterThan(80, managed.Length);
        Assert.AreEqual(string.Empty, Difference(native, managed));
    }

    [TestMethod]
    public void Both_sides_have_the_same_enums_with_the_same_values()
    {
        long count;
        nk_enumerator* rows = NkRuntime.nk_abi_enumerators(&count);
        SortedSet<string> native = new(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            string name = $"{NativeField.Text(rows[i].enum_name)}.{NativeField.Text(rows[i].name)}";
            Assert.IsTrue(native.Add($"{name} = {rows[i].value}"));
        }

        string[] managed =
        [
            .. from type in ManagedAbi.Types.Where(type => type.IsEnum)
               from name in Enum.GetNames(type)
               select $"{type.Name}.{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}",
        ];
        Assert.IsGreaterThan(20, managed.Length);
        Assert.AreEqual(string.Empty, Difference(native, managed));
    }

    [TestMethod]
    public void Calls_go_straight_to_functions_that_are_there()
    {
        Assert.IsEmpty(ManagedAbi.Stubs);
        _ = NkRuntime.nk_abi_version();
        nint library = NativeLibrary.Load(NativeLibraryLoader.LoadedPath!);
        string[] missing =
        [
            .. ManagedAbi.Calls.Where(call => call.Library == NativeLibraryLoader.Name).Select(call => call.Name)
                .Where(name => !NativeLibrary.TryGetExport(library, name, out _)),
        ];
        Assert.IsEmpty(missing, string.Join(' ', missing));
    }

    private static string Difference(SortedSet<string> native, string[] managed)
    {
        IEnumerable<string> lines = native.Except(managed).Select(line => $"only in the headers: {line}")
            .Concat(managed.Except(native).Select(line => $"only in C#: {line}"));
        return string.Join(Environment.NewLine, lines);
    }
}
