using System;
using System.Collections.Generic;
using System.IO;

using NormKernels.Layers.Files;

namespace NormKernels.Cli.Commands;

/// <summary>
/// Files that appear under their names all at once and complete, or not at all: each is written beside its place under
/// another name first.
/// </summary>
internal sealed class OutputFiles : IDisposable
{
    private readonly List<(string Temporary, string Path)> _staged = [];

    /// <summary>Writes one file at once.</summary>
    /// <exception cref="InvalidDataException">It cannot be written; one line.</exception>
    public static void Write(string path, Action<string> write)
    {
        using OutputFiles files = new();
        files.Stage(path, write);
        files.Commit();
    }

    /// <summary>Refuses a path that cannot become a file, before time is spent on what it is to hold.</summary>
    /// <exception cref="InvalidDataException">It cannot.</exception>
    public static void RequireWritable(string path)
    {
        string full = FullPath(path);
        string folder = Path.GetDirectoryName(full) ?? full;
        if (Directory.Exists(full))
        {
            throw new InvalidDataException($"{ErrorText.Quote(path)} is a directory, not a file to write to");
        }

        if (!Directory.Exists(folder))
        {
            throw new InvalidDataException($"{path}: there is no directory {folder}");
        }
    }

    /// <summary>Writes a file that <see cref="Commit"/> will show.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public void Stage(string path, Action<string> write)
    {
        RequireWritable(path);
        string full = FullPath(path);
        string temporary = Path.Combine(
            Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        _staged.Add((temporary, full));
        Guard(path, () => write(temporary));
    }

    /// <summary>Gives the files their names.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public void Commit()
    {
        foreach ((string temporary, string path) in _staged)
        {
            Guard(path, () => File.Move(temporary, path, overwrite: true));
        }

        _staged.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((string temporary, _) in _staged)
        {
            File.Delete(temporary);
        }

        _staged.Clear();
    }

    private static string FullPath(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{ErrorText.Quote(path)} is not a path", e);
        }
    }

    private static void Guard(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path}: cannot be written ({e.Message})", e);
        }
    }
}
