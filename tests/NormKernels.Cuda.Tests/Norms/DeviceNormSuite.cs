using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>What every norm has to do on a device: the oracle's results, whatever is passed and wherever it lies.</summary>
public abstract class DeviceNormSuite : DeviceTests
{
    private readonly IEnumerable<DeviceCase> _cases;

    private protected DeviceNormSuite(IEnumerable<DeviceCase> cases) => _cases = cases;

    private protected IEnumerable<DeviceCase> Cases => _cases;

    /// <summary>One case of each method, and not an empty one.</summary>
    private protected IEnumerable<DeviceCase> Methods => _cases
        .Where(c => c.Arguments.All(a => a.Count != 0 || a.Role == Role.Scratch))
        .GroupBy(c => c.Method).Select(group => group.First());

    [TestMethod]
    public void Float32_agrees_with_the_oracle() => AssertAccurate(Element.F32, Element.F32);

    [TestMethod]
    public void Float16_agrees_with_the_oracle() => AssertAccurate(Element.F16, Element.F16);

    [TestMethod]
    public void Float16_with_float32_parameters_agrees_with_the_oracle() => AssertAccurate(Element.F16, Element.F32);

    [TestMethod]
    public void BFloat16_agrees_with_the_oracle() => AssertAccurate(Element.BF16, Element.BF16);

    [TestMethod]
    public void BFloat16_with_float32_parameters_agrees_with_the_oracle() => AssertAccurate(Element.BF16, Element.F32);

    [TestMethod]
    public void What_is_optional_need_not_be_passed()
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in _cases)
        {
            HashSet<string> missing = [.. call.Arguments.Where(a => a.Optional).Select(a => a.Name)];
            if (!call.NeedsWorkspaceForGradients)
            {
                _ = missing.Remove(Argument.Workspace.Name);
            }

            using DeviceRun run = new(call, Element.F32, Element.F32, stream, missing);
            run.Call();
            run.Check("without options");
        }
    }

    [TestMethod]
    public void Each_option_alone_may_be_missing()
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in Methods)
        {
            foreach (Argument option in call.Arguments.Where(a => a.Optional && a.Role != Role.Scratch))
            {
                HashSet<string> missing = [option.Name];
                if (option.Partner is not null)
                {
                    missing.Add(option.Partner);
                }

                using DeviceRun run = new(call, Element.F16, Element.F16, stream, missing);
                run.Call();
                run.Check($"without {option}");
            }
        }
    }

    [TestMethod]
    public void Outputs_may_take_the_place_of_inputs()
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in Methods)
        {
            foreach (Argument output in call.Outputs)
            {
                foreach (string input in output.Replaces)
                {
                    Dictionary<string, string> inPlace = new() { [output.Name] = input };
                    using DeviceRun run = new(call, Element.BF16, Element.F32, stream, inPlace: inPlace);
                    run.Call();
                    run.Check($"{output} in place of {input}");
                }
            }
        }
    }

    [TestMethod]
    public void Foreign_memory_does()
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in Methods)
        {
            using DeviceRun run = new(call, Element.F16, Element.F32, stream);
            foreach (Argument argument in call.Arguments)
            {
                Element type = run.TypeOf(argument);
                (nint pointer, long length) = type.Place(run.Buffers[argument.Name]);
                run.Buffers[argument.Name] = type.Wrap(pointer, length, stream.Device);
            }

            run.Call();
            run.Check("in wrapped memory");
        }
    }

    [TestMethod]
    public void Slices_do()
    {
        using DeviceStream stream = new();
        foreach (DeviceCase call in Methods)
        {
            using DeviceRun run = new(call, Element.F32, Element.F32, stream);
            List<System.IDisposable> wholes = [];
            foreach (Argument argument in call.Arguments)
            {
                Element type = run.TypeOf(argument);
                (_, long length) = type.Place(run.Buffers[argument.Name]);
                // Scratch is aligned as allocations are.
                int offset = argument.Role == Role.Scratch ? 0 : 1 + argument.Name.Length % 4;
                wholes.Add(type.Allocate(length + offset + 3, stream));
                System.IDisposable part = type.Slice(wholes[^1], offset, length);
                if (argument.Role != Role.Scratch)
                {
                    type.Write(part, run.Before[argument.Name], stream);
                }

                run.Buffers[argument.Name] = part;
            }

            run.Call();
            run.Check("in slices");
            wholes.ForEach(whole => whole.Dispose());
        }
    }

    [TestMethod]
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "Both are.")]
    public void Two_streams_work_side_by_side()
    {
        using DeviceStream one = new();
        using DeviceStream other = new();
        foreach (DeviceCase call in Methods)
        {
            using DeviceRun first = new(call, Element.F32, Element.F32, one);
            using DeviceRun second = new(call, Element.F16, Element.F16, other);
            first.Call();
            second.Call();
            other.Synchronize();
            second.Check("on the second stream");
            one.Synchronize();
            first.Check("on the first stream");
        }
    }

    [TestMethod]
    public void The_default_stream_does()
    {
        foreach (DeviceCase call in Methods)
        {
            using DeviceRun run = new(call, Element.F32, Element.F32, DeviceStream.Default);
            run.Call();
            run.Check("on the default stream");
        }
    }

    private void AssertAccurate(Element tensor, Element parameter)
    {
        using DeviceStream stream = new();
        int tried = 0;
        foreach (DeviceCase call in _cases)
        {
            using DeviceRun run = new(call, tensor, parameter, stream);
            run.Call();
            run.Check("with everything");
            tried++;
        }

        Assert.AreNotEqual(0, tried);
    }
}
