using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>A norm under test: its verbs, how to call them, and what the oracle says.</summary>
internal abstract class Norm
{
    public abstract string Name { get; }

    public abstract IReadOnlyList<Verb> Verbs { get; }

    public Verb this[string verb] => Verbs.Single(v => v.Name == verb);

    /// <summary>Calls the public method. Allocates nothing itself.</summary>
    public abstract void Call<T>(Verb verb, Arguments a)
        where T : unmanaged;

    /// <summary>The shapes to test it with.</summary>
    public abstract ShapeList Shapes { get; }

    /// <summary>What the workspace argument has to hold; the options are those of the call.</summary>
    public virtual long WorkspaceSize(Problem problem, CpuOptions options) => 0;

    /// <summary>The magnitudes of the values of a slice whose deviation or norm, and its reciprocal, are ordinary
    /// float32 numbers.</summary>
    public virtual (double Least, double Most) Magnitudes => (1e-36, 1e36);

    /// <summary>Whether the verb exists for the shape.</summary>
    public virtual bool Has(Verb verb, ProblemShape shape) => true;

    /// <summary>Arguments that cannot be passed with this shape.</summary>
    public virtual IEnumerable<string> Impossible(Verb verb, ProblemShape shape) => [];

    /// <summary>Whether a NaN in an input makes NaN of the output, throughout the slice.</summary>
    public virtual bool Spreads(Problem problem, Argument input, Argument output) => true;

    /// <summary>The outputs of the oracle, by name.</summary>
    public abstract IReadOnlyDictionary<string, Expectation> Expect(Problem problem);

    public override string ToString() => Name;
}
