using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// Every argument that a verb must refuse, one at a time: the exception names the parameter, and nothing is written.
/// </summary>
public abstract class BadArgumentSuite : NormSuite
{
    private protected BadArgumentSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    public void Lengths() => ForEachCase((refusals, problem, given) =>
    {
        foreach (Argument argument in problem.Arguments)
        {
            Block block = given[argument.Name];
            if (argument.Role != Role.Scratch)
            {
                refusals.Expect(argument.Name, "one too long", a => a[argument.Name] = Resized(block,
                block.Length + 1));
            }

            if (block.Length > 1)
            {
                refusals.Expect(argument.Name, "one short", a => a[argument.Name] = Resized(block, block.Length - 1));
            }

            if (block.Length > 0 && (!argument.Optional || argument.Partner is not null))
            {
                refusals.Expect(argument.Name, "missing", a => a[argument.Name] = default);
            }
        }
    });

    [TestMethod]
    public void Workspace_that_is_too_large_for_the_stack_has_to_be_passed()
    {
        if (Norm.Shapes.LargeWorkspace is not { } shape)
        {
            Assert.IsFalse(Norm.Verbs.Any(verb => verb.Has("workspace")));
            return;
        }

        Refusals refusals = new();
        foreach (Verb verb in VerbsOf(shape).Where(verb => verb.Has("workspace")))
        {
            refusals.Use(
                Full(verb, shape),
                _ => refusals.Expect("workspace", "missing", a => a["workspace"] = default));
            // Who wants no sums needs none.
            if (verb.Has("dweight"))
            {
                refusals.Use(Full(verb, shape).Without("dweight", "dbias", "workspace"), _ => { });
            }
        }

        refusals.Check();
    }

    [TestMethod]
    public void Overlaps() => ForEachCase((refusals, problem, given) =>
    {
        foreach (Argument output in problem.Arguments.Where(a => a.Role != Role.Input && given[a.Name].Length != 0))
        {
            // A workspace of no bytes lies on nothing.
            foreach (Argument other in problem.Arguments.Where(a => a != output && given[a.Name].Length != 0))
            {
                ExpectNoOverlap(refusals, problem, given, output, other);
            }
        }
    });

    [TestMethod]
    public void Inputs_may_be_the_same_span()
    {
        foreach (Problem problem in FullProblems(Norm.Shapes.Tiny[0]))
        {
            Argument[] matrices = [.. problem.Verb.Inputs.Where(a => a.Extent == Extent.Tensor)];
            foreach (Argument matrix in matrices)
            {
                problem.Tensors[matrix.Name] = problem.Tensors[problem.Verb.Point];
            }

            using Execution execution = new(problem, new());
            foreach (Argument matrix in matrices)
            {
                execution.Arguments[matrix.Name] = execution.Arguments[problem.Verb.Point];
            }

            execution.Call();
            AssertSameBits(problem, Execution.Run(problem, new()), execution.Results(), "one span for all inputs");
        }
    }

    [TestMethod]
    public void Numbers() => ForEachCase((refusals, problem, _) =>
    {
        foreach (Number number in problem.Verb.Numbers)
        {
            foreach (double bad in number.Bad)
            {
                refusals.Expect(number.Name, $"{bad}", a => a.Numbers[number.Name] = bad);
            }
        }
    });

    [TestMethod]
    public void Options() => ForEachCase((refusals, _, _) =>
    {
        int[] degrees = [-2, int.MinValue];
        foreach (int degree in degrees)
        {
            refusals.Expect("options", $"degree {degree}", a => a.Options = new() { MaxDegreeOfParallelism = degree });
        }

        foreach (int set in InstructionSets.Refused)
        {
            refusals.Expect(
                "options", $"instruction set {set}", a => a.Options = new() { InstructionSet = (InstructionSet)set });
        }
    });

    [TestMethod]
    public void Element_types()
    {
        Refusals refusals = new();
        foreach (Problem problem in FullProblems(Norm.Shapes.Tiny[0]))
        {
            string[] tensors = [.. problem.Arguments.Where(a => a.Element == ElementKind.Tensor).Select(a => a.Name)];
            refusals.Use(problem, _ =>
            {
                refusals.Expect(tensors, "double", call: a => Norm.Call<double>(problem.Verb, a));
                refusals.Expect(tensors, "int", call: a => Norm.Call<int>(problem.Verb, a));
                refusals.Expect(tensors, "ushort", call: a => Norm.Call<ushort>(problem.Verb, a));
                refusals.Expect(tensors, "double with float parameters", a => a.Float32Parameters = true,
                    a => Norm.Call<double>(problem.Verb, a));
            });
        }

        refusals.Check();
    }

    [TestMethod]
    public void Shapes() => ForEachCase((refusals, problem, _) =>
    {
        // What is wrong then is the length of the spans: any of those that the shape no longer fits.
        string[] names = [.. problem.Arguments.Select(a => a.Name)];
        foreach (object shape in problem.Shape.Others)
        {
            refusals.Expect(names, $"shape {shape}", a => a.Shape = shape);
        }
    });

    // Every place of an output that shares bytes with the other argument, from the first shared element to the last.
    private static void ExpectNoOverlap(Refusals refusals, Problem problem, Arguments given, Argument output,
    Argument other)
    {
        int size = problem.TypeOf(output).Size;
        int step = Math.Max(size, problem.TypeOf(other).Size);
        int bytes = given[output.Name].Length * size;
        int otherBytes = given[other.Name].Length * problem.TypeOf(other).Size;
        int[] shifts = [0, step, -step, otherBytes - step, step - bytes];
        foreach (int shift in shifts.Distinct().Where(shift => shift < otherBytes && shift + bytes > 0))
        {
            bool inPlace = shift == 0 && output.Replaces.Contains(other.Name);
            if (!inPlace && shift % size == 0)
            {
                ExpectRefused(refusals, output, other, $"{shift} bytes from its start", a =>
                    a[output.Name] = new(given[other.Name].Address + shift, given[output.Name].Length));
            }
        }
    }

    private protected static void ExpectRefused(
        Refusals refusals, Argument output, Argument other, string what, Action<Arguments> change)
    {
        // Of two outputs either may be blamed.
        string[] names = other.Role == Role.Input ? [output.Name] : [output.Name, other.Name];
        refusals.Expect(names, $"{output} on {other}, {what}", change);
    }

    private protected static Block Resized(Block block, int length) => block with { Length = length };

    private void ForEachCase(Action<Refusals, Problem, Arguments> test)
    {
        Refusals refusals = new();
        foreach (Problem problem in FullProblems(Norm.Shapes.Tiny))
        {
            refusals.Use(problem, given => test(refusals, problem, given));
        }

        refusals.Check();
    }
}
