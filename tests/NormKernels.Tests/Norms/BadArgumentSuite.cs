using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>
/// Every argument that a verb must refuse, one at a time: the exception names the parameter, and nothing is written.
/// </summary>
public abstract class BadArgumentSuite : NormSuite
{
    private static readonly (int Rows, int Cols)[] _shapes = [(3, 5), (1, 5), (5, 1), (1, 1)];

    // Two matrices of 3 x 5, the one shifted by some elements.
    private static readonly (int Shift, int Stride, int OtherStride)[] _overlappingMatrices =
    [
        (0, 8, 9), (0, 9, 8), (0, 5, 8), (1, 8, 8), (4, 8, 8), (7, 8, 8), (9, 8, 8), (5, 11, 12), (-4, 12, 12), (5, 9,
        9),
    ];

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

            if (!argument.Optional || argument.Partner is not null)
            {
                refusals.Expect(argument.Name, "missing", a => a[argument.Name] = default);
            }
        }
    });

    [TestMethod]
    public void Workspace_that_is_too_large_for_the_stack_has_to_be_passed()
    {
        Refusals refusals = new();
        foreach (Verb verb in Norm.Verbs.Where(verb => verb.Has("workspace")))
        {
            refusals.Use(
                Full(verb, 3, 1000),
                _ => refusals.Expect("workspace", "missing", a => a["workspace"] = default));
            // Who wants no sums needs none.
            refusals.Use(Full(verb, 3, 1000).Without("dweight", "dbias", "workspace"), _ => { });
        }

        refusals.Check();
    }

    [TestMethod]
    public void Strides()
    {
        Refusals refusals = new();
        foreach (Problem problem in FullProblems(3, 5))
        {
            refusals.Use(problem, given =>
            {
                foreach (Argument matrix in problem.Arguments.Where(a => a.Extent == Extent.Matrix))
                {
                    string name = matrix.Name;
                    Block block = given[name];
                    long[] strides = [4, 1, -1, -5, -7, long.MinValue, long.MaxValue, long.MaxValue / 3,
                    long.MaxValue / 8];
                    foreach (long stride in strides)
                    {
                        refusals.Expect(name, $"stride {stride}", a => a.SetStride(name, stride));
                    }

                    int[] lengths = [15, 18, 22];
                    foreach (int length in lengths)
                    {
                        refusals.Expect(name, $"stride 7, length {length}", a =>
                        {
                            a.SetStride(name, 7);
                            a[name] = Resized(block, length);
                        });
                    }
                }
            });
        }

        refusals.Check();
    }

    [TestMethod]
    public void Strided_spans_end_with_their_last_row_or_its_stride()
    {
        foreach (Problem problem in FullProblems(3, 5))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            using Execution execution = new(problem, new() { Padding = _ => 2 });
            execution.Call();
            AssertSameBits(problem, expected, execution.Results(), "ends with the last row");
            foreach (Argument matrix in problem.Arguments.Where(a => a.Extent == Extent.Matrix))
            {
                execution.Arguments[matrix.Name] = Resized(execution.Arguments[matrix.Name], 21);
            }

            execution.Call();
            AssertSameBits(problem, expected, execution.Results(), "ends with the last stride");
        }
    }

    [TestMethod]
    public void Overlaps() => ForEachCase((refusals, problem, given) =>
    {
        foreach (Argument output in problem.Arguments.Where(a => a.Role != Role.Input))
        {
            foreach (Argument other in problem.Arguments.Where(a => a != output))
            {
                ExpectNoOverlap(refusals, problem, given, output, other);
            }
        }
    });

    [TestMethod]
    public void Overlaps_of_strided_tensors()
    {
        Refusals refusals = new();
        foreach (Problem problem in FullProblems(3, 5))
        {
            refusals.Use(problem, given =>
            {
                foreach (Argument output in problem.Outputs.Where(a => a.Extent == Extent.Matrix))
                {
                    foreach (Argument other in problem.Arguments.Where(a => a.Extent == Extent.Matrix && a != output))
                    {
                        foreach ((int shift, int stride, int otherStride) in _overlappingMatrices)
                        {
                            string what = $"shifted by {shift}, strides {stride} and {otherStride}";
                            ExpectRefused(refusals, output, other, what, a =>
                            {
                                nint start = given[other.Name].Address;
                                a.SetStride(output.Name, stride);
                                a.SetStride(other.Name, otherStride);
                                a[other.Name] = new(start, 2 * otherStride + 5);
                                a[output.Name] = new(start + shift * Dtype.Size, 2 * stride + 5);
                            });
                        }
                    }
                }
            });
        }

        refusals.Check();
    }

    [TestMethod]
    public void Columns_of_one_matrix_do_not_overlap()
    {
        foreach (Problem problem in FullProblems(3, 5))
        {
            Argument[] matrices = [.. problem.Arguments.Where(a => a.Extent == Extent.Matrix)];
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            using Execution execution = new(problem, new());
            var fused = GuardedMemory.Rent(4096);
            int stride = 5 * matrices.Length;
            for (int i = 0; i < matrices.Length; i++)
            {
                string name = matrices[i].Name;
                for (int row = 0; row < 3 && matrices[i].Role == Role.Input; row++)
                {
                    problem.RowOf(problem.Tensors[name],
                    row).CopyTo(fused.Bytes[((row * stride + 5 * i) * Dtype.Size)..]);
                }

                execution.Arguments.SetStride(name, stride);
                execution.Arguments[name] = new(fused.Address + 5 * i * Dtype.Size, 2 * stride + 5);
            }

            execution.Call();
            for (int i = 0; i < matrices.Length; i++)
            {
                string name = matrices[i].Name;
                byte[] values = matrices[i].Role == Role.Input ? problem.Tensors[name] : expected[name];
                for (int row = 0; row < 3; row++)
                {
                    ReadOnlySpan<byte> actual =
                        fused.Bytes.Slice((row * stride + 5 * i) * Dtype.Size, 5 * Dtype.Size);
                    AssertSameBits(problem, matrices[i], problem.RowOf(values, row), actual, $"columns, row {row}");
                }
            }

            fused.Return();
        }
    }

    [TestMethod]
    public void Inputs_may_be_the_same_span()
    {
        foreach (Problem problem in FullProblems(3, 5))
        {
            Argument[] matrices = [.. problem.Verb.Inputs.Where(a => a.Extent == Extent.Matrix)];
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
    public void Epsilon() => ForEachCase((refusals, _, _) =>
    {
        double[] bad = [double.NaN, -1, -double.Epsilon, double.NegativeInfinity];
        foreach (double epsilon in bad)
        {
            refusals.Expect("epsilon", $"{epsilon}", a => a.Epsilon = epsilon);
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

        int[] sets = [-1, (int)CpuBackend.BestInstructionSet + 1, 99, int.MaxValue, int.MinValue];
        foreach (int set in sets)
        {
            refusals.Expect(
                "options", $"instruction set {set}", a => a.Options = new() { InstructionSet = (InstructionSet)set });
        }
    });

    [TestMethod]
    public void Element_types()
    {
        Refusals refusals = new();
        foreach (Problem problem in FullProblems(3, 5))
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
        (long Rows, long Cols)[] shapes =
        [
            (problem.Rows + 1, problem.Cols), (problem.Rows, problem.Cols + 1), (0, problem.Cols), (problem.Rows, 0),
            (1L << 32, 1L << 30), (1L << 32, 1), (1, 1L << 32), ((1L << 32) + problem.Rows, problem.Cols),
            (long.MaxValue, 1), (1, long.MaxValue),
        ];
        foreach ((long rows, long cols) in shapes)
        {
            refusals.Expect(names, $"shape {rows} x {cols}", a => a.Shape = new RowShape(rows, cols));
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

    private static void ExpectRefused(
        Refusals refusals, Argument output, Argument other, string what, Action<Arguments> change)
    {
        // Of two outputs either may be blamed.
        string[] names = other.Role == Role.Input ? [output.Name] : [output.Name, other.Name];
        refusals.Expect(names, $"{output} on {other}, {what}", change);
    }

    private static Block Resized(Block block, int length) => block with { Length = length };

    private void ForEachCase(Action<Refusals, Problem, Arguments> test)
    {
        Refusals refusals = new();
        foreach (Problem problem in _shapes.SelectMany(shape => FullProblems(shape.Rows, shape.Cols)))
        {
            refusals.Use(problem, given => test(refusals, problem, given));
        }

        refusals.Check();
    }
}
