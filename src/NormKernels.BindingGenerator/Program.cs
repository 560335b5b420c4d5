using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace NormKernels.BindingGenerator;

/// <summary>
/// Reads native/include/normkernels/*.h and writes the C# that calls them, the *.g.cs in the Interop folders.
/// </summary>
internal static class Program
{
    private const string Ending = ".g.cs";

    private static int Main(string[] args)
    {
        string root = Path.GetFullPath(args.Length == 1 ? args[0] : ".");
        string include = Path.GetFullPath("native/include/normkernels", root);
        if (args.Length != 1 || !Directory.Exists(include))
        {
            Console.Error.WriteLine("usage: NormKernels.BindingGenerator REPOSITORY");
            return 2;
        }

        try
        {
            IReadOnlyList<Header> headers = HeaderReader.Read(include);
            foreach (Library library in Library.All)
            {
                Write(Path.Combine(root, library.Folder), CSharpWriter.Files(library, headers));
            }

            return 0;
        }
        catch (InvalidDataException e)
        {
            Console.Error.WriteLine($"bindings: {e.Message}");
            return 1;
        }
    }

    // Files whose headers are gone go too. A file that would not change is not touched.
    private static void Write(string folder, IReadOnlyDictionary<string, string> files)
    {
        foreach (string stale in Directory.GetFiles(folder, "*" + Ending)
            .Where(path => !files.ContainsKey(Path.GetFileName(path)[..^Ending.Length])))
        {
            File.Delete(stale);
        }

        foreach ((string name, string text) in files)
        {
            string path = Path.Combine(folder, name + Ending);
            if (!File.Exists(path) || File.ReadAllText(path) != text)
            {
                File.WriteAllText(path, text);
                Console.WriteLine(path);
            }
        }
    }
}
