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

    public RowShape Shape { get; set; }

    public double Epsilon { get; set; }

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
        object strides = Shape.Strides;
        string property = char.ToUpperInvariant(name[0]) + name[1..];
        typeof(RowStrides).GetProperty(property)!.SetValue(strides, stride);
        Shape = Shape with { Strides = (RowStrides)strides };
    }

    /// <summary>The same call, to be changed on its own.</summary>
    public Arguments Copy()
    {
        Arguments copy = new()
        {
            Shape = Shape,
            Epsilon = Epsilon,
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
