using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.Commands;

/// <summary>Tensors that the command line names: <c>FILE.npy</c>, <c>FILE.npz</c> or <c>FILE.npz:key</c>.</summary>
internal static class TensorFile
{
    private const string ArraySuffix = ".npy";
    private const string ArchiveSuffix = ".npz";

    /// <summary>Whether a name is that of an archive.</summary>
    public static bool IsArchive(string path) => path.EndsWith(ArchiveSuffix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a tensor.</summary>
    /// <param name="option">The option that named the file, for messages.</param>
    /// <param name="path">The file.</param>
    /// <param name="tensor">The key within an archive that holds several arrays, if none is given.</param>
    /// <exception cref="InvalidDataException">There is none; one line.</exception>
    public static NpyArray Read(string option, string path, string tensor)
    {
        (string file, string? key) = Split(path);
        if (!File.Exists(file))
        {
            throw new InvalidDataException(Directory.Exists(file)
                ? $"{option}: {file} is a directory, not a file"
                : $"{option}: there is no file {file}");
        }

        try
        {
            if (!IsArchive(file))
            {
                return NpyFile.Read(file);
            }

            using NpzArchive archive = NpzArchive.Open(file);
            return archive.Read(key ?? (archive.Keys is [string only] ? only : tensor));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{option}: {e.Message}", e);
        }
    }

    /// <summary>Refuses a name that cannot be written.</summary>
    /// <exception cref="InvalidDataException">It cannot.</exception>
    public static void RequireWritable(string option, string path)
    {
        if (!IsArchive(path) && !path.EndsWith(ArraySuffix, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException($"{option}: {ErrorText.Quote(path)} ends neither in .npy nor in .npz");
        }

        OutputFiles.RequireWritable(path);
    }

    /// <summary>Stages a file: one array, or all of them in an archive.</summary>
    public static void Stage(
        OutputFiles files, string path, string tensor, IReadOnlyCollection<KeyValuePair<string, NpyArray>> all) =>
        files.Stage(path, temporary =>
        {
            if (IsArchive(path))
            {
                NpzArchive.Write(temporary, all);
            }
            else
            {
                NpyFile.Write(temporary, all.First(pair => pair.Key == tensor).Value);
            }
        });

    private static (string File, string? Key) Split(string path)
    {
        int colon = path.LastIndexOf(ArchiveSuffix + ":", StringComparison.OrdinalIgnoreCase);
        return colon < 0 || File.Exists(path)
            ? (path, null)
            : (path[..(colon + ArchiveSuffix.Length)], path[(colon + ArchiveSuffix.Length + 1)..]);
    }
}
