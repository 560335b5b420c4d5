using System;
using System.Linq;

namespace NormKernels.Cli.Peers;

/// <summary>Our side of a case that PyTorch runs too: "layer_norm forward" and so on, outputs and statistics alike.</summary>
internal sealed class TorchCase : IDisposable
{
    private readonly string _name;
    private readonly int _groups;
    private readonly RowShape _rows;
    private readonly ChannelShape _channels;

    public TorchCase(string name, long[] shape, int groups)
    {
        (_name, _groups) = (name, groups);
        long count = shape.Aggregate(1L, (product, axis) => product * axis), workspace, statistics;
        bool isRows = name.StartsWith("layer_norm", StringComparison.Ordinal);
        if (isRows)
        {
            _rows = RowShape.Of(shape);
            workspace = LayerNorm.BackwardWorkspaceSize(_rows);
            statistics = _rows.Rows;
        }
        else
        {
            _channels = ChannelShape.Of(shape);
            bool isGroups = name.StartsWith("group_norm", StringComparison.Ordinal);
            workspace = isGroups ? GroupNorm.WorkspaceSize(_channels, groups) : 0;
            statistics = isGroups ? shape[0] * groups : shape[1];
        }

        Tensors = new(count, isRows ? shape[^1] : shape[1], statistics, workspace, outOfCache: false);
        Forward();
    }

    public PeerTensors Tensors { get; }

    /// <summary>What is compared with PyTorch's first result.</summary>
    public ReadOnlySpan<float> Result =>
        IsStatistics ? Tensors.Mean.Span : Tensors.First.Y.Span;

    /// <summary>Bytes of the tensors that a call reads and writes.</summary>
    public long BytesMoved => Tensors.BytesOf(IsBackward ? 3 : IsStatistics ? 1 : 2);

    private bool IsBackward => _name.EndsWith("backward", StringComparison.Ordinal);

    private bool IsStatistics => _name.EndsWith("statistics", StringComparison.Ordinal);

    public void Run()
    {
        if (IsBackward)
        {
            Backward();
        }
        else if (IsStatistics)
        {
            Statistics();
        }
        else
        {
            Forward();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Tensors.Dispose();

    private void Statistics() =>
        BatchNorm.Statistics<float>(
            Tensors.First.X.Span, _channels, Tensors.Mean.Span, Tensors.Rstd.Span, PeerTensors.Epsilon,
            Tensors.Dweight.Span, Tensors.Dbias.Span);

    private void Forward()
    {
        PeerTensors t = Tensors;
        PeerTensors.Set set = t.First;
        switch (_name[..5])
        {
            case "layer":
                LayerNorm.Forward<float>(
                    set.X.Span, set.Y.Span, _rows, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon, t.Mean.Span,
                    t.Rstd.Span);
                break;
            case "group":
                GroupNorm.Forward<float>(
                    set.X.Span, set.Y.Span, _channels, _groups, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon,
                    t.Mean.Span, t.Rstd.Span);
                break;
            default:
                BatchNorm.Forward<float>(
                    set.X.Span, set.Y.Span, _channels, t.Weight.Span, t.Bias.Span, PeerTensors.Epsilon, t.Mean.Span,
                    t.Rstd.Span, t.Dweight.Span, t.Dbias.Span);
                break;
        }
    }

    private void Backward()
    {
        PeerTensors t = Tensors;
        PeerTensors.Set set = t.First;
        switch (_name[..5])
        {
            case "layer":
                LayerNorm.Backward<float>(
                    set.Dy.Span, set.X.Span, set.Y.Span, _rows, t.Weight.Span, PeerTensors.Epsilon, t.Mean.Span,
                    t.Rstd.Span, t.Dweight.Span, t.Dbias.Span, t.Workspace.Span);
                break;
            case "group":
                GroupNorm.Backward<float>(
                    set.Dy.Span, set.X.Span, set.Y.Span, _channels, _groups, t.Weight.Span, PeerTensors.Epsilon,
                    t.Mean.Span, t.Rstd.Span, t.Dweight.Span, t.Dbias.Span, t.Workspace.Span);
                break;
            default:
                BatchNorm.Backward<float>(
                    set.Dy.Span, set.X.Span, set.Y.Span, _channels, t.Weight.Span, PeerTensors.Epsilon, t.Mean.Span,
                    t.Rstd.Span, t.Dweight.Span, t.Dbias.Span);
                break;
        }
    }
}
