using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Tests.Norms;

/// <summary>
/// The shape of a problem: how long its arguments are, and which elements make a slice, whose results depend on itself
/// alone.
/// </summary>
internal abstract record ProblemShape
{
    private static readonly Dictionary<string, double> _none = [];

    /// <summary>Elements of a tensor.</summary>
    public abstract int Count { get; }

    /// <summary>How many slices there are: what has statistics or a norm of its own.</summary>
    public abstract int Slices { get; }

    /// <summary>How many elements a weight has.</summary>
    public virtual int Parameters => 0;

    /// <summary>Rows that a stride may keep apart; null where tensors are contiguous.</summary>
    public virtual int? Rows => null;

    /// <summary>The shape as the public methods take it.</summary>
    public abstract object Native { get; }

    /// <summary>Numbers that belong to the shape, by the name of their parameter.</summary>
    public virtual IReadOnlyDictionary<string, double> Numbers => _none;

    /// <summary>Whether a parameter belongs to several slices.</summary>
    public virtual bool SharesParameters => false;

    /// <summary>Shapes that need arguments of other lengths.</summary>
    public abstract IEnumerable<object> Others { get; }

    /// <summary>The elements of a slice, if all are equally long.</summary>
    public int SliceLength => Slices == 0 ? 0 : Count / Slices;

    /// <summary>The slice of an element of a tensor.</summary>
    public abstract int SliceOf(int element);

    /// <summary>The parameter of an element of a tensor.</summary>
    public virtual int ParameterOf(int element) => 0;

    /// <summary>The shape of one slice.</summary>
    public abstract ProblemShape Alone(int slice);

    public int SizeOf(Extent extent) => extent switch
    {
        Extent.Tensor => Count,
        Extent.PerSlice => Slices,
        _ => Parameters,
    };

    /// <summary>The elements of an argument that belong to a slice, in their order.</summary>
    public int[] Indices(Extent extent, int slice)
    {
        IEnumerable<int> elements = Enumerable.Range(0, Count).Where(element => SliceOf(element) == slice);
        return extent switch
        {
            Extent.Tensor => [.. elements],
            Extent.PerSlice => [slice],
            _ => [.. elements.Select(ParameterOf).Distinct().Order()],
        };
    }
}
