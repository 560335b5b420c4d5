using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.Json;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Commands;

/// <summary>
/// <c>normkernels run</c>: the forward pass of one operation on NumPy files. Every operation is a command of its own
/// below it, with options for the inputs, attributes and outputs that the operation declares.
/// </summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Func<CommandOutput> output)
    {
        Argument<string> unknown = new("op") { Description = "What to run, one of the commands below.", Hidden = true };
        Command command = new(
            "run",
            "Run one operation on NumPy files: .npy, or an .npz that holds the tensor (x, weight, ...) by its name or "
            + "alone. FILE.npz:key picks one.")
        {
            unknown,
        };
        // The options of an operation that there is not are not what is wrong.
        command.TreatUnmatchedTokensAsErrors = false;
        foreach (Operation operation in OperationRegistry.All)
        {
            command.Add(CreateOperation(operation, output));
        }

        command.SetAction((Func<ParseResult, int>)(parsed => throw new InvalidDataException(
            $"run: {ErrorText.Quote(parsed.GetValue(unknown))} is not an operation; there are "
            + OperationRegistry.Names)));
        return command;
    }

    private static Command CreateOperation(Operation operation, Func<CommandOutput> output)
    {
        Command command = new(operation.Name, operation.Summary);
        List<(OperationInput Input, Option<string> Option)> inputs = [];
        foreach (OperationInput input in operation.Inputs)
        {
            Option<string> option = new(inputs.Count == 0 ? "--input" : OptionName(input.Name))
            {
                Description = (inputs.Count == 0 ? $"{input.Name}: " : "") + input.Description,
                Required = input.Required,
                HelpName = "FILE",
            };
            inputs.Add((input, option));
            command.Add(option);
        }

        List<(string Result, Option<string> Option)> outputs = [];
        foreach (string result in operation.Outputs)
        {
            bool first = outputs.Count == 0;
            Option<string> option = new(first ? "--output" : "--output-" + result.Replace('_', '-'))
            {
                Description = $"Receives {result}; an .npz receives every result, the statistics included.",
                Required = first,
                HelpName = "FILE",
            };
            outputs.Add((result, option));
            command.Add(option);
        }

        List<(OperationAttribute Attribute, Option<string> Option)> attributes = [];
        foreach (OperationAttribute attribute in operation.Attributes)
        {
            Option<string> option = new(OptionName(attribute.Name))
            {
                Description = attribute.Description,
                Required = attribute.Required,
                HelpName = attribute.Kind == AttributeKind.Flag ? "true|false" : "VALUE",
                Arity = attribute.Kind == AttributeKind.Flag ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
            };
            attributes.Add((attribute, option));
            command.Add(option);
        }

        TargetOptions target = new(
            command,
            "What tensors are stored in; that of the input if not given (f32 for float64). Inputs are rounded to it. "
            + "bf16 is written as float32. The reference rounds inputs too, but computes and writes float64.");
        command.SetAction(parsed =>
        {
            (BackendKind backend, CpuOptions options) = target.Read(parsed);
            ImmutableDictionary<string, JsonElement> values = attributes
                .Where(pair => parsed.GetResult(pair.Option) is { Implicit: false })
                .ToImmutableDictionary(
                    pair => pair.Attribute.Name,
                    // A flag without a value.
                    pair => pair.Attribute.Parse(parsed.GetValue(pair.Option) ?? "true"));
            (string Result, string Option, string Path)[] files =
            [
                .. outputs.Select(pair => (pair.Result, pair.Option.Name, Path: parsed.GetValue(pair.Option)!))
                    .Where(file => file.Path is not null),
            ];
            RequireWritable(files);
            Dictionary<string, NpyArray> tensors = inputs
                .Select(pair => (pair.Input.Name, Option: pair.Option.Name, Path: parsed.GetValue(pair.Option)))
                .Where(file => file.Path is not null)
                .ToDictionary(file => file.Name, file => TensorFile.Read(file.Option, file.Path!, file.Name));
            Run(
                operation,
                new CaseAttributes(operation.Name, values),
                tensors,
                backend,
                options,
                target.Dtype(parsed),
                files,
                output());
            return 0;
        });
        return command;
    }

    private static void Run(
        Operation operation,
        CaseAttributes attributes,
        Dictionary<string, NpyArray> tensors,
        BackendKind backend,
        CpuOptions options,
        CaseDtype? dtype,
        (string Result, string Option, string Path)[] files,
        CommandOutput output)
    {
        NpyArray input = tensors[operation.Inputs[0].Name];
        CaseDtype inputDtype = input.Kind switch
        {
            NpyKind.Float16 => CaseDtype.Float16,
            NpyKind.Float32 => CaseDtype.Float32,
            _ => CaseDtype.Float64,
        };
        ComputeTarget target = backend == BackendKind.Reference
            ? new(backend, CaseDtype.Float64, options)
            : new(backend, dtype ?? (inputDtype == CaseDtype.Float64 ? CaseDtype.Float32 : inputDtype), options);
        OrderedDictionary<string, NpyArray> results;
        try
        {
            Dictionary<string, NpyArray> rounded = dtype is null
                ? tensors
                : tensors.ToDictionary(pair => pair.Key, pair => Round(pair.Value, DtypeOf(pair.Key, dtype.Value)));
            results = target.Compute(operation, new ArrayArguments(attributes, rounded));
        }
        catch (ArgumentException e)
        {
            // Whatever the operation has not checked itself, the library has.
            throw new InvalidDataException(e.Message, e);
        }

        if (dtype is null && target.Backend != BackendKind.Reference)
        {
            string[] wider =
            [
                .. tensors.Where(pair => Size(pair.Value) > Elements.Size(DtypeOf(pair.Key, target.Dtype)))
                    .Select(pair => pair.Key),
            ];
            if (wider.Length != 0)
            {
                output.Note(
                    $"computed in {target.Dtype.ManifestName()}: {string.Join(", ", wider)} held more digits, which "
                    + "were rounded (--backend reference keeps them)");
            }
        }

        KeyValuePair<string, NpyArray>[] stored =
        [
            .. results.Select(pair => KeyValuePair.Create(
                pair.Key, Store(pair.Value, target.StorageOf(operation, pair.Key)))),
        ];
        using OutputFiles staged = new();
        foreach ((string result, string option, string path) in files)
        {
            if (!results.ContainsKey(result))
            {
                throw new InvalidDataException($"{option}: {result} was not computed, an input for it was not given");
            }

            TensorFile.Stage(staged, path, result, stored);
        }

        staged.Commit();

        CaseDtype DtypeOf(string name, CaseDtype stored) =>
            operation.Inputs.First(input => input.Name == name).IsFloat32 ? CaseDtype.Float32 : stored;
    }

    private static void RequireWritable((string Result, string Option, string Path)[] files)
    {
        foreach ((_, string option, string path) in files)
        {
            TensorFile.RequireWritable(option, path);
        }

        // Only one of them would be left.
        if (files.DistinctBy(file => Path.GetFullPath(file.Path), StringComparer.Ordinal).Count() != files.Length)
        {
            throw new InvalidDataException(
                $"{files[^1].Option}: {files[^1].Path} is the file of another result as well");
        }
    }

    private static string OptionName(string name) => "--" + name.Replace('_', '-');

    private static int Size(NpyArray array) => array.Kind switch
    {
        NpyKind.Float16 => sizeof(ushort),
        NpyKind.Float32 => sizeof(float),
        _ => sizeof(double),
    };

    private static NpyArray Round(NpyArray array, CaseDtype dtype)
    {
        double[] values = array.ToDoubles();
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = dtype switch
            {
                CaseDtype.Float16 => (double)(Half)values[i],
                CaseDtype.BFloat16 => (BFloat16)values[i],
                _ => (float)values[i],
            };
        }

        return new NpyArray(values, array.Shape);
    }

    // NumPy has no bfloat16; every one of them is a float32.
    private static NpyArray Store(NpyArray array, CaseDtype dtype) => dtype switch
    {
        CaseDtype.Float16 => new NpyArray(array.ToHalves(), array.Shape),
        CaseDtype.Float64 => array,
        _ => new NpyArray(array.ToFloats(), array.Shape),
    };
}
