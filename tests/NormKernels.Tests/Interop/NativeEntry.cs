using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Interop;

namespace NormKernels.Tests.Interop;

/// <summary>A C entry, as data: what a good call of it has, and what it refuses.</summary>
internal sealed unsafe record NativeEntry(string Name, string Struct, Func<nint, nk_status> Call)
{
    private static readonly (string Field, long Value)[] _channels = [("batch", 2), ("channels", 4), ("spatial", 3)];
    private static readonly (string Field, long Value)[] _axis = [("outer", 2), ("length", 3), ("inner", 4)];

    private static readonly (string Field, long Value)[] _axes =
        [("reduction.sizes.0", 2), ("reduction.sizes.1", 3), ("reduction.sizes.2", 4)];

    private static readonly string[] _forward = ["x", "y"];
    private static readonly string[] _backward = ["dy", "x", "dx"];
    private static readonly string[] _jvp = ["x", "tan_x", "jvp_y"];
    private static readonly string[] _statistics = ["mean", "rstd"];

    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Pointers that it has no use for, or not alone.</summary>
    public IReadOnlyList<string> Useless { get; init; } = [];

    public IReadOnlyList<(string Field, long Value)> Sizes { get; init; } = [];

    public IReadOnlyList<(string Field, long Value)> Others { get; init; } = [];

    public IReadOnlyList<(string Field, nk_status Status, long[] Values)> Bad { get; init; } = [];

    /// <summary>What makes it need a workspace: fields of a value, or pointers.</summary>
    public IReadOnlyList<(string Field, long? Value)> NeedsWorkspace { get; init; } = [];

    public static IEnumerable<NativeEntry> All =>
    [
        .. Channel("nk_group_norm", p => NkChannelNorm.nk_group_norm_forward((nk_channel_norm_forward_params*)p),
            p => NkChannelNorm.nk_group_norm_backward((nk_channel_norm_backward_params*)p),
            p => NkChannelNorm.nk_group_norm_jvp((nk_channel_norm_jvp_params*)p)),
        .. Channel("nk_instance_norm", p => NkChannelNorm.nk_instance_norm_forward((nk_channel_norm_forward_params*)p),
            p => NkChannelNorm.nk_instance_norm_backward((nk_channel_norm_backward_params*)p),
            p => NkChannelNorm.nk_instance_norm_jvp((nk_channel_norm_jvp_params*)p)),
        .. Channel("nk_batch_norm", p => NkChannelNorm.nk_batch_norm_forward((nk_channel_norm_forward_params*)p),
            p => NkChannelNorm.nk_batch_norm_backward((nk_channel_norm_backward_params*)p),
            p => NkChannelNorm.nk_batch_norm_jvp((nk_channel_norm_jvp_params*)p)),
        .. Axis("nk_axis_norm", p => NkAxis.nk_axis_norm_forward((nk_axis_forward_params*)p),
            p => NkAxis.nk_axis_norm_backward((nk_axis_backward_params*)p),
            p => NkAxis.nk_axis_norm_jvp((nk_axis_jvp_params*)p)),
        .. Axis("nk_l2_normalize", p => NkAxis.nk_l2_normalize_forward((nk_axis_forward_params*)p),
            p => NkAxis.nk_l2_normalize_backward((nk_axis_backward_params*)p),
            p => NkAxis.nk_l2_normalize_jvp((nk_axis_jvp_params*)p)),
        .. Axis("nk_weight_norm", p => NkAxis.nk_weight_norm_forward((nk_axis_forward_params*)p),
            p => NkAxis.nk_weight_norm_backward((nk_axis_backward_params*)p),
            p => NkAxis.nk_weight_norm_jvp((nk_axis_jvp_params*)p)),
        .. Reduction("nk_vector_norm", p => NkReduction.nk_vector_norm_forward((nk_reduction_forward_params*)p),
            p => NkReduction.nk_vector_norm_backward((nk_reduction_backward_params*)p),
            p => NkReduction.nk_vector_norm_jvp((nk_reduction_jvp_params*)p)),
        .. Reduction("nk_matrix_norm", p => NkReduction.nk_matrix_norm_forward((nk_reduction_forward_params*)p),
            p => NkReduction.nk_matrix_norm_backward((nk_reduction_backward_params*)p),
            p => NkReduction.nk_matrix_norm_jvp((nk_reduction_jvp_params*)p)),
    ];

    public NativeCall Good()
    {
        NativeCall call = new(Struct, Call);
        foreach ((string field, long value) in Sizes.Concat(Others))
        {
            call[field] = value;
        }

        if (call.Has("epsilon"))
        {
            call.SetEpsilon(1e-5);
        }

        call.Give([.. Required]);
        return call;
    }

    private static IEnumerable<NativeEntry> Channel(string name, params Func<nint, nk_status>[] calls)
    {
        bool grouped = name == "nk_group_norm";
        var bad = ("groups", nk_status.NK_ERROR_SHAPE, grouped ? new long[] { 0, -1, 3, 8, long.MinValue } : [1, -1, 4]);
        string[] running = grouped ? ["running_mean", "running_var"] : [];
        NativeEntry[] entries =
        [
            new(name + "_forward", "nk_channel_norm_forward_params", calls[0])
            {
                Required = _forward,
                Useless = ["running_mean", "running_var"],
                NeedsWorkspace = name == "nk_instance_norm" ? [("running_mean", null), ("running_var", null)] : [],
            },
            new(name + "_backward", "nk_channel_norm_backward_params", calls[1])
            {
                Required = _backward,
                Useless = [.. _statistics, .. running],
                NeedsWorkspace = name == "nk_batch_norm" ? [] : [("dweight", null)],
            },
            new(name + "_jvp", "nk_channel_norm_jvp_params", calls[2])
            {
                Required = _jvp,
                Useless = [.. _statistics, .. running],
            },
        ];
        return entries.Select(e => e with { Sizes = _channels, Others = [("groups", grouped ? 2 : 0)], Bad = [bad] });
    }

    private static IEnumerable<NativeEntry> Axis(string name, params Func<nint, nk_status>[] calls)
    {
        bool hasOrder = name == "nk_l2_normalize";
        bool hasMean = name == "nk_axis_norm";
        string[] weight = name == "nk_weight_norm" ? ["weight"] : [];
        long two = BitConverter.DoubleToInt64Bits(2);
        var bad = (
            "p", nk_status.NK_ERROR_EPSILON,
            hasOrder ? NativeSliceNormTests.Bits(0, -1, double.NaN, double.NegativeInfinity) : [two]);
        NativeEntry[] entries =
        [
            new(name + "_forward", "nk_axis_forward_params", calls[0])
            {
                Required = [.. _forward, .. weight],
                Useless = hasMean ? ["norm"] : [.. _statistics, "bias", .. hasOrder ? new[] { "weight" } : []],
            },
            new(name + "_backward", "nk_axis_backward_params", calls[1])
            {
                Required = [.. _backward, .. weight],
                // Saved statistics come together.
                Useless = [.. _statistics, .. hasMean ? Array.Empty<string>() : ["dbias"]],
            },
            new(name + "_jvp", "nk_axis_jvp_params", calls[2])
            {
                Required = [.. _jvp, .. weight],
                Useless = [.. _statistics, .. hasMean ? Array.Empty<string>() : ["tan_bias"]],
            },
        ];
        return entries.Select(e => e with { Sizes = _axis, Others = [("p", hasOrder ? two : 0)], Bad = [bad] });
    }

    private static IEnumerable<NativeEntry> Reduction(string name, params Func<nint, nk_status>[] calls)
    {
        bool matrix = name == "nk_matrix_norm";
        long two = BitConverter.DoubleToInt64Bits(2);
        (string, nk_status, long[])[] bad =
        [
            ("reduction.rank", nk_status.NK_ERROR_SHAPE, [-1, 9, int.MinValue]),
            ("reduction.reserved", nk_status.NK_ERROR_SHAPE, [1, -1]),
            .. matrix
                ? new (string, nk_status, long[])[]
                {
                    ("reduction.order", nk_status.NK_ERROR_FLAGS, [-1, 8, int.MaxValue]),
                    ("reduction.row_axis", nk_status.NK_ERROR_SHAPE, [-1, 2, 3]),
                    ("reduction.column_axis", nk_status.NK_ERROR_SHAPE, [-1, 1, 3]),
                    ("reduction.reduced", nk_status.NK_ERROR_FLAGS, [1]),
                    ("reduction.p", nk_status.NK_ERROR_FLAGS, [two]),
                }
                :
                [
                    ("reduction.order", nk_status.NK_ERROR_FLAGS, [1, -1]),
                    ("reduction.row_axis", nk_status.NK_ERROR_FLAGS, [1]),
                    ("reduction.column_axis", nk_status.NK_ERROR_FLAGS, [1]),
                    ("reduction.reduced", nk_status.NK_ERROR_SHAPE, [8, 1 << 30]),
                    ("reduction.p", nk_status.NK_ERROR_EPSILON, NativeSliceNormTests.Bits(double.NaN)),
                ],
        ];
        (string, long)[] others = matrix
            ? [("reduction.rank", 3), ("reduction.row_axis", 1), ("reduction.column_axis", 2)]
            : [("reduction.rank", 3), ("reduction.reduced", 2), ("reduction.p", two)];
        (string, nk_status, long[])[] noDerivative = matrix ? []
            : [("reduction.p", nk_status.NK_ERROR_EPSILON, NativeSliceNormTests.Bits(0, -0.0))];
        NativeEntry[] entries =
        [
            new(name + "_forward", "nk_reduction_forward_params", calls[0]) { Required = ["x", "norm"], Bad = bad },
            new(name + "_backward", "nk_reduction_backward_params", calls[1])
            {
                Required = ["dnorm", "x", "dx"],
                Bad = [.. bad, .. noDerivative],
            },
            new(name + "_jvp", "nk_reduction_jvp_params", calls[2])
            {
                Required = ["x", "tan_x", "jvp_norm"],
                Bad = [.. bad, .. noDerivative],
            },
        ];
        return entries.Select(e => e with
        {
            Sizes = _axes,
            Others = others,
            NeedsWorkspace = matrix ? [("reduction.order", (long)nk_matrix_order.NK_MATRIX_NUCLEAR)] : [],
        });
    }
}
