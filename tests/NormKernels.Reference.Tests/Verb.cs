using System.Collections.Generic;
using System.Linq;

namespace NormKernels.Reference.Tests;

/// <summary>The tensors of one method, in the order of its parameters.</summary>
/// <param name="Name">Name of the method.</param>
/// <param name="Inputs">What it reads; the first is always rows x cols.</param>
/// <param name="Outputs">What it writes.</param>
/// <param name="Point">The input that statistics are taken of.</param>
/// <param name="NotInPlace">The one pair of equal shape that may not be the same span.</param>
internal sealed record Verb(
    string Name, string[] Inputs, string[] Outputs, string Point, (string Output, string Input)? NotInPlace = null)
{
    public static readonly Verb Forward =
        new("Forward", ["x", "weight", "bias"], ["y", "mean", "rstd"], "x");

    public static readonly Verb Backward =
        new("Backward", ["dy", "x", "weight"], ["dx", "dweight", "dbias"], "x");

    public static readonly Verb Jvp =
        new("Jvp", ["tanX", "x", "weight", "tanWeight", "tanBias"], ["jvpY"], "x");

    public static readonly Verb AddForward =
        new("AddForward", ["x", "residual", "weight", "bias"], ["h", "y", "mean", "rstd"], "x");

    public static readonly Verb AddBackward =
        new("AddBackward", ["dy", "dh", "h", "weight"], ["dx", "dweight", "dbias"], "h");

    public static readonly Verb AddJvp = new(
        "AddJvp",
        ["tanX", "tanResidual", "h", "weight", "tanWeight", "tanBias"],
        ["jvpH", "jvpY"],
        "h",
        NotInPlace: ("jvpH", "h"));

    public static readonly IReadOnlyList<Verb> All = [Forward, Backward, Jvp, AddForward, AddBackward, AddJvp];

    public static Verb Named(string name) => All.Single(verb => verb.Name == name);

    public static bool IsOptional(string tensor) => tensor
        is "weight" or "bias" or "tanWeight" or "tanBias" or "dweight" or "dbias" or "mean" or "rstd" or "dh";
}
