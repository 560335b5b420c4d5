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

    public abstract long WorkspaceSize(RowShape shape);

    /// <summary>The outputs of the oracle, by name.</summary>
    public abstract IReadOnlyDictionary<string, Expectation> Expect(Problem problem);

    public override string ToString() => Name;
}
