using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;

namespace NormKernels.Package.Tests;

/// <summary>
/// A program of a user's: a new project outside this repository that takes the packages from the folder they were packed to
/// and everything else from the usual feed. Any warning of the compiler, the trimmer or the AOT compiler is an error.
/// </summary>
internal sealed partial class Consumer : IDisposable
{
    public const string Name = "Consumer";

    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(8);

    private readonly TempDirectory _folder = new();

    static Consumer()
    {
        // A package of this version may have been packed again.
        foreach (string restored in Directory.Exists(Settings.PackageFolder)
            ? Directory.EnumerateDirectories(Settings.PackageFolder, "normkernels*")
            : [])
        {
            Directory.Delete(restored, recursive: true);
        }
    }

    public Consumer()
    {
        foreach (string source in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Program"), "*.cs"))
        {
            File.Copy(source, _folder.PathOf(Path.GetFileName(source)));
        }

        // The assemblies are whole for the trimmer and the AOT compiler, so that they look at all of it.
        string[] packages =
        [
            "NormKernels", "NormKernels.Cuda", "NormKernels.Layers", "NormKernels.Reference", "NormKernels.Tensors",
        ];
        string references = string.Concat(packages.Select(package => $"""

                <PackageReference Include="{package}" Version="{Settings.Version}" />
                <TrimmerRootAssembly Include="{package}" />
            """));
        _ = _folder.Write($"{Name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>{Settings.TargetFramework}</TargetFramework>
                <Nullable>enable</Nullable>
                <InvariantGlobalization>true</InvariantGlobalization>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <EnableTrimAnalyzer>true</EnableTrimAnalyzer>
                <EnableAotAnalyzer>true</EnableAotAnalyzer>
                <EnableSingleFileAnalyzer>true</EnableSingleFileAnalyzer>
                <RestoreAdditionalProjectSources>{Settings.Feed}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup>{references}
              </ItemGroup>
            </Project>
            """);
    }

    public string Output => _folder.PathOf("out");

    /// <summary>Publishes the program; false with the reason if what is not ours is missing for it.</summary>
    public bool Publish(out string reason, params string[] options)
    {
        (int code, string text) = Run("dotnet", _folder.Root, [
            "publish", $"{Name}.csproj", "-c", "Release", "-o", Output, "-nologo", "-v", "minimal", "-nodeReuse:false",
            "-p:UseSharedCompilation=false", .. options,
        ]);
        string[] lacks = [.. Lacks().Matches(text).Select(match => match.Value).Distinct()];
        reason = string.Join(", ", lacks);
        if (code != 0 && lacks.Length != 0)
        {
            return false;
        }

        Assert.AreEqual(0, code, text);
        Assert.DoesNotContain("warning", text, text);
        return true;
    }

    /// <summary>Copies what lies beside this assembly to the program: the emulation of the CUDA library.</summary>
    public bool AddEmulation()
    {
        string? library = Directory.EnumerateFiles(AppContext.BaseDirectory, "libnormkernels_emu.*").SingleOrDefault();
        if (library is not null)
        {
            File.Copy(library, Path.Combine(Output, Path.GetFileName(library)));
        }

        return library is not null;
    }

    /// <summary>Runs the published program from a folder that it is not in.</summary>
    public (int Code, string Text) Run(string cudaLibrary = "cuda")
    {
        using TempDirectory elsewhere = new();
        // What needs a runtime is run by that of this machine, wherever it is.
        string assembly = Path.Combine(Output, $"{Name}.dll");
        return File.Exists(assembly)
            ? Run("dotnet", elsewhere.Root, [assembly], cudaLibrary)
            : Run(Path.Combine(Output, OperatingSystem.IsWindows() ? $"{Name}.exe" : Name), elsewhere.Root, [], cudaLibrary);
    }

    public void Dispose() => _folder.Dispose();

    // What the feed or this machine may not have, and is not in the packages.
    [GeneratedRegex(@"Unable to find package (?!NormKernels)[\w.-]*\w|Platform linker [^.]* not found")]
    private static partial Regex Lacks();

    private static (int Code, string Text) Run(
        string program, string folder, IEnumerable<string> arguments, string cudaLibrary = "cuda")
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The tests' own build must not show: neither its settings, nor its package folder, nor its processes.
        foreach (string name in start.Environment.Keys.Where(name =>
            name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)
            || name is "WithPackageTests" or "WithManagedCuda" or "PackPlatforms" or "NK_MAX_ISA").ToArray())
        {
            _ = start.Environment.Remove(name);
        }

        start.Environment["NUGET_PACKAGES"] = Settings.PackageFolder;
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // Where a single file unpacks its libraries.
        start.Environment["DOTNET_BUNDLE_EXTRACT_BASE_DIR"] = Path.Combine(folder, "unpacked");
        start.Environment["NK_CUDA_LIBRARY"] = cudaLibrary;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(MostTime))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} has not ended after {MostTime}");
        }

        StringBuilder text = new StringBuilder().Append(output.Result).Append(errors.Result);
        return (process.ExitCode, text.ToString().ReplaceLineEndings("\n"));
    }
}
