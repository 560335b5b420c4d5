using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;
using NormKernels.Tests.Norms;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

/// <summary>
/// Rows that lie more than 2^31 elements, or 2^32 bytes, apart: address space is reserved for whole tensors, memory for
/// their rows alone.
/// </summary>
[TestClass]
public sealed unsafe class LargeAddressTests
{
    private const int Rows = 4;
    private const int Cols = 67;

    // (Rows - 1) * stride + Cols is still the length of a span.
    private const long LongestOfSpans = (int.MaxValue - Cols) / (Rows - 1);
    private const long BeyondSpans = (1L << 31) + 4099;

    public static IEnumerable<(string Norm, string Verb, string Dtype)> Calls =>
        from norm in _norms.Keys
        from verb in _norms[norm].Norm.Verbs
        from dtype in Dtype.Tensors
        select (norm, verb.Name, dtype.Name);

    private static readonly string[] _kinds = ["Forward", "Backward", "Jvp"];

    private static readonly Dictionary<string, (Norm Norm, string Prefix)> _norms = new()
    {
        ["LayerNorm"] = (NormUnderTest.LayerNorm, "nk_layer_norm"),
        ["RmsNorm"] = (NormUnderTest.RmsNorm, "nk_rms_norm"),
    };

    [TestMethod]
    [DynamicData(nameof(Calls))]
    public void Spans(string norm, string verb, string dtype)
    {
        using Layout layout = new(ProblemOf(norm, verb, dtype), LongestOfSpans);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using Execution execution = new(layout.Problem, new() { InstructionSet = isa });
            foreach ((string name, nint address) in layout.Addresses)
            {
                execution.Arguments[name] = new(address, checked((int)((Rows - 1) * LongestOfSpans + Cols)));
                execution.Arguments.SetStride(name, LongestOfSpans);
            }

            execution.Call();
            IReadOnlyDictionary<string, byte[]> results = execution.Results();
            layout.Check($"spans on {isa}", name => results[name]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Calls))]
    public void Native(string norm, string verb, string dtype)
    {
        Problem problem = ProblemOf(norm, verb, dtype);
        using Layout layout = new(problem, BeyondSpans);
        string kind = _kinds.Single(k => verb.Contains(k, StringComparison.Ordinal));
        using NativeCall call = Call(_norms[norm].Prefix, kind);
        using Execution memory = new(problem, new());
        call["rows"] = Rows;
        call["cols"] = Cols;
        call["dtype"] = Dtype.Tensors.TakeWhile(t => t != problem.Dtype).Count();
        call["param_dtype"] = call["dtype"];
        call.SetEpsilon(problem.Epsilon);
        foreach (Argument argument in problem.Arguments)
        {
            // What is normalized is x, or h in the derivatives of the residual form.
            bool isPoint = argument.Name == "h" && kind != "Forward";
            string field = isPoint ? "x" : FieldOf(argument.Name);
            call[field] = layout.Addresses.GetValueOrDefault(argument.Name, memory[argument.Name].Start);
            if (argument.Extent == Extent.Tensor)
            {
                call[field + "_stride"] = BeyondSpans;
            }
        }

        if (problem.Verb.Has("yScale"))
        {
            call["quantize"] = (long)nk_quantize.NK_QUANTIZE_I8;
        }

        if (call.Has("workspace_size"))
        {
            call["workspace_size"] = problem.Norm.WorkspaceSize(problem, default);
        }

        foreach (InstructionSet isa in InstructionSets.Available)
        {
            call["isa"] = (long)isa;
            Assert.AreEqual(nk_status.NK_OK, call.Run().Status);
            IReadOnlyDictionary<string, byte[]> results = memory.Results();
            layout.Check($"native on {isa}", name => results[name]);
        }
    }

    private static Problem ProblemOf(string norm, string verb, string dtype) => Problem.Random(
        _norms[norm].Norm, _norms[norm].Norm[verb], Dtype.Tensors.Single(t => t.Name == dtype),
        new RowProblemShape(Rows, Cols));

    // tanX is tan_x.
    private static string FieldOf(string parameter) => parameter.Aggregate(
        new StringBuilder(),
        (name, c) => char.IsUpper(c) ? name.Append('_').Append(char.ToLowerInvariant(c)) : name.Append(c),
        name => name.ToString());

    private static NativeCall Call(string prefix, string kind) => (prefix, kind) switch
    {
        ("nk_layer_norm", "Forward") => new("nk_row_norm_forward_params", &NativeRowNormTests.LayerForward),
        ("nk_layer_norm", "Backward") => new("nk_row_norm_backward_params", &NativeRowNormTests.LayerBackward),
        ("nk_layer_norm", _) => new("nk_row_norm_jvp_params", &NativeRowNormTests.LayerJvp),
        (_, "Forward") => new("nk_row_norm_forward_params", &NativeRowNormTests.RmsForward),
        (_, "Backward") => new("nk_row_norm_backward_params", &NativeRowNormTests.RmsBackward),
        _ => new("nk_row_norm_jvp_params", &NativeRowNormTests.RmsJvp),
    };

    /// <summary>The matrices of a problem in address space of their own, and the results of a compact call.</summary>
    private sealed class Layout : IDisposable
    {
        private const int Page = 4096;

        private readonly long _stride;
        private readonly long _bytes;
        private readonly IReadOnlyDictionary<string, byte[]> _expected;

        public Layout(Problem problem, long stride)
        {
            if (!OperatingSystem.IsLinux())
            {
                Assert.Inconclusive("Address space is reserved by mmap.");
            }

            Problem = problem;
            _stride = stride;
            _bytes = (Rows * stride * problem.Dtype.Size + Page - 1) / Page * Page;
            _expected = Execution.Run(problem, new());
            foreach (Argument matrix in problem.Arguments.Where(a => a.Extent == Extent.Tensor))
            {
                nint address = GuardedMemory.Reserve(_bytes);
                Addresses[matrix.Name] = address;
                for (int row = 0; row < Rows; row++)
                {
                    int size = problem.TypeOf(matrix).Size;
                    nint start = (nint)(address + row * stride * size);
                    nint page = start / Page * Page;
                    GuardedMemory.Commit(page, (start - page + Cols * size + Page - 1) / Page * Page);
                    if (matrix.Role == Role.Input)
                    {
                        problem.SliceOf(matrix, problem.Tensors[matrix.Name], row).CopyTo(Row(address, row, size));
                    }
                }
            }
        }

        public Problem Problem { get; }

        public Dictionary<string, nint> Addresses { get; } = [];

        public void Check(string what, Func<string, byte[]> vectors)
        {
            foreach (Argument output in Problem.Outputs)
            {
                int size = Problem.TypeOf(output).Size;
                byte[] actual = Addresses.TryGetValue(output.Name, out nint address)
                    ? [.. Enumerable.Range(0, Rows).SelectMany(row => Row(address, row, size).ToArray())]
                    : vectors(output.Name);
                int at = Problem.TypeOf(output).FirstDifference(_expected[output.Name], actual);
                Assert.AreEqual(-1, at, $"{Problem} {what}: {output}[{at}]");
                if (address != 0)
                {
                    for (int row = 0; row < Rows; row++)
                    {
                        Row(address, row, size).Clear();
                    }
                }
            }
        }

        public void Dispose()
        {
            foreach (nint address in Addresses.Values)
            {
                GuardedMemory.Release(address, _bytes);
            }
        }

        private Span<byte> Row(nint address, int row, int size) =>
            new((void*)(address + (nint)(row * _stride * size)), Cols * size);
    }
}
