using System;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.IO;
using System.Linq;

using NormKernels.Cli.Commands;
using NormKernels.Cuda;
using NormKernels.Layers.Files;

namespace NormKernels.Cli;

/// <summary>The program: parses the command line, and turns what goes wrong into one line and an exit code.</summary>
internal static class Program
{
    /// <summary>Exit code of arguments or files that do not fit.</summary>
    public const int BadArguments = 2;

    /// <summary>Runs the program.</summary>
    public static int Main(string[] args) => Run(args, Console.Out, Console.Error);

    /// <summary>Runs the program with other places to write to.</summary>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        bool isTerminal = ReferenceEquals(output, Console.Out) && ReferenceEquals(error, Console.Error)
            && !Console.IsOutputRedirected && !Console.IsErrorRedirected;
        ParseResult parsed = CreateCommand(() => new CommandOutput(output, error, isTerminal)).Parse(
            args.Length == 0 ? ["--help"] : args,
            // A file named @x is a file, not more arguments.
            new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            return parsed.Action is ParseErrorAction
                ? Fail(Explain(parsed))
                : parsed.Invoke(new InvocationConfiguration
                {
                    Output = output,
                    Error = error,
                    EnableDefaultExceptionHandler = false,
                });
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return Fail(OneLine.Of(e));
        }
        catch (CudaException e)
        {
            return Fail("CUDA: " + OneLine.Of(e));
        }
        catch (OutOfMemoryException)
        {
            return Fail("there is not enough memory for this");
        }

        int Fail(string message)
        {
            error.WriteLine("error: " + message);
            return BadArguments;
        }
    }

    // What was mistyped explains what is missing, so it comes alone.
    private static string Explain(ParseResult parsed)
    {
        string? unknown = parsed.UnmatchedTokens.OrderByDescending(IsOption).FirstOrDefault();
        return unknown is null
            ? OneLine.Of(string.Join('\n', parsed.Errors.Select(error => error.Message).Distinct()))
            : $"{parsed.CommandResult.Command.Name}: {ErrorText.Quote(unknown)} is not "
                + $"{(IsOption(unknown) ? "an option" : "a command or an argument that fits")} here; see --help";

        static bool IsOption(string token) => token.StartsWith('-');
    }

    private static Command CreateCommand(Func<CommandOutput> output) =>
        // Not a RootCommand, which would be called what the assembly is called.
        new("normkernels", "Fused normalization kernels: what this machine has, run one, check them, time them.")
        {
            new HelpOption(),
            new VersionOption(),
            InfoCommand.Create(output),
            RunCommand.Create(output),
            VerifyCommand.Create(output),
            BenchCommand.Create(output),
            TourCommand.Create(output),
        };
}
