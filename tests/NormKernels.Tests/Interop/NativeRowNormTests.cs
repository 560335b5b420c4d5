using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

/// <summary>
/// The C entries of the norms over rows answer bad parameters with a status and write nothing, whoever calls them.
/// </summary>
[TestClass]
public sealed unsafe class NativeRowNormTests
{
    private const int Rows = 3;
    private const int Cols = 5;

    private static readonly string[] _verbs = ["forward", "backward", "jvp"];

    public static IEnumerable<(string Verb, bool Centred)> Entries =>
        _verbs.SelectMany(verb => new[] { (verb, true), (verb, false) });

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Good_calls_are_made(string verb, bool centred)
    {
        using NativeCall call = Good(verb, centred);
        Assert.AreEqual((nk_status.NK_OK, true), call.Run());
        foreach (string residual in Residual(verb))
        {
            call.Give(residual);
        }

        Assert.AreEqual((nk_status.NK_OK, true), call.Run());
    }

    [TestMethod]
    public void Null_parameters()
    {
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_layer_norm_forward(null));
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_layer_norm_backward(null));
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_layer_norm_jvp(null));
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_rms_norm_forward(null));
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_rms_norm_backward(null));
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_rms_norm_jvp(null));
        Assert.AreEqual(nk_status.NK_ERROR_NULL, NkRowNorm.nk_row_norm_plan(1, 1, null));
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Single_fields(string verb, bool centred)
    {
        using NativeCall call = Good(verb, centred);
        long size = call["struct_size"];
        RefusesEach(call, nk_status.NK_ERROR_STRUCT_SIZE, "struct_size", [0, size - 1, size + 1, size + 8, -1]);
        RefusesEach(call, nk_status.NK_ERROR_DTYPE, "dtype", [-1, 3, int.MaxValue, int.MinValue]);
        RefusesEach(call, nk_status.NK_ERROR_DTYPE, "param_dtype", [-1, 1, 2, 3, int.MaxValue]);
        RefusesEach(call, nk_status.NK_ERROR_ISA, "isa", [.. InstructionSets.Refused.Select(isa => (long)isa)]);
        RefusesEach(call, nk_status.NK_ERROR_FLAGS, "flags", [4, 8, 1 << 30, int.MinValue]);
        RefusesEach(call, nk_status.NK_ERROR_SHAPE, "rows", [-1, long.MinValue, long.MaxValue, long.MaxValue / Cols]);
        RefusesEach(call, nk_status.NK_ERROR_SHAPE, "cols", [-1, long.MinValue, long.MaxValue, long.MaxValue / Rows]);
        double[] epsilons = [-1, -double.Epsilon, double.NaN, double.NegativeInfinity];
        RefusesEach(
            call, nk_status.NK_ERROR_EPSILON, "epsilon", [.. epsilons.Select(BitConverter.DoubleToInt64Bits)]);
        foreach (string stride in call.Fields.Where(f => f.EndsWith("_stride", StringComparison.Ordinal)))
        {
            RefusesEach(
                call, nk_status.NK_ERROR_SHAPE, stride,
                [Cols - 1, 1, -1, -Cols, long.MinValue, long.MaxValue, long.MaxValue / Rows, long.MaxValue / 4]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Dtypes_and_flags_that_do_not_go_together(string verb, bool centred)
    {
        using NativeCall call = Good(verb, centred);
        call.Refuses(nk_status.NK_ERROR_DTYPE, ("dtype", 1), ("param_dtype", 2));
        call.Refuses(nk_status.NK_ERROR_DTYPE, ("dtype", 2), ("param_dtype", 1));
        if (centred)
        {
            call.Refuses(nk_status.NK_ERROR_FLAGS, ("flags", (long)nk_flags.NK_FLAG_ZERO_CENTERED));
        }

        if (verb != "backward")
        {
            call.Refuses(nk_status.NK_ERROR_FLAGS, ("flags", (long)nk_flags.NK_FLAG_ACCUMULATE));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Entries))]
    public void Pointers(string verb, bool centred)
    {
        using NativeCall call = Good(verb, centred);
        foreach (string required in Required(verb))
        {
            call.Refuses(nk_status.NK_ERROR_NULL, (required, 0));
        }

        // A residual and its sum come together.
        foreach (string one in Residual(verb))
        {
            call.Give(one);
            call.Refuses(nk_status.NK_ERROR_NULL, (one, call[one]));
            call[one] = 0;
        }

        // rms_norm has no mean; layer_norm's saved statistics come together.
        call.Give("mean", "rstd");
        if (!centred)
        {
            call.Refuses(nk_status.NK_ERROR_NULL, ("mean", call["mean"]));
        }
        else if (verb != "forward")
        {
            call.Refuses(nk_status.NK_ERROR_NULL, ("mean", 0));
            call.Refuses(nk_status.NK_ERROR_NULL, ("rstd", 0));
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Stages_and_workspace(bool centred)
    {
        using NativeCall call = Good("backward", centred);
        nk_plan plan;
        Assert.AreEqual(nk_status.NK_OK, NkRowNorm.nk_row_norm_plan(Rows, Cols, &plan));
        RefusesEach(call, nk_status.NK_ERROR_FLAGS, "stage", [-1, 3, int.MaxValue]);
        RefusesEach(call, nk_status.NK_ERROR_FLAGS, "reserved", [1, -1]);
        RefusesEach(call, nk_status.NK_ERROR_SHAPE, "part_begin", [1, -1]);
        RefusesEach(call, nk_status.NK_ERROR_SHAPE, "part_end", [1, -1]);
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_end", plan.part_count + 1));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_begin", -1), ("part_end", 1));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_begin", 1), ("part_end", 0));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 1), ("part_begin", long.MinValue), ("part_end",
        long.MaxValue));
        call.Refuses(nk_status.NK_ERROR_SHAPE, ("stage", 2), ("part_end", 1));

        call.Give("dweight");
        long need = (long)plan.workspace_size;
        RefusesEach(call, nk_status.NK_ERROR_WORKSPACE, "workspace", [0]);
        call.Give("workspace");
        RefusesEach(call, nk_status.NK_ERROR_WORKSPACE, "workspace_size", [0, 1, need - 1]);
        call["workspace_size"] = need;
        Assert.AreEqual((nk_status.NK_OK, true), call.Run());
    }

    [TestMethod]
    public void Plans()
    {
        nk_plan plan = default;
        (long Rows, long Cols)[] bad = [(-1, 5), (5, -1), (long.MinValue, 0), (1, long.MaxValue), (1 << 20, 1L << 56)];
        foreach ((long rows, long cols) in bad)
        {
            Assert.AreEqual(nk_status.NK_ERROR_SHAPE, NkRowNorm.nk_row_norm_plan(rows, cols, &plan));
            Assert.AreEqual(0ul, plan.workspace_size);
        }

        long[] counts = [0, 1, 31, 32, 33, 2047, 2048, 2049, 100_000, int.MaxValue, 1L << 40, long.MaxValue];
        foreach (long rows in counts)
        {
            Assert.AreEqual(nk_status.NK_OK, NkRowNorm.nk_row_norm_plan(rows, 100, &plan));
            Assert.IsInRange(rows == 0 ? 0 : 1, 64, plan.part_count);
            Assert.AreEqual(rows == 0, plan.part_count == 0, $"{rows}");
        }
    }

    private static void RefusesEach(NativeCall call, nk_status expected, string field, ReadOnlySpan<long> values)
    {
        foreach (long value in values)
        {
            call.Refuses(expected, (field, value));
        }
    }

    // 3 rows of 5 floats, nothing optional.
    private static NativeCall Good(string verb, bool centred)
    {
        NativeCall call = verb switch
        {
            "forward" => new("nk_row_norm_forward_params", centred ? &LayerForward : &RmsForward),
            "backward" => new("nk_row_norm_backward_params", centred ? &LayerBackward : &RmsBackward),
            _ => new("nk_row_norm_jvp_params", centred ? &LayerJvp : &RmsJvp),
        };
        call["rows"] = Rows;
        call["cols"] = Cols;
        call.SetEpsilon(1e-5);
        call.Give(Required(verb));
        return call;
    }

    private static string[] Required(string verb) => verb switch
    {
        "forward" => ["x", "y"],
        "backward" => ["dy", "x", "dx"],
        _ => ["x", "tan_x", "jvp_y"],
    };

    private static string[] Residual(string verb) => verb switch
    {
        "forward" => ["residual", "h"],
        "jvp" => ["tan_residual", "jvp_h"],
        _ => [],
    };

    internal static nk_status LayerForward(void* p) => NkRowNorm.nk_layer_norm_forward((nk_row_norm_forward_params*)p);

    internal static nk_status RmsForward(void* p) => NkRowNorm.nk_rms_norm_forward((nk_row_norm_forward_params*)p);

    internal static nk_status LayerBackward(void* p) =>
        NkRowNorm.nk_layer_norm_backward((nk_row_norm_backward_params*)p);

    internal static nk_status RmsBackward(void* p) => NkRowNorm.nk_rms_norm_backward((nk_row_norm_backward_params*)p);

    internal static nk_status LayerJvp(void* p) => NkRowNorm.nk_layer_norm_jvp((nk_row_norm_jvp_params*)p);

    internal static nk_status RmsJvp(void* p) => NkRowNorm.nk_rms_norm_jvp((nk_row_norm_jvp_params*)p);
}
