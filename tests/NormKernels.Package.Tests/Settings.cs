using System.IO;
using System.Linq;
using System.Reflection;

namespace NormKernels.Package.Tests;

/// <summary>What the build of this assembly knows.</summary>
internal static class Settings
{
    public static string RepositoryRoot { get; } = Path.GetFullPath(Of("RepositoryRoot"));

    /// <summary>The version of all packages.</summary>
    public static string Version { get; } = Of("PackageVersion");

    /// <summary>The platform of this machine, as packages name it.</summary>
    public static string Platform { get; } = Of("Platform");

    public static string TargetFramework { get; } = Of("TargetFramework");

    /// <summary>Where `./build.sh pack` puts packages.</summary>
    public static string Feed { get; } = Path.Combine(Path.GetFullPath(Of("ArtifactsPath")), "package", "release");

    /// <summary>The package folder of the programs made here: not the user's, and kept from one run to the next for the
    /// runtimes in it.</summary>
    public static string PackageFolder { get; } = Path.Combine(Path.GetFullPath(Of("ArtifactsPath")), "package", "restored");

    private static string Of(string key) => typeof(Settings).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
