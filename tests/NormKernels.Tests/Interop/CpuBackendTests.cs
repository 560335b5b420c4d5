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
        Assert.IsFalse(CpuBackend.IsSupported((InstructionSet)(-1)));
        Assert.IsFalse(CpuBackend.IsSupported((InstructionSet)int.MaxValue));
        Assert.AreEqual(CpuBackend.BestInstructionSet, InstructionSets.Available[^1]);
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
