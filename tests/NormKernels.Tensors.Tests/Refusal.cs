using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tensors.Tests;

/// <summary>Calls that have to throw.</summary>
internal static class Refusal
{
    /// <summary>A call throws, naming the parameter and saying some words.</summary>
    public static void Refused(string name, string words, Action call) => Refused<ArgumentException>(name, words, call);

    /// <inheritdoc cref="Refused(string, string, Action)"/>
    public static void Refused<TException>(string name, string words, Action call)
        where TException : ArgumentException
    {
        TException e = Assert.ThrowsExactly<TException>(call);
        Assert.AreEqual(name, e.ParamName);
        Assert.Contains(words, e.Message);
    }
}
