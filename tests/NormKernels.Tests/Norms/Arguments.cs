using System;
using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Tests.Norms;

/// <summary>Unmanaged memory of some elements.</summary>
internal readonly record struct Block(nint Address, int Length);

/// <summary>What a call is given. An argument without memory is passed as an empty span.</summary>
internal sealed unsafe class Arguments
{
    private readonly Dictionary<string, Block> _blocks = [];

    /// <summary>The shape, as the norm takes it.</summary>
    public required object Shape { get; set; }

    public Dictionary<string, double> Numbers { get; init; } = [];

    public double Epsilon => Numbers["epsilon"];

    public double Momentum => Numbers["momentum"];

    public double P => Numbers["p"];

    public long Groups => (long)Numbers["groups"];

    public RowShape Rows => (RowShape)Shape;

    public ChannelShape Channels => (ChannelShape)Shape;

    public AxisShape Axis => (AxisShape)Shape;

    public CpuOptions Options { get; set; }

    /// <summary>Whether parameters are float32 beside tensors of another type.</summary>
    public bool Float32Parameters { get; set; }

    /// <summary>The boolean parameters that are true.</summary>
    public HashSet<string> Flags { get; init; } = [];

    public Block this[string name]
    {
        get => _blocks.GetValueOrDefault(name);
        set => _blocks[name] = value;
    }

    public ReadOnlySpan<T> In<T>(string name)
        where T : unmanaged => Out<T>(name);

    public Span<T> Out<T>(string name)
        where T : unmanaged =>
        _blocks.TryGetValue(name, out Block block) ? new((void*)block.Address, block.Length) : default;

    public bool Is(string flag) => Flags.Contains(flag);

    public void SetStride(string name, long stride)
    {
        object strides = Rows.Strides;
        string property = char.ToUpperInvariant(name[0]) + name[1..];
        typeof(RowStrides).GetProperty(property)!.SetValue(strides, stride);
        Shape = Rows with { Strides = (RowStrides)strides };
    }

    /// <summary>The same call, to be changed on its own.</summary>
    public Arguments Copy()
    {
        Arguments copy = new()
        {
            Shape = Shape,
            Numbers = new(Numbers),
            Options = Options,
            Float32Parameters = Float32Parameters,
            Flags = [.. Flags],
        };
        foreach ((string name, Block block) in _blocks.AsEnumerable())
        {
            copy[name] = block;
        }

        return copy;
    }
}
