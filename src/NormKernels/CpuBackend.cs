using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels;

/// <summary>What runs the norms on the CPU here.</summary>
public static unsafe class CpuBackend
{
    /// <summary>
    /// The best instruction set that the processor, the operating system and the environment variable
    /// <c>NK_MAX_ISA</c> (scalar; on x86-64 avx2 or avx512, on arm64 neon; read when the library is loaded) allow.
    /// </summary>
    /// <exception cref="System.DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public static InstructionSet BestInstructionSet => (InstructionSet)NkRuntime.nk_best_isa();

    /// <summary>The best instruction set that the processor and the operating system allow.</summary>
    /// <inheritdoc cref="BestInstructionSet" path="/exception"/>
    public static InstructionSet HardwareInstructionSet => (InstructionSet)NkRuntime.nk_hardware_isa();

    /// <summary>Whether a call may ask for this instruction set.</summary>
    /// <inheritdoc cref="BestInstructionSet" path="/exception"/>
    public static bool IsSupported(InstructionSet instructionSet) => IsWithin(instructionSet, BestInstructionSet);

    /// <summary>Whether a processor whose best instruction set is <paramref name="best"/> has this one.</summary>
    internal static bool IsWithin(InstructionSet instructionSet, InstructionSet best) =>
        instructionSet is InstructionSet.Best or InstructionSet.Scalar
        || (instructionSet > InstructionSet.Scalar && instructionSet <= best
            && (instructionSet == InstructionSet.Neon) == (best == InstructionSet.Neon));

    /// <summary>The version of the native library.</summary>
    /// <inheritdoc cref="BestInstructionSet" path="/exception"/>
    public static string NativeVersion => Marshal.PtrToStringUTF8((nint)NkRuntime.nk_version())!;

    /// <summary>The file that the native library was loaded from.</summary>
    /// <inheritdoc cref="BestInstructionSet" path="/exception"/>
    public static string LibraryPath
    {
        get
        {
            // A call makes sure that the library is loaded.
            _ = NkRuntime.nk_abi_version();
            return NativeLibraryLoader.LoadedPath!;
        }
    }
}
