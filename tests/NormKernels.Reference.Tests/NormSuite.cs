using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

/// <summary>
/// What every norm has to keep, whatever it reduces over: a derived class names its tensors, says how long they are
/// and to which slice their elements belong, and calls the norm.
/// </summary>
public abstract class NormSuite
{
    private protected const double Untouched = 42.5;

    private static readonly bool[] _bools = [false, true];

    /// <summary>The attributes of calls on small tensors, the first with several slices of several elements.</summary>
    private protected abstract IEnumerable<Call> Problems { get; }

    /// <summary>The differentiable inputs, the one that is normalized first.</summary>
    private protected abstract (string Value, string Tangent, string Gradient)[] Inputs { get; }

    private protected virtual (string Value, string Cotangent, string Tangent) Output => ("y", "dy", "jvpY");

    /// <summary>Inputs without a derivative.</summary>
    private protected virtual string[] Constants => [];

    /// <summary>What forward stores besides its output.</summary>
    private protected virtual string[] Statistics => [];

    /// <summary>Attributes that have to be rejected, with the type of the exception.</summary>
    private protected abstract IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes { get; }

    /// <summary>A differentiable input that is only added, so that no derivative reads it.</summary>
    private protected virtual string? Addend => null;

    private protected Method Forward => new(
        "Forward", [.. Inputs.Select(i => i.Value), .. Constants], [Output.Value, .. Statistics], RunForward);

    private protected Method Backward => new(
        "Backward",
        [Output.Cotangent, .. Inputs.Select(i => i.Value).Where(v => v != Addend), .. Constants],
        [.. Inputs.Select(i => i.Gradient)],
        RunBackward);

    private protected Method Jvp => new(
        "Jvp",
        [.. Inputs.Select(i => i.Tangent), .. Inputs.Select(i => i.Value).Where(v => v != Addend), .. Constants],
        [Output.Tangent],
        RunJvp);

    private protected IEnumerable<Method> Methods => [Forward, Backward, Jvp];

    [TestMethod]
    public void Derivatives_agree_with_finite_differences()
    {
        foreach (Call at in Linearizations())
        {
            Check.Close(Slope(at), at.Get(Output.Tangent), 1e-9, $"{Output.Tangent}: {at}");
            foreach ((string value, string tangent, string gradient) in Inputs.Where(i => at[i.Value] is not null))
            {
                double[] expected = new double[at.Get(value).Length];
                for (int i = 0; i < expected.Length; i++)
                {
                    Call along = at.Copy();
                    foreach ((_, string other, _) in Inputs)
                    {
                        Array.Clear(along[other] ?? []);
                    }

                    along.Get(tangent)[i] = 1;
                    expected[i] = Check.Dot(at.Get(Output.Cotangent), Slope(along));
                }

                Check.Close(expected, at.Get(gradient), 1e-9, $"{gradient}: {at}");
            }
        }
    }

    [TestMethod]
    public void Vjp_and_jvp_are_adjoint()
    {
        foreach (Call at in Linearizations())
        {
            (double[] A, double[] B) output = (at.Get(Output.Cotangent), at.Get(Output.Tangent));
            (double[] A, double[] B)[] inputs =
            [
                .. Inputs.Where(i => at[i.Value] is not null).Select(i => (at.Get(i.Gradient), at.Get(i.Tangent)))
            ];
            double magnitude = inputs.Append(output).Sum(p => p.A.Zip(p.B, (a, b) => Math.Abs(a * b)).Sum());
            Assert.AreEqual(
                Check.Dot(output.A, output.B), inputs.Sum(p => Check.Dot(p.A, p.B)), 1e-14 * magnitude, $"{at}");
        }
    }

    [TestMethod]
    public void In_place_is_out_of_place_bit_for_bit()
    {
        string x = Inputs[0].Value;
        foreach (Method method in Methods)
        {
            Call expected = Ready(method, Problems.First());
            method.Run(expected);
            string output = method.Outputs[0];
            foreach (string input in new[] { x, Inputs[0].Tangent, Output.Cotangent }.Intersect(method.Inputs))
            {
                Call shared = Ready(method, Problems.First());
                if (shared.Get(input).Length != shared.Get(output).Length)
                {
                    continue;
                }

                shared[output] = shared.Get(input);
                method.Run(shared);
                AssertSameBits(method, expected, shared, $"{output} is {input}");
            }
        }
    }

    [TestMethod]
    public void What_is_optional_may_be_left_out()
    {
        foreach (Method method in Methods)
        {
            foreach (string input in method.Inputs.Where(IsOptional))
            {
                Call expected = Ready(method, Problems.First());
                Array.Fill(expected.Get(input), input == "weight" ? 1 : 0);
                Call without = expected.Copy();
                without[input] = null;
                method.Run(expected);
                method.Run(without);
                AssertSameBits(method, expected, without, $"without {input}");
            }

            foreach (string output in method.Outputs.Where(IsOptional))
            {
                Call expected = Ready(method, Problems.First());
                Call without = expected.Copy();
                without[output] = null;
                method.Run(expected);
                method.Run(without);
                without[output] = expected[output];
                AssertSameBits(method, expected, without, $"without {output}");
            }
        }
    }

    [TestMethod]
    public void Bad_arguments_are_named_before_anything_is_written()
    {
        foreach (Method method in Methods)
        {
            foreach ((string attribute, object value, Type thrown) in BadAttributes)
            {
                AssertRejected(method, attribute, thrown, Ready(method, Problems.First()).With(attribute, value));
            }

            foreach (string tensor in method.Inputs.Concat(method.Outputs))
            {
                Call ready = Ready(method, Problems.First());
                double[] right = ready.Get(tensor);
                double[]?[] wrong =
                [
                    [.. right, Untouched],
                    .. right.Length > 1 || !IsOptional(tensor) ? new[] { right[1..] } : [],
                    .. IsOptional(tensor) ? Array.Empty<double[]?>() : [null],
                ];
                foreach (double[]? bad in wrong)
                {
                    Call spoilt = ready.Copy();
                    spoilt[tensor] = bad;
                    AssertRejected(method, tensor, typeof(ArgumentException), spoilt);
                }
            }
        }
    }

    [TestMethod]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void What_is_not_finite_disturbs_no_other_slice(double value)
    {
        string x = Inputs[0].Value;
        foreach (Call problem in Problems)
        {
            foreach (Method method in Methods)
            {
                Call clean = Ready(method, problem);
                if (clean.Get(x).Length == 0)
                {
                    continue;
                }

                int poisoned = clean.Get(x).Length / 2;
                Call dirty = clean.Copy();
                dirty.Get(x)[poisoned] = value;
                method.Run(clean);
                method.Run(dirty);
                foreach (string output in method.Outputs)
                {
                    for (int i = 0; i < clean.Get(output).Length; i++)
                    {
                        if (Slice(problem, output, i) is int slice && slice != Slice(problem, x, poisoned))
                        {
                            Assert.AreEqual(clean.Get(output)[i], dirty.Get(output)[i], $"{output} {i}: {problem}");
                        }
                    }
                }
            }
        }
    }

    [TestMethod]
    public void Nan_reaches_the_output_of_its_slice()
    {
        string x = Inputs[0].Value;
        foreach (Call problem in Problems)
        {
            Call call = Ready(Forward, problem);
            if (call.Get(x).Length > 0 && ShowsNan(problem))
            {
                call.Get(x)[0] = double.NaN;
                RunForward(call);
                Assert.AreEqual(double.NaN, call.Get(Output.Value)[0], $"{problem}");
            }
        }
    }

    /// <summary>Whether a NaN makes the first element of the output NaN.</summary>
    private protected virtual bool ShowsNan(Call problem) => true;

    private protected virtual bool IsOptional(string tensor) =>
        tensor is "weight" or "bias" or "tanWeight" or "tanBias" or "dweight" or "dbias" or "mean" or "rstd";

    /// <summary>The length of an input, an output or a statistic.</summary>
    private protected abstract int Length(Call problem, string tensor);

    /// <summary>The slice that an element of any tensor belongs to, or null if it belongs to several.</summary>
    private protected abstract int? Slice(Call problem, string tensor, int offset);

    private protected abstract void RunForward(Call a);

    private protected abstract void RunBackward(Call a);

    private protected abstract void RunJvp(Call a);

    /// <summary>Random inputs, none of them close to zero, and outputs that hold <see cref="Untouched"/>.</summary>
    private protected Call Ready(Method method, Call problem)
    {
        Call call = problem.Copy();
        foreach (string input in method.Inputs)
        {
            FillRandom(call, input);
        }

        foreach (string output in method.Outputs)
        {
            call[output] = new double[Length(problem, Primal(output))];
            Array.Fill(call.Get(output), Untouched);
        }

        return call;
    }

    private protected static Call With(Call call, params (string Name, double[] Tensor)[] tensors)
    {
        foreach ((string name, double[] tensor) in tensors)
        {
            call[name] = tensor;
        }

        return call;
    }

    /// <summary>Runs forward, backward and jvp on inputs with an exact answer.</summary>
    private protected void AssertWorkedExample(Call given, Call expected)
    {
        foreach (Method method in Methods)
        {
            foreach (string output in method.Outputs)
            {
                given[output] = new double[expected.Get(output).Length];
            }

            method.Run(given);
            AssertSameBits(method, expected, given, "worked example");
        }
    }

    private static void AssertSameBits(Method method, Call expected, Call actual, string what)
    {
        foreach (string output in method.Outputs)
        {
            Check.SameBits(expected.Get(output), actual.Get(output), $"{method.Name} {output}, {what}");
        }
    }

    private static void AssertRejected(Method method, string parameter, Type thrown, Call call)
    {
        try
        {
            method.Run(call);
        }
        catch (ArgumentException exception)
        {
            Assert.AreEqual(thrown, exception.GetType(), $"{method.Name} {parameter}: {call}");
            Assert.AreEqual(parameter, exception.ParamName);
            Assert.IsTrue(
                method.Outputs.All(o => call[o] is not { } tensor || tensor.All(v => v == Untouched)),
                $"{method.Name} wrote before it threw on {parameter}");
            return;
        }

        Assert.Fail($"{method.Name} took {parameter}: {call}");
    }

    /// <summary>All three methods run on every problem, with all that is optional and with none of it.</summary>
    private IEnumerable<Call> Linearizations()
    {
        foreach (Call problem in Problems)
        {
            foreach (bool withOptional in _bools)
            {
                Call at = problem.Copy();
                foreach (Method method in Methods)
                {
                    Call ready = Ready(method, problem);
                    foreach (string tensor in method.Inputs.Concat(method.Outputs))
                    {
                        at[tensor] = withOptional || !IsOptional(Primal(tensor)) ? ready[tensor] : null;
                    }
                }

                foreach (Method method in Methods)
                {
                    method.Run(at);
                }

                yield return at;
            }
        }
    }

    /// <summary>The derivative of the output along the tangents, by finite differences.</summary>
    private double[] Slope(Call along) => Check.Slope(distance =>
    {
        Call moved = along.Copy();
        foreach ((string value, string tangent, _) in Inputs.Where(i => along[i.Value] is not null))
        {
            moved[value] = [.. along.Get(value).Zip(along.Get(tangent), (v, t) => v + distance * t)];
        }

        RunForward(moved);
        return moved.Get(Output.Value);
    });

    /// <summary>The input or output that a tensor is a tangent, cotangent or gradient of.</summary>
    private protected string Primal(string tensor) =>
        tensor == Output.Cotangent || tensor == Output.Tangent
            ? Output.Value
            : Inputs.FirstOrDefault(i => i.Tangent == tensor || i.Gradient == tensor).Value ?? tensor;

    private void FillRandom(Call call, string tensor)
    {
        var random = new Random(tensor.Aggregate(17, (seed, c) => unchecked(seed * 31 + c)));
        double[] values = new double[Length(call, Primal(tensor))];
        for (int i = 0; i < values.Length; i++)
        {
            // From 0.5 to 2 on either side: norms of |x| are not smooth at zero.
            double magnitude = 0.5 + 1.5 * random.NextDouble();
            values[i] = random.Next(2) == 0 || Constants.Contains(tensor) ? magnitude : -magnitude;
        }

        call[tensor] = values;
    }

    /// <summary>A method under test and the names of its tensors in the order of its parameters.</summary>
    private protected sealed record Method(string Name, string[] Inputs, string[] Outputs, Action<Call> Run);
}
