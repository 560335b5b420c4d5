using System;

namespace NormKernels.Validation;

/// <summary>Scratch that the caller passes, or that lies on the stack while it is small.</summary>
internal static class Workspace
{
    /// <summary>Up to this many bytes may lie on the stack.</summary>
    public const int OnStack = 16 * 1024;

    /// <summary>Whether the workspace is to lie on the stack: it is needed, small, and was not passed.</summary>
    /// <param name="needed">How many bytes the call needs, or null if none.</param>
    /// <param name="length">How many were passed.</param>
    /// <param name="sizeMethod">The method that says how many are needed.</param>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">Too few were passed.</exception>
    public static bool LiesOnStack(ulong? needed, int length, string sizeMethod, string name)
    {
        if (needed is not { } size)
        {
            return false;
        }

        if (length == 0 && size <= OnStack)
        {
            return true;
        }

        return (ulong)length >= size
            ? false
            : throw new ArgumentException($"{name} has {length} bytes, {sizeMethod} says {size}.", name);
    }
}
