using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>The same of rows that lie apart.</summary>
public abstract class RowBadArgumentSuite : BadArgumentSuite
{
    // Two matrices of 3 x 5, the one shifted by some elements.
    private static readonly (int Shift, int Stride, int OtherStride)[] _overlappingMatrices =
    [
        (0, 8, 9), (0, 9, 8), (0, 5, 8), (1, 8, 8), (4, 8, 8), (7, 8, 8), (9, 8, 8), (5, 11, 12), (-4, 12, 12), (5, 9,
        9),
    ];

    private protected RowBadArgumentSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    public void Strides()
    {
        Refusals refusals = new();
        foreach (Problem problem in FullProblems(Norm.Shapes.Tiny[0]))
        {
            refusals.Use(problem, given =>
            {
                foreach (Argument matrix in problem.Arguments.Where(a => a.Extent == Extent.Tensor))
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
        foreach (Problem problem in FullProblems(Norm.Shapes.Tiny[0]))
        {
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            using Execution execution = new(problem, new() { Padding = _ => 2 });
            execution.Call();
            AssertSameBits(problem, expected, execution.Results(), "ends with the last row");
            foreach (Argument matrix in problem.Arguments.Where(a => a.Extent == Extent.Tensor))
            {
                execution.Arguments[matrix.Name] = Resized(execution.Arguments[matrix.Name], 21);
            }

            execution.Call();
            AssertSameBits(problem, expected, execution.Results(), "ends with the last stride");
        }
    }

    [TestMethod]
    public void Overlaps_of_strided_tensors()
    {
        Refusals refusals = new();
        foreach (Problem problem in Uniform(Norm.Shapes.Tiny[0]))
        {
            refusals.Use(problem, given =>
            {
                foreach (Argument output in problem.Outputs.Where(a => a.Extent == Extent.Tensor))
                {
                    foreach (Argument other in problem.Arguments.Where(a => a.Extent == Extent.Tensor && a != output))
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
        foreach (Problem problem in Uniform(Norm.Shapes.Tiny[0]))
        {
            Argument[] matrices = [.. problem.Arguments.Where(a => a.Extent == Extent.Tensor)];
            IReadOnlyDictionary<string, byte[]> expected = Execution.Run(problem, new());
            using Execution execution = new(problem, new());
            var fused = GuardedMemory.Rent(4096);
            int stride = 5 * matrices.Length;
            for (int i = 0; i < matrices.Length; i++)
            {
                string name = matrices[i].Name;
                for (int row = 0; row < 3 && matrices[i].Role == Role.Input; row++)
                {
                    problem.SliceOf(matrices[i], problem.Tensors[name], row)
                        .CopyTo(fused.Bytes[((row * stride + 5 * i) * Dtype.Size)..]);
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
                    AssertSameBits(
                        problem, matrices[i], problem.SliceOf(matrices[i], values, row), actual, $"columns, row {row}");
                }
            }

            fused.Return();
        }
    }

    // Where all matrices are of one type: 8 bits have columns of their own.
    private IEnumerable<Problem> Uniform(ProblemShape shape) =>
        FullProblems(shape).Where(p => p.Arguments.All(a => a.Element != ElementKind.Int8));
}
