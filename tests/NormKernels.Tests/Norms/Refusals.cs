using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.Norms;

/// <summary>Calls that have to be refused. All are tried; those that were not are listed.</summary>
internal sealed class Refusals
{
    private readonly List<string> _failures = [];
    private Problem? _problem;
    private Execution? _execution;
    private int _tried;

    /// <summary>A single call throws and names this parameter.</summary>
    public static void AssertRefused(string parameter, Action call)
    {
        try
        {
            call();
        }
        catch (ArgumentException e)
        {
            Assert.AreEqual(parameter, e.ParamName, e.Message);
            return;
        }

        Assert.Fail($"{parameter}: accepted");
    }

    /// <summary>Changes of this problem are tried next.</summary>
    public void Use(Problem problem, Action<Arguments> tries)
    {
        using Execution execution = new(problem, new());
        (_problem, _execution) = (problem, execution);
        tries(execution.Arguments);
        // The call that everything else is a change of is a good one.
        Accept("unchanged", _ => { });
        execution.Results();
    }

    public void Expect(string name, string what, Action<Arguments> change) => Expect([name], what, change);

    /// <summary>The call throws and names one of these parameters, and writes nothing.</summary>
    public void Expect(
        IReadOnlyList<string> names, string what, Action<Arguments>? change = null, Action<Arguments>? call = null)
    {
        string expected = string.Join(" or ", names);
        string title = $"{_problem}, {expected}: {what}";
        _tried++;
        Arguments arguments = _execution!.Arguments.Copy();
        try
        {
            change?.Invoke(arguments);
            (call ?? _execution.Call)(arguments);
            _failures.Add($"{title}: accepted");
            _execution.Restore();
        }
        catch (ArgumentException e) when (names.Contains(e.ParamName))
        {
        }
        catch (ArgumentException e)
        {
            _failures.Add($"{title}: blamed on {e.ParamName}: {e.Message}");
        }
        catch (InvalidOperationException e)
        {
            _failures.Add($"{title}: {e.Message}");
        }

        _execution.AssertUnchanged();
    }

    public void Accept(string what, Action<Arguments> change)
    {
        Arguments arguments = _execution!.Arguments.Copy();
        change(arguments);
        try
        {
            _execution.Call(arguments);
        }
        catch (ArgumentException e)
        {
            _failures.Add($"{_problem}, {what}: refused: {e.Message}");
        }
    }

    public void Check()
    {
        Assert.AreNotEqual(0, _tried);
        Assert.IsEmpty(_failures, string.Join(Environment.NewLine, _failures.Take(20)));
    }
}
