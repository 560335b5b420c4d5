using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>The calls of GroupNorm, InstanceNorm and BatchNorm.</summary>
internal sealed class ChannelCases
{
    private const double Epsilon = 1e-5;

    private const double Momentum = 0.25;

    private static readonly (int Batch, int Channels, int Spatial)[] _shapes =
        [(2, 4, 9), (3, 8, 5), (2, 6, 500), (5, 64, 40), (0, 4, 9), (2, 4, 0)];

    private static readonly bool[] _layouts = [false, true];

    private readonly Type _norm;
    private readonly int _batch;
    private readonly int _channels;
    private readonly int _spatial;
    private readonly bool _last;

    private ChannelCases(Type norm, int batch, int channels, int spatial, bool last) =>
        (_norm, _batch, _channels, _spatial, _last) = (norm, batch, channels, spatial, last);

    public static IEnumerable<DeviceCase> GroupNorm => Of(typeof(Cuda.GroupNorm));

    public static IEnumerable<DeviceCase> InstanceNorm => Of(typeof(Cuda.InstanceNorm));

    public static IEnumerable<DeviceCase> BatchNorm => Of(typeof(Cuda.BatchNorm));

    private int Count => _batch * _channels * _spatial;

    private static int Groups => 2;

    private bool IsGroup => _norm == typeof(Cuda.GroupNorm);

    private bool IsBatch => _norm == typeof(Cuda.BatchNorm);

    private int Slices => IsGroup ? _batch * Groups : IsBatch ? _channels : _batch * _channels;

    private ChannelShape Shape =>
        new(_batch, _channels, _spatial, _last ? ChannelLayout.ChannelsLast : ChannelLayout.ChannelsFirst);

    private static IEnumerable<DeviceCase> Of(Type norm) =>
        from shape in _shapes
        from last in _layouts
        from call in new ChannelCases(norm, shape.Batch, shape.Channels, shape.Spatial, last).Cases()
        select call;

    private IEnumerable<DeviceCase> Cases()
    {
        Argument x = Argument.In("x", Count);
        Argument weight = Argument.Parameter("weight", _channels);
        Argument bias = Argument.Parameter("bias", _channels);
        Argument[] wanted = [Argument.Wanted("mean", Slices), Argument.Wanted("rstd", Slices)];
        Argument[] saved = [Argument.Saved("mean", Slices, "rstd"), Argument.Saved("rstd", Slices, "mean")];
        Argument[] gradients = [Argument.Wanted("dweight", _channels), Argument.Wanted("dbias", _channels)];
        Argument[] tangents = [Argument.Parameter("tanWeight", _channels), Argument.Parameter("tanBias", _channels)];
        Argument[] updated =
            IsGroup ? []
            : [
                Argument.Wanted("runningMean", _channels, "runningVar"),
                Argument.Wanted("runningVar", _channels, "runningMean"),
            ];
        Argument[] backward = [Argument.In("dy", Count), x, Argument.Out("dx", Count, "dy", "x"), weight];
        Argument[] jvp =
            [Argument.In("tanX", Count), x, Argument.Out("jvpY", Count, "tanX", "x"), weight, .. tangents];
        DeviceCase forward = Make(
            "Forward", Forward, [x, Argument.Out("y", Count, "x"), weight, bias, .. wanted, .. updated, Argument.Workspace]);
        yield return IsGroup ? forward : forward.With("momentum", Momentum);
        DeviceCase vjp = Make("Backward", Backward, [.. backward, .. saved, .. gradients, Argument.Workspace]);
        yield return vjp;
        yield return vjp.With("accumulate", true);
        yield return Make("Jvp", Jvp, [.. jvp, .. saved, Argument.Workspace]);
        if (IsGroup)
        {
            yield break;
        }

        Argument[] running =
        [
            new("runningMean", Role.Input, _channels, Kind.Float32),
            new("runningVar", Role.Input, _channels, Kind.Float32),
        ];
        yield return Make(
            "Inference",
            o => BatchNormReference.Inference(
                o["x"], o["y"], _batch, _channels, _spatial, _last, o["runningMean"], o["runningVar"], o["weight"],
                o["bias"], Epsilon),
            [x, Argument.Out("y", Count, "x"), .. running, weight, bias]);
        if (IsBatch)
        {
            yield return Make(
                "InferenceBackward",
                o => BatchNormReference.InferenceBackward(
                    o["dy"], o["x"], o["dx"], _batch, _channels, _spatial, _last, o["runningMean"], o["runningVar"],
                    o["weight"], Epsilon, o["dweight"], o["dbias"]),
                [.. backward, .. running, .. gradients, Argument.Workspace]);
            yield return Make(
                "InferenceJvp",
                o => BatchNormReference.InferenceJvp(
                    o["tanX"], o["x"], o["jvpY"], _batch, _channels, _spatial, _last, o["runningMean"],
                    o["runningVar"], o["weight"], o["tanWeight"], o["tanBias"], Epsilon),
                [.. jvp, .. running]);
        }
    }

    private DeviceCase Make(string method, Action<Values> oracle, IReadOnlyList<Argument> arguments)
    {
        DeviceCase made = new(_norm, method, $"{_batch} x {_channels} x {_spatial}{(_last ? " channels last" : "")}")
        {
            Arguments = arguments,
            Scalars = new Dictionary<string, object> { ["shape"] = Shape, ["epsilon"] = Epsilon },
            Oracle = oracle,
            Save = o => Save(o, method),
            WorkspaceSize = () =>
                IsGroup ? Cuda.GroupNorm.WorkspaceSize(Shape, Groups)
                : IsBatch ? Cuda.BatchNorm.WorkspaceSize(Shape)
                : Cuda.InstanceNorm.WorkspaceSize(Shape),
        };
        return IsGroup ? made.With("groups", (long)Groups) : made;
    }

    private void Save(Values o, string method)
    {
        if (method is "Backward" or "Jvp")
        {
            Values forward = o.Copy();
            forward["y"] = new double[Count];
            forward["weight"] = forward["bias"] = forward["runningMean"] = forward["runningVar"] = [];
            Forward(forward);
            (o["mean"], o["rstd"]) = (forward["mean"], forward["rstd"]);
        }
    }

    private void Forward(Values o)
    {
        (double[] x, double[] y) = (o["x"], o["y"]);
        if (IsGroup)
        {
            GroupNormReference.Forward(
                x, y, _batch, _channels, _spatial, _last, Groups, o["weight"], o["bias"], Epsilon, o["mean"],
                o["rstd"]);
        }
        else if (IsBatch)
        {
            BatchNormReference.Forward(
                x, y, _batch, _channels, _spatial, _last, o["weight"], o["bias"], Epsilon, o["mean"], o["rstd"],
                o["runningMean"], o["runningVar"], Momentum);
        }
        else
        {
            InstanceNormReference.Forward(
                x, y, _batch, _channels, _spatial, _last, o["weight"], o["bias"], Epsilon, o["mean"], o["rstd"],
                o["runningMean"], o["runningVar"], Momentum);
        }
    }

    private void Backward(Values o)
    {
        (double[] dy, double[] x, double[] dx) = (o["dy"], o["x"], o["dx"]);
        if (IsGroup)
        {
            GroupNormReference.Backward(
                dy, x, dx, _batch, _channels, _spatial, _last, Groups, o["weight"], Epsilon, o["dweight"], o["dbias"]);
        }
        else if (IsBatch)
        {
            BatchNormReference.Backward(
                dy, x, dx, _batch, _channels, _spatial, _last, o["weight"], Epsilon, o["dweight"], o["dbias"]);
        }
        else
        {
            InstanceNormReference.Backward(
                dy, x, dx, _batch, _channels, _spatial, _last, o["weight"], Epsilon, o["dweight"], o["dbias"]);
        }
    }

    private void Jvp(Values o)
    {
        (double[] tanX, double[] x, double[] jvpY) = (o["tanX"], o["x"], o["jvpY"]);
        if (IsGroup)
        {
            GroupNormReference.Jvp(
                tanX, x, jvpY, _batch, _channels, _spatial, _last, Groups, o["weight"], o["tanWeight"], o["tanBias"],
                Epsilon);
        }
        else if (IsBatch)
        {
            BatchNormReference.Jvp(
                tanX, x, jvpY, _batch, _channels, _spatial, _last, o["weight"], o["tanWeight"], o["tanBias"], Epsilon);
        }
        else
        {
            InstanceNormReference.Jvp(
                tanX, x, jvpY, _batch, _channels, _spatial, _last, o["weight"], o["tanWeight"], o["tanBias"], Epsilon);
        }
    }
}
