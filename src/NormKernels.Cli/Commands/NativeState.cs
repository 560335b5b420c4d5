using System;
using System.IO;

namespace NormKernels.Cli.Commands;

/// <summary>Whether the native library can be used.</summary>
internal static class NativeState
{
    /// <summary>The environment variable that caps the instruction set.</summary>
    public const string CapVariable = "NK_MAX_ISA";

    /// <summary>Loads the library and gives its best instruction set.</summary>
    /// <exception cref="InvalidDataException">It cannot be used; one line says why.</exception>
    public static InstructionSet RequireLoaded() =>
        TryLoad(out string reason) ?? throw new InvalidDataException(OneLine.Of(reason));

    /// <summary>Loads the library: its best instruction set, or null and the reason in several lines.</summary>
    public static InstructionSet? TryLoad(out string reason)
    {
        reason = string.Empty;
        try
        {
            return CpuBackend.BestInstructionSet;
        }
        // The last is a cap that is no instruction set.
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException
            or InvalidOperationException)
        {
            reason = e.Message;
            return null;
        }
    }
}
