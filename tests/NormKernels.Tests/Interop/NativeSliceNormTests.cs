using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

/// <summary>
/// The C entries of the norms that are not over rows answer bad parameters with a status and write nothing.
/// </summary>
[TestClass]
public sealed class NativeSliceNormTests
{
    private static readonly IReadOnlyDictionary<string, NativeEntry> _entries =
        NativeEntry.All.ToDictionary(entry => entry.Name);

    public static IEnumerable<string> Entries => _entries.Keys;

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Good_calls_are_made(string name)
    {
        using NativeCall call = _entries[name].Good();
        Assert.AreEqual((nk_status.NK_OK, true), call.Run());
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Null_parameters(string name) => Assert.AreEqual(nk_status.NK_ERROR_NULL, _entries[name].Call(0));

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Single_fields(string name)
    {
        NativeEntry entry = _entries[name];
        using NativeCall call = entry.Good();
        long size = call["struct_size"];
        RefusesEach(call, nk_status.NK_ERROR_STRUCT_SIZE, "struct_size", [0, size - 1, size + 1, size + 8, -1]);
        RefusesEach(call, nk_status.NK_ERROR_DTYPE, "dtype", [-1, 3, int.MaxValue, int.MinValue]);
        foreach (string other in call.Fields.Where(field => field is "param_dtype" or "norm_dtype"))
        {
            RefusesEach(call, nk_status.NK_ERROR_DTYPE, other, [-1, 1, 2, 3, int.MaxValue]);
        }

        RefusesEach(call, nk_status.NK_ERROR_ISA, "isa", [.. InstructionSets.Refused.Select(isa => (long)isa)]);
        foreach (string flags in call.Fields.Where(field => field is "flags"))
        {
            RefusesEach(call, nk_status.NK_ERROR_FLAGS, flags, [1, 8, 16, 1 << 30, int.MinValue]);
            if (!call.Has("dx"))
            {
                RefusesEach(call, nk_status.NK_ERROR_FLAGS, flags, [(long)nk_flags.NK_FLAG_ACCUMULATE]);
            }
        }

        foreach (string epsilon in call.Fields.Where(field => field == "epsilon"))
        {
            RefusesEach(call, nk_status.NK_ERROR_EPSILON, epsilon, Bits(-1, -double.Epsilon, double.NaN));
        }

        foreach (string reserved in call.Fields.Where(field => field == "reserved"))
        {
            RefusesEach(call, nk_status.NK_ERROR_FLAGS, reserved, [1, -1]);
        }

        foreach (string layout in call.Fields.Where(field => field == "layout"))
        {
            RefusesEach(call, nk_status.NK_ERROR_FLAGS, layout, [-1, 2, int.MaxValue]);
        }

        foreach ((string field, _) in entry.Sizes.Where(s => s.Field != "groups"))
        {
            RefusesEach(call, nk_status.NK_ERROR_SHAPE, field, [-1, long.MinValue, long.MaxValue, long.MaxValue / 4]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Numbers_of_the_norm(string name)
    {
        using NativeCall call = _entries[name].Good();
        foreach ((string field, nk_status status, long[] bad) in _entries[name].Bad)
        {
            RefusesEach(call, status, field, bad);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Pointers(string name)
    {
        NativeEntry entry = _entries[name];
        using NativeCall call = entry.Good();
        foreach (string required in entry.Required)
        {
            call.Refuses(nk_status.NK_ERROR_NULL, (required, 0));
        }

        foreach (string useless in entry.Useless)
        {
            call.Give(useless);
            call.Refuses(nk_status.NK_ERROR_NULL, (useless, call[useless]));
            call[useless] = 0;
        }
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Stages(string name)
    {
        using NativeCall call = _entries[name].Good();
        RefusesEach(call, nk_status.NK_ERROR_FLAGS, "stage", [-1, 3, int.MaxValue]);
        RefusesEach(call, nk_status.NK_ERROR_SHAPE, "part_begin", [1, -1]);
        RefusesEach(call, nk_status.NK_ERROR_SHAPE, "part_end", [1, -1]);
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_end", 1000));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_begin", -1), ("part_end", 1));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_begin", 1), ("part_end", 0));
        call.Refuses(
            nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_begin", long.MinValue), ("part_end", long.MaxValue));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 2), ("part_end", 1));
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Workspaces(string name)
    {
        NativeEntry entry = _entries[name];
        if (entry.NeedsWorkspace.Count == 0)
        {
            return;
        }

        using NativeCall call = entry.Good();
        foreach ((string field, long? value) in entry.NeedsWorkspace)
        {
            if (value is { } number)
            {
                call[field] = number;
            }
            else
            {
                call.Give(field);
            }
        }

        call.Refuses(nk_status.NK_ERROR_WORKSPACE, ("workspace", 0), ("workspace_size", 1024));
        call.Give("workspace");
        RefusesEach(call, nk_status.NK_ERROR_WORKSPACE, "workspace_size", [0, 1, 64]);
        call["workspace_size"] = 1024;
        Assert.AreEqual((nk_status.NK_OK, true), call.Run());
    }

    internal static long[] Bits(params double[] values) => [.. values.Select(BitConverter.DoubleToInt64Bits)];

    private static void RefusesEach(NativeCall call, nk_status expected, string field, ReadOnlySpan<long> values)
    {
        foreach (long value in values)
        {
            call.Refuses(expected, (field, value));
        }
    }
}
