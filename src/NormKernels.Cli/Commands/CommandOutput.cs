using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using Spectre.Console;

namespace NormKernels.Cli.Commands;

/// <summary>Where a command writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Notes, errors and progress.</param>
/// <param name="IsTerminal">Whether a person watches: only then is there a progress bar.</param>
internal sealed record CommandOutput(TextWriter Out, TextWriter Error, bool IsTerminal)
{
    // Wide enough that no table is ever wrapped: cells broken in two are no use to a person either.
    private const int UnlimitedWidth = 10_000;

    /// <summary>Writes a line of results.</summary>
    public void WriteLine(string line = "") => Out.WriteLine(line);

    /// <summary>Writes a line that a person should read beside the results.</summary>
    public void Note(string line) => Error.WriteLine("note: " + OneLine.Of(line));

    /// <summary>Writes a table; a column whose header ends in a space is aligned to the left.</summary>
    public void WriteTable(IEnumerable<string> headers, IEnumerable<IEnumerable<string>> rows)
    {
        Table table = new() { Border = TableBorder.None };
        foreach (string header in headers)
        {
            bool left = header.EndsWith(' ');
            TableColumn column = new(new Text(header.Trim()));
            _ = table.AddColumn(left ? column.LeftAligned().NoWrap() : column.RightAligned().NoWrap());
        }

        foreach (IEnumerable<string> row in rows)
        {
            _ = table.AddRow(row.Select(cell => new Text(cell)));
        }

        using StringWriter text = new();
        Console(text, isTerminal: false).Write(table);
        foreach (string line in text.ToString().Split('\n'))
        {
            // Cells are padded to the width of their column, the last ones too.
            string trimmed = line.TrimEnd();
            if (trimmed.Length != 0)
            {
                Out.WriteLine(trimmed);
            }
        }
    }

    /// <summary>Runs work that reports how much of it is done, with a bar on a terminal.</summary>
    public void WithProgress(string what, int total, Action<Action> work)
    {
        if (!IsTerminal)
        {
            work(() => { });
            return;
        }

        Console(Error, isTerminal: true).Progress().AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(what), maxValue: total);
            work(() => task.Increment(1));
        });
    }

    private static IAnsiConsole Console(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
            // Such as GitHub's, which would switch escape codes on again.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = isTerminal },
        });
        if (!isTerminal)
        {
            console.Profile.Width = UnlimitedWidth;
        }

        return console;
    }
}
