using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Tests.Operations;

[TestClass]
public class NativeArenaTests
{
    [TestMethod]
    public void KeptBlocksAreAllocatedAgainAndHoldZeros()
    {
        using IDisposable kept = NativeArena.KeepBlocks();
        nint first = AddressOf(1000);

        // None of these fits it: larger, and so small that more than half of it would lie idle.
        Assert.AreNotEqual(first, AddressOf(1001));
        Assert.AreNotEqual(first, AddressOf(400));
        using NativeArena arena = new();
        NativeBuffer<int> again = arena.Allocate<int>(600);
        Assert.AreEqual(first, again.Address);
        Assert.AreEqual(600, again.Span.Length);
        Assert.IsFalse(again.Span.ContainsAnyExcept(0));
    }

    [TestMethod]
    public void TheSmallestBlockThatFitsIsTaken()
    {
        using IDisposable kept = NativeArena.KeepBlocks();
        nint larger, smaller;
        using (NativeArena arena = new())
        {
            larger = arena.Allocate<int>(900).Address;
            smaller = arena.Allocate<int>(800).Address;
        }

        using NativeArena next = new();
        Assert.AreEqual(smaller, next.Allocate<int>(700).Address);
        Assert.AreEqual(larger, next.Allocate<int>(700).Address);
    }

    // Of a buffer that is freed again, full of ones.
    private static nint AddressOf(long length)
    {
        using NativeArena arena = new();
        NativeBuffer<int> buffer = arena.Allocate<int>(length);
        buffer.Span.Fill(1);
        return buffer.Address;
    }
}
