using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>Loads and stores of the kernels, through calls whose result is known bit for bit.</summary>
public abstract class StorageSuite : NormSuite
{
    private static readonly ushort[] _ends = [0, 1, 0x0FFF, 0x1000, 0x1001, 0x3FFF, 0x7FFF, 0x8000, 0x8001, 0xFFFF];

    private protected StorageSuite(Norm norm, Dtype dtype)
        : base(norm, dtype)
    {
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Every_pattern_goes_through_unchanged(InstructionSet isa)
    {
        // h = x + residual, and x + -0 is x for every x, zeros of both signs included. In f32 the patterns are the
        // upper halves.
        byte[] patterns = Dtype.Size == 2
            ? MemoryMarshal.AsBytes<ushort>([.. Enumerable.Range(0, 0x10000).Select(i => (ushort)i)]).ToArray()
            : MemoryMarshal.AsBytes<uint>([.. Enumerable.Range(0, 0x10000).Select(i => (uint)i << 16)]).ToArray();
        // 65536 as whole steps, and as rows whose last step is not whole.
        (int Rows, int Cols)[] shapes = [(256, 256), (1, 65536), (65535 / 15, 15), (65535 / 17, 17), (65536 / 2, 2)];
        foreach ((int rows, int cols) in shapes)
        {
            Problem problem = Full(Norm["AddForward"], new RowProblemShape(rows, cols))
                .With("residual", [.. Enumerable.Repeat(-0.0, rows * cols)]);
            problem.Tensors["x"] = patterns[..(rows * cols * Dtype.Size)];
            IReadOnlyDictionary<string, byte[]> results = Execution.Run(problem, new() { InstructionSet = isa });
            AssertSameBits(problem, problem.Verb["h"], problem.Tensors["x"], results["h"], $"on {isa}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(AvailableInstructionSets))]
    public void Every_value_is_rounded_to_nearest_even(InstructionSet isa)
    {
        // With zeros for x the result is the bias, which is float32 here. (0 * weight + -0 is +0.)
        uint[] bits = [.. from upper in Enumerable.Range(0, 0x10000) from end in _ends select (uint)upper << 16 | end];
        Problem problem = Problem.Random(
            Norm, Norm["Forward"], Dtype, new RowProblemShape(1, bits.Length),
            p => p with { Float32Parameters = true });
        problem.With("x", new double[bits.Length]).Tensors["bias"] = MemoryMarshal.AsBytes(bits.AsSpan()).ToArray();
        double[] expected = [.. problem.Values("bias").Select(bias => bias + 0.0)];
        IReadOnlyDictionary<string, byte[]> results = Execution.Run(problem, new() { InstructionSet = isa });
        AssertSameBits(problem, problem.Verb["y"], Dtype.Encode(expected), results["y"], $"on {isa}");
    }
}
