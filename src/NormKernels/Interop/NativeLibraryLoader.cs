using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NormKernels.Interop;

/// <summary>
/// Finds the native library: beside the assembly or the program, or in their runtimes/RID/native folders, and nowhere
/// else. Never falls back to anything: a library that is missing or does not fit is an exception that says where it was
/// looked for.
/// </summary>
internal static unsafe class NativeLibraryLoader
{
    public const string Name = "normkernels";

    private const string CapVariable = "NK_MAX_ISA";

    /// <summary>The file that was loaded, or null before the first call.</summary>
    public static string? LoadedPath { get; private set; }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "The resolver has to be there before the first call, whichever that is, and costs nothing.")]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, Resolve);

    /// <summary>Every file that is tried, in order.</summary>
    internal static IEnumerable<string> Candidates() => Candidates(Name);

    /// <summary>Every file that is tried, in order, for a library of this name.</summary>
    internal static IEnumerable<string> Candidates(string name)
    {
        string file = OperatingSystem.IsWindows() ? $"lib{name}.dll"
            : OperatingSystem.IsMacOS() ? $"lib{name}.dylib"
            : $"lib{name}.so";
        HashSet<string> folders = new(StringComparer.Ordinal);
        string[] roots = [AssemblyFolder(), AppContext.BaseDirectory];
        foreach (string root in roots)
        {
            string folder = Path.TrimEndingDirectorySeparator(root);
            if (folder.Length != 0 && folders.Add(folder))
            {
                yield return Path.Combine(folder, file);
                yield return Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", file);
            }
        }
    }

    // Empty in a single-file program, whose libraries lie beside the program.
    [UnconditionalSuppressMessage("SingleFile", "IL3000:Avoid accessing Assembly file path when publishing as a single file",
        Justification = "An empty path is passed over.")]
    private static string AssemblyFolder() =>
        Path.GetDirectoryName(typeof(NativeLibraryLoader).Assembly.Location) ?? string.Empty;

    /// <summary>Loads the first library of this name that is there and fits.</summary>
    /// <param name="name">The name, without lib and the ending.</param>
    /// <param name="what">What the library is, for the message.</param>
    /// <param name="hint">What to do if there is none, for the message.</param>
    /// <param name="check">Throws a <see cref="DllNotFoundException"/> that says why the library at a path does not
    /// fit.</param>
    /// <exception cref="DllNotFoundException">There is none; the message lists what was tried.</exception>
    internal static (nint Handle, string Path) Load(
        string name, string what, string hint, Action<nint, string> check)
    {
        List<string> report = [];
        foreach (string candidate in Candidates(name))
        {
            if (!File.Exists(candidate))
            {
                report.Add($"{candidate}: not there");
                continue;
            }

            try
            {
                nint handle = NativeLibrary.Load(candidate);
                check(handle, candidate);
                return (handle, candidate);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
            {
                report.Add($"{candidate}: {e.Message}");
            }
        }

        throw new DllNotFoundException(
            $"{what} was not found for {RuntimeInformation.RuntimeIdentifier} "
            + $"({RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}). Tried:"
            + string.Concat(report.ConvertAll(line => $"{Environment.NewLine}  {line}"))
            + $"{Environment.NewLine}{hint}");
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Name)
        {
            return 0;
        }

        (nint handle, LoadedPath) = Load(
            Name, "The native library of NormKernels", "Build it with ./build.sh build and put it beside the program.",
            Check);
        return handle;
    }

    private static void Check(nint handle, string path)
    {
        int version = ((delegate* unmanaged<int>)NativeLibrary.GetExport(handle, nameof(NkRuntime.nk_abi_version)))();
        if (version != NkRuntime.NK_ABI_VERSION)
        {
            throw new DllNotFoundException(
                $"has ABI version {version}, this assembly needs {NkRuntime.NK_ABI_VERSION}; use the files of one build");
        }

        nk_isa best = ((delegate* unmanaged<nk_isa>)NativeLibrary.GetExport(handle, nameof(NkRuntime.nk_best_isa)))();
        if (best == nk_isa.NK_ISA_BEST)
        {
            throw new InvalidOperationException(
                $"The environment variable {CapVariable} is '{Environment.GetEnvironmentVariable(CapVariable)}'; "
                + $"it may be scalar, avx2 or avx512 ({path}).");
        }
    }
}
