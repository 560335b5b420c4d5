using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>Every argument that a method must refuse, one at a time: the exception names the parameter, and nothing is
/// written.</summary>
public abstract class DeviceRefusalSuite : DeviceNormSuite
{
    private protected DeviceRefusalSuite(IEnumerable<DeviceCase> cases)
        : base(cases)
    {
    }

    [TestMethod]
    public void Lengths() => ForEachMethod(run =>
    {
        foreach (Argument argument in run.Case.Arguments)
        {
            Element type = run.TypeOf(argument);
            (_, long length) = type.Place(run.Buffers[argument.Name]);
            long[] lengths = argument.Role == Role.Scratch ? [length - 1] : [length - 1, length + 1];
            // A single element more or less may be none at all, which is not passed.
            foreach (long wrong in lengths.Where(l => l > 0 || (l == 0 && !argument.Optional)))
            {
                using IDisposable buffer = type.Allocate(wrong, run.Stream);
                Refused<ArgumentException>(run, [argument.Name], $"{wrong} elements", (argument.Name, buffer));
            }
        }
    });

    [TestMethod]
    public void Missing_buffers() => ForEachMethod(run =>
    {
        foreach (Argument argument in run.Case.Arguments)
        {
            string name = argument.Name;
            if (!argument.Optional)
            {
                Refused<ArgumentNullException>(run, [name], "null", (name, null));
            }
            else if (argument.Partner is not null)
            {
                Refused<ArgumentException>(run, [name], "null, but its partner is not", (name, null));
            }
            else if (argument.Role == Role.Scratch && run.TypeOf(argument).Place(run.Buffers[name]).Length != 0)
            {
                Refused<ArgumentException>(run, [name], "null", (name, null));
            }
        }
    });

    [TestMethod]
    public void Disposed_buffers() => ForEachMethod(run =>
    {
        foreach (Argument argument in run.Case.Arguments)
        {
            Element type = run.TypeOf(argument);
            (_, long length) = type.Place(run.Buffers[argument.Name]);
            if (length == 0)
            {
                continue;
            }

            IDisposable whole = type.Allocate(length, run.Stream);
            IDisposable part = type.Slice(whole, 0, length);
            using IDisposable disposedPart = type.Slice(run.Buffers[argument.Name], 0, length);
            whole.Dispose();
            disposedPart.Dispose();
            Gone(run, "disposed", (argument.Name, whole));
            Gone(run, "part of a disposed one", (argument.Name, part));
            Gone(run, "disposed part", (argument.Name, disposedPart));
        }
    });

    [TestMethod]
    public void Streams() => ForEachMethod(run =>
    {
        Refused<ArgumentNullException>(run, ["stream"], "null", ("stream", null));
        DeviceStream disposed = new();
        disposed.Dispose();
        Gone(run, "disposed", ("stream", disposed));
    });

    [TestMethod]
    public void Overlaps() => ForEachMethod(run =>
    {
        foreach (Argument output in run.Case.Arguments.Where(a => a.Role != Role.Input))
        {
            foreach (Argument other in run.Case.Arguments.Where(a => a != output))
            {
                (Element type, Element otherType) = (run.TypeOf(output), run.TypeOf(other));
                (_, long length) = type.Place(run.Buffers[output.Name]);
                (_, long otherLength) = otherType.Place(run.Buffers[other.Name]);
                if (length == 0 || otherLength == 0)
                {
                    continue;
                }

                // In memory of their own, so that they overlap nothing else.
                using IDisposable room = Element.Byte.Allocate(
                    Math.Max(length * type.ElementSize, otherLength * otherType.ElementSize) + 2 * type.ElementSize,
                    run.Stream);
                (nint place, _) = Element.Byte.Place(room);
                bool mayReplace = output.Replaces.Contains(other.Name);
                if (!mayReplace || length > 1)
                {
                    nint outputPlace = place + (mayReplace ? type.ElementSize : 0);
                    Refused<ArgumentException>(
                        run, other.Role == Role.Input ? [output.Name] : [output.Name, other.Name],
                        mayReplace ? $"on {other}, shifted" : $"on {other}",
                        (output.Name, type.Wrap(outputPlace, length, run.Stream.Device)),
                        (other.Name, otherType.Wrap(place, otherLength, run.Stream.Device)));
                }
            }
        }
    });

    [TestMethod]
    public void Buffers_of_another_device() => ForEachMethod(run =>
    {
        // Nothing has to be on a device to be refused, so that one device is enough.
        foreach (Argument argument in run.Case.Arguments.Where(a => a.Optional && a.Role != Role.Scratch))
        {
            using IDisposable elsewhere = run.TypeOf(argument).Wrap(0, 0, run.Stream.Device + 1);
            List<(string, object?)> changes = [(argument.Name, elsewhere)];
            if (argument.Partner is not null)
            {
                changes.Add((argument.Partner, null));
            }

            Refused<ArgumentException>(run, [argument.Name], "on another device", [.. changes]);
        }
    });

    [TestMethod]
    public void Scalars() => ForEachMethod(run =>
    {
        if (run.Case.Scalars.ContainsKey("epsilon"))
        {
            double[] bad = [double.NaN, -1, -double.Epsilon, double.NegativeInfinity];
            foreach (double epsilon in bad)
            {
                Refused<ArgumentOutOfRangeException>(run, ["epsilon"], $"{epsilon}", ("epsilon", epsilon));
            }
        }

        if (run.Case.Scalars.ContainsKey("momentum"))
        {
            Refused<ArgumentOutOfRangeException>(run, ["momentum"], "1.5", ("momentum", 1.5));
        }

        if (run.Case.Scalars.ContainsKey("groups"))
        {
            Refused<ArgumentOutOfRangeException>(run, ["groups"], "3", ("groups", 3L));
        }

        if (run.Case.Scalars.ContainsKey("p"))
        {
            Refused<ArgumentOutOfRangeException>(run, ["p"], "NaN", ("p", double.NaN));
        }

        if (run.Case.Scalars.ContainsKey("order"))
        {
            Refused<ArgumentOutOfRangeException>(run, ["order"], "8", ("order", (MatrixNormOrder)8));
        }
    });

    [TestMethod]
    public void Element_types()
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in Methods)
        {
            using DeviceRun run = new(call, Element.F32, Element.F32, stream);
            List<(string, object?)> changes = [];
            foreach (Argument argument in call.Arguments.Where(a => a.Kind == Kind.Tensor))
            {
                changes.Add((argument.Name, new DeviceBuffer<double>(argument.Count, stream)));
            }

            string[] names = [.. call.Arguments.Where(a => a.Kind == Kind.Tensor).Select(a => a.Name)];
            ArgumentException e = Assert.ThrowsExactly<ArgumentException>(
                () => run.Call(typeof(double), typeof(DeviceBuffer<float>), [.. changes]), $"{run}");
            CollectionAssert.Contains(names, e.ParamName);
            changes.ForEach(change => ((IDisposable)change.Item2!).Dispose());
        }
    }

    private static void Refused<TException>(
        DeviceRun run, string[] names, string what, params (string Name, object? Value)[] changes)
        where TException : ArgumentException
    {
        string title = $"{run}: {string.Join(" or ", names)}: {what}";
        TException e = Assert.Throws<TException>(() => run.Call(changes), title);
        CollectionAssert.Contains(names, e.ParamName, $"{title}: {e.Message}");
    }

    private static void Gone(DeviceRun run, string what, params (string Name, object? Value)[] changes) =>
        Assert.ThrowsExactly<ObjectDisposedException>(() => run.Call(changes), $"{run}: {changes[0].Name}: {what}");

    // After all refusals nothing has been written, and the call itself is a good one.
    private void ForEachMethod(Action<DeviceRun> test)
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in Methods)
        {
            using DeviceRun run = new(call, Element.F16, Element.F32, stream);
            test(run);
            stream.Synchronize();
            foreach (Argument argument in call.Arguments.Where(a => a.Role != Role.Scratch))
            {
                CollectionAssert.AreEqual(run.Before[argument.Name], run.Read(argument), $"{run}: {argument} was changed");
            }

            run.Call();
            run.Check("after refusals");
        }
    }
}
