using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Layers.Files;

namespace NormKernels.Cli.Commands;

/// <summary>The options that say what computes, which every command that computes has.</summary>
internal sealed class TargetOptions
{
    private readonly Option<BackendKind> _backend = Choice(
        "--backend",
        "What computes: the kernels of the processor (cpu, the default), those of a CUDA device (cuda), the same run by "
        + "the processor (emu), or the managed reference in float64.",
        ("reference", BackendKind.Reference),
        ("cpu", BackendKind.Cpu),
        ("emu", BackendKind.Emu),
        ("cuda", BackendKind.Cuda));

    private readonly Option<InstructionSet> _isa = Choice(
        "--isa",
        "Instruction set of the cpu backend; the best there is if not given. One that is not here is an error.",
        ("scalar", InstructionSet.Scalar),
        ("avx2", InstructionSet.Avx2),
        ("avx512", InstructionSet.Avx512),
        ("neon", InstructionSet.Neon));

    private readonly Option<CaseDtype?> _dtype;

    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Threads that a kernel may use, -1 for as many as there are processors. Calls on less than about "
            + "192 KiB a thread use fewer, and only the cpu backend uses more than one.",
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int threads)
                && threads is -1 or > 0)
            {
                return threads;
            }

            result.AddError($"--threads: {ErrorText.Quote(text)} is neither a number from 1 on nor -1");
            return 1;
        },
        DefaultValueFactory = _ => 1,
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="dtypeDescription">What the dtype means to it.</param>
    public TargetOptions(Command command, string dtypeDescription)
    {
        _dtype = Choice<CaseDtype?>(
            "--dtype",
            dtypeDescription,
            ("f32", CaseDtype.Float32),
            ("f16", CaseDtype.Float16),
            ("bf16", CaseDtype.BFloat16));
        command.Add(_backend);
        command.Add(_isa);
        command.Add(_dtype);
        command.Add(_threads);
    }

    /// <summary>The dtype that was asked for, if any.</summary>
    public CaseDtype? Dtype(ParseResult parsed) => parsed.GetValue(_dtype);

    /// <summary>The backend, made sure to be here.</summary>
    /// <exception cref="InvalidDataException">What was asked for is not available here.</exception>
    public (BackendKind Backend, CpuOptions Options) Read(ParseResult parsed)
    {
        BackendKind backend = parsed.GetValue(_backend);
        InstructionSet isa = parsed.GetValue(_isa);
        if (backend != BackendKind.Cpu)
        {
            if (isa != InstructionSet.Best)
            {
                throw new InvalidDataException(
                    $"--isa is for --backend cpu: {Names.Of(backend)} has no instruction sets");
            }

            if (backend != BackendKind.Reference)
            {
                DeviceState.Require(backend);
            }

            return (backend, default);
        }

        InstructionSet best = NativeState.RequireLoaded();
        if (!CpuBackend.IsSupported(isa))
        {
            string? cap = Environment.GetEnvironmentVariable(NativeState.CapVariable);
            string why = CpuBackend.IsWithin(isa, CpuBackend.HardwareInstructionSet)
                ? $"{NativeState.CapVariable}={cap} allows {Names.Of(best)} at most"
                : $"the best of this processor is {Names.Of(CpuBackend.HardwareInstructionSet)}";
            throw new InvalidDataException($"--isa {Names.Of(isa)} is not available here: {why}");
        }

        return (backend, new CpuOptions { InstructionSet = isa, MaxDegreeOfParallelism = parsed.GetValue(_threads) });
    }

    private static Option<T> Choice<T>(string name, string description, params (string Text, T Value)[] choices)
    {
        string accepted = string.Join('|', choices.Select(choice => choice.Text));
        return new Option<T>(name)
        {
            Description = description,
            HelpName = accepted,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                foreach ((string accepted, T value) in choices)
                {
                    if (string.Equals(text, accepted, StringComparison.Ordinal))
                    {
                        return value;
                    }
                }

                result.AddError($"{name}: {ErrorText.Quote(text)} is not one of {accepted}");
                return default!;
            },
        };
    }
}
