using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NormKernels.Interop;

/// <summary>
/// Finds the native library: beside the assembly or the program, in their runtimes/RID/native folders, or where the host
/// of .NET says that native libraries are, and nowhere else. Never falls back to anything: a library that is missing or
/// does not fit is an exception that says where it was looked for.
/// </summary>
internal static unsafe class NativeLibraryLoader
{
    public const string Name = "normkernels";

    private const string CapVariable = "NK_MAX_ISA";

    private const string HostData = "NATIVE_DLL_SEARCH_DIRECTORIES";

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
                foreach (string platform in Platforms(RuntimeInformation.RuntimeIdentifier))
                {
                    yield return Path.Combine(folder, "runtimes", platform, "native", file);
                }
            }
        }

        // Where the host of .NET has seen native libraries: in the package, or where a single file unpacks what it holds.
        string searched = AppContext.GetData(HostData) as string ?? string.Empty;
        foreach (string root in searched.Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string folder = Path.TrimEndingDirectorySeparator(root);
            if (folders.Add(folder))
            {
                yield return Path.Combine(folder, file);
            }
        }
    }

    /// <summary>
    /// The platforms whose libraries a process may load, best first: what the runtime calls itself (ubuntu.24.04-x64 if
    /// Ubuntu has built it), then what packages call it (linux-x64, whose libraries of this project run on musl too).
    /// </summary>
    internal static IEnumerable<string> Platforms(string runtimeIdentifier)
    {
        yield return runtimeIdentifier;
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string portable = $"{system}-{runtimeIdentifier[(runtimeIdentifier.LastIndexOf('-') + 1)..]}";
        if (portable != runtimeIdentifier)
        {
            yield return portable;
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
    /// <param name="versionExport">The function that gives the version of its ABI, and that no other library has.</param>
    /// <exception cref="DllNotFoundException">There is none; the message lists what was tried.</exception>
    internal static (nint Handle, string Path) Load(string name, string what, string hint, string versionExport)
    {
        List<string> report = [];
        bool found = false;
        foreach (string candidate in Candidates(name))
        {
            if (!File.Exists(candidate))
            {
                report.Add($"{candidate}: not there");
                continue;
            }

            found = true;
            if (TryLoad(candidate, versionExport, out nint handle) is not string obstacle)
            {
                return (handle, candidate);
            }

            report.Add($"{candidate}: {obstacle}");
        }

        throw new DllNotFoundException(
            $"{what} {(found ? "was found, but none that can be loaded" : "was not found")} for "
            + $"{RuntimeInformation.RuntimeIdentifier} "
            + $"({RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}). Tried:"
            + string.Concat(report.ConvertAll(line => $"{Environment.NewLine}  {line}"))
            + $"{Environment.NewLine}{hint}");
    }

    // Why the file does not do, or null.
    private static string? TryLoad(string path, string versionExport, out nint handle)
    {
        handle = 0;
        if (LibraryFile.Obstacle(path) is string obstacle)
        {
            return obstacle;
        }

        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return LibraryFile.Reason(e.Message, path);
        }

        if (!NativeLibrary.TryGetExport(handle, versionExport, out nint export))
        {
            NativeLibrary.Free(handle);
            return $"is another library: it has no {versionExport}";
        }

        int version = ((delegate* unmanaged<int>)export)();
        if (version != NkRuntime.NK_ABI_VERSION)
        {
            NativeLibrary.Free(handle);
            return $"has ABI version {version}, this assembly needs {NkRuntime.NK_ABI_VERSION}: both have to be of one build";
        }

        return null;
    }

    /// <summary>Loads the library of this name, which is that of the CPU.</summary>
    /// <exception cref="DllNotFoundException">There is none that fits; the message lists what was tried.</exception>
    internal static (nint Handle, string Path) Load(string name) => Load(
        name,
        "The native library of NormKernels",
        "The package NormKernels brings it for the platforms that its description names: publish for one of these "
        + "(dotnet publish -r linux-x64). For another, build it from the sources (./build.sh build) and put it beside "
        + "the program.",
        nameof(NkRuntime.nk_abi_version));

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Name)
        {
            return 0;
        }

        (nint handle, LoadedPath) = Load(Name);
        nk_isa best = ((delegate* unmanaged<nk_isa>)NativeLibrary.GetExport(handle, nameof(NkRuntime.nk_best_isa)))();
        return best != nk_isa.NK_ISA_BEST
            ? handle
            : throw new InvalidOperationException(
                $"The environment variable {CapVariable} is '{Environment.GetEnvironmentVariable(CapVariable)}'; "
                + $"it may be scalar, on x86-64 avx2 or avx512, on arm64 neon ({LoadedPath}).");
    }
}
