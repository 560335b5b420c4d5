using System;
using System.IO;
using System.Text;

namespace NormKernels.Cli.Tests;

/// <summary>A directory that goes when the test ends.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("normkernels-").FullName;

    public string PathOf(string file) => Path.Combine(Root, file);

    public string Write(string file, byte[] bytes)
    {
        string path = PathOf(file);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public string Write(string file, string text) => Write(file, Encoding.UTF8.GetBytes(text));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
