using System;
using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.Support;

/// <summary>Where in guarded memory a buffer lies.</summary>
internal enum Placement
{
    /// <summary>Clear of both ends.</summary>
    Middle,

    /// <summary>Right after an inaccessible page.</summary>
    AtStart,

    /// <summary>Right before an inaccessible page.</summary>
    AtEnd,
}

/// <summary>
/// Memory between two pages that may be neither read nor written: a step over either end stops the process. On systems
/// other than Linux the pages are bytes that are compared afterwards, so that writes alone are found.
/// </summary>
internal sealed unsafe partial class GuardedMemory
{
    /// <summary>What memory is filled with before anything is put there; an unlikely value in every type.</summary>
    public const byte Fill = 0xA7;

    private const int PageSize = 4096;
    private const long MostAtRest = 1 << 28;
    private const int ProtNone = 0;
    private const int ProtReadWrite = 1 | 2;
    private const int MapPrivateAnonymous = 2 | 0x20;
    private const int MapNoReserve = 0x4000;

    // Memory at rest, by length: fresh pages for every call would take longer than the calls.
    private static readonly ConcurrentDictionary<int, ConcurrentBag<GuardedMemory>> _atRest = [];
    private static long _bytesAtRest;

    private readonly byte* _base;

    private GuardedMemory(int length)
    {
        Length = length;
        Image = new byte[length];
        int total = length + 2 * PageSize;
        if (OperatingSystem.IsLinux())
        {
            _base = (byte*)Reserve(total);
            Commit((nint)_base + PageSize, Length);
        }
        else
        {
            _base = (byte*)NativeMemory.AlignedAlloc((nuint)total, PageSize);
            new Span<byte>(_base, total).Fill(Fill);
        }
    }

    public int Length { get; }

    public nint Address => (nint)(_base + PageSize);

    public Span<byte> Bytes => new(_base + PageSize, Length);

    /// <summary>What a test expects the bytes to be.</summary>
    public byte[] Image { get; }

    /// <summary>At least this much memory, filled.</summary>
    public static GuardedMemory Rent(int bytes)
    {
        // Few lengths, so that memory at rest is used again.
        int step = Math.Max(PageSize, (int)(BitOperations.RoundUpToPowerOf2((uint)bytes) / 8));
        int length = Math.Max(PageSize, (bytes + step - 1) / step * step);
        GuardedMemory? memory = null;
        if (_atRest.TryGetValue(length, out ConcurrentBag<GuardedMemory>? bag) && bag.TryTake(out memory))
        {
            Interlocked.Add(ref _bytesAtRest, -length);
        }
        else
        {
            memory = new(length);
        }

        memory.Bytes.Fill(Fill);
        return memory;
    }

    /// <summary>Gives the memory back, which must not be used again.</summary>
    public void Return()
    {
        if (!OperatingSystem.IsLinux())
        {
            bool intact = !new Span<byte>(_base, PageSize).ContainsAnyExcept(Fill)
                && !new Span<byte>(_base + PageSize + Length, PageSize).ContainsAnyExcept(Fill);
            Assert.IsTrue(intact, "written outside of the buffer");
        }

        if (Interlocked.Add(ref _bytesAtRest, Length) <= MostAtRest)
        {
            _atRest.GetOrAdd(Length, _ => []).Add(this);
            return;
        }

        Interlocked.Add(ref _bytesAtRest, -Length);
        if (OperatingSystem.IsLinux())
        {
            Release((nint)_base, Length + 2 * PageSize);
        }
        else
        {
            NativeMemory.AlignedFree(_base);
        }
    }

    /// <summary>Address space that holds no memory yet (Linux).</summary>
    public static nint Reserve(long bytes)
    {
        nint address = Map(0, (nuint)bytes, ProtNone, MapPrivateAnonymous | MapNoReserve, -1, 0);
        return address != -1 ? address : throw new InsufficientMemoryException($"No {bytes} bytes of address space.");
    }

    /// <summary>Makes whole pages of a reservation usable.</summary>
    public static void Commit(nint address, long bytes) =>
        Assert.AreEqual(0, Protect(address, (nuint)bytes, ProtReadWrite), "mprotect");

    /// <summary>Gives a reservation back.</summary>
    public static void Release(nint address, long bytes) => Assert.AreEqual(0, Unmap(address, (nuint)bytes), "munmap");

    /// <summary>Where a buffer of some bytes starts.</summary>
    /// <param name="placement">Which end it touches.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="offset">Bytes from the start, in the middle.</param>
    public int StartOf(Placement placement, int bytes, int offset) => placement switch
    {
        Placement.AtStart => 0,
        Placement.AtEnd => Length - bytes,
        _ => offset,
    };

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint length);
}
