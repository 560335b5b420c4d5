using System;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Interop;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Interop;

[TestClass]
public sealed unsafe class CpuBackendTests
{
    [TestMethod]
    public void The_library_that_was_loaded_is_named()
    {
        Assert.IsTrue(File.Exists(CpuBackend.LibraryPath), CpuBackend.LibraryPath);
        CollectionAssert.Contains(NativeLibraryLoader.Candidates().ToArray(), CpuBackend.LibraryPath);
    }

    [TestMethod]
    public void Versions_fit()
    {
        Assert.AreEqual(NkRuntime.NK_ABI_VERSION, NkRuntime.nk_abi_version());
        string assembly = typeof(CpuBackend).Assembly.GetName().Version!.ToString(3);
        StringAssert.StartsWith(CpuBackend.NativeVersion, assembly, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Instruction_sets_are_those_up_to_the_best()
    {
        Assert.IsTrue(CpuBackend.BestInstructionSet <= CpuBackend.HardwareInstructionSet);
        Assert.IsTrue(CpuBackend.IsSupported(InstructionSet.Best));
        Assert.IsTrue(CpuBackend.IsSupported(InstructionSet.Scalar));
        Assert.IsTrue(CpuBackend.IsSupported(CpuBackend.BestInstructionSet));
        Assert.IsFalse(CpuBackend.IsSupported(CpuBackend.BestInstructionSet + 1));
        Assert.IsTrue(InstructionSets.Refused.All(number => !CpuBackend.IsSupported((InstructionSet)number)));
        Assert.AreEqual(CpuBackend.BestInstructionSet, InstructionSets.Available[^1]);
    }

    [TestMethod]
    [DataRow(InstructionSet.Scalar, InstructionSet.Scalar)]
    [DataRow(InstructionSet.Avx2, InstructionSet.Scalar, InstructionSet.Avx2)]
    [DataRow(InstructionSet.Avx512, InstructionSet.Scalar, InstructionSet.Avx2, InstructionSet.Avx512)]
    [DataRow(InstructionSet.Neon, InstructionSet.Scalar, InstructionSet.Neon)]
    public void Each_architecture_has_its_own(InstructionSet best, params InstructionSet[] expected)
    {
        InstructionSet[] within = [.. Enum.GetValues<InstructionSet>().Where(isa => CpuBackend.IsWithin(isa, best))];
        CollectionAssert.AreEqual(expected.Prepend(InstructionSet.Best).ToArray(), within);
        Assert.IsFalse(CpuBackend.IsWithin((InstructionSet)(-1), best));
        Assert.IsFalse(CpuBackend.IsWithin(InstructionSet.Neon + 1, best));
    }

    [TestMethod]
    public void The_cap_caps()
    {
        string? cap = Environment.GetEnvironmentVariable("NK_MAX_ISA");
        InstructionSet expected = string.IsNullOrEmpty(cap)
            ? CpuBackend.HardwareInstructionSet
            : Enum.Parse<InstructionSet>(cap, ignoreCase: true);
        Assert.AreEqual(
            expected < CpuBackend.HardwareInstructionSet ? expected : CpuBackend.HardwareInstructionSet,
            CpuBackend.BestInstructionSet);
    }

    [TestMethod]
    public void Every_status_has_a_message_of_its_own()
    {
        string[] messages =
        [
            .. Enum.GetValues<nk_status>().Append((nk_status)12345)
                .Select(status => new string((sbyte*)NkRuntime.nk_status_message(status))),
        ];
        Assert.HasCount(messages.Length, messages.Distinct());
        Assert.IsTrue(messages.All(message => message.Length > 5));
    }
}
