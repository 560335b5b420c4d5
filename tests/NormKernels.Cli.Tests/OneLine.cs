using System;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Cli.Tests;

/// <summary>What every refused file gives: an InvalidDataException of one line that says what was found.</summary>
internal static class OneLine
{
    public static void Refused(Action action, params string[] fragments)
    {
        InvalidDataException error = Assert.ThrowsExactly<InvalidDataException>(action);
        Assert.IsFalse(error.Message.Any(char.IsControl), error.Message);
        foreach (string fragment in fragments)
        {
            Assert.Contains(fragment, error.Message);
        }
    }
}
