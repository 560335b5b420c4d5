# Builds, tests and runs NormKernels. The same verbs as build.sh; both do no more than call the CMake presets and the
# MSBuild targets.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-Location $PSScriptRoot

$usage = @'
usage: ./build.ps1 [--with-managed-cuda] [VERB] [ARGS]

  build           compile the native library and the solution (the default)
  run [ARGS]      build what is missing, then run the normkernels program; without ARGS it gives a tour
  test            build and run every test, native and managed; those of packages are pack check
  bench [ARGS]    build, then measure: normkernels bench ARGS
  bindings        write src/*/Interop/*.g.cs from the headers again (needs the package CppSharp)
  pack [check]    build, then make the NuGet packages in artifacts/package/release; check: and test them in programs
                  that are published in every way
  format [check]  format all sources, or only check that they are
  sanitize        the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
  clean           delete artifacts/

  --with-managed-cuda: also NormKernels.ManagedCuda, which a plain build leaves out (needs the packages ManagedCuda-12
  and ManagedCuda-CUBLAS: GPLv3 or commercial); without a VERB it is built and tested, without the other tests
'@

# One clear line when a tool is missing.
function Need($Tool, $Where) {
    if (-not (Get-Command $Tool -ErrorAction SilentlyContinue)) {
        [Console]::Error.WriteLine("build.ps1: '$Tool' is missing: install it from $Where")
        exit 2
    }
}

function Need-Tools {
    Need cmake https://cmake.org
    Need dotnet https://dot.net
    # On Windows CMake finds Visual Studio's compiler by itself.
    if (-not $IsWindows) { Need c++ 'your system''s packages (g++ or clang)' }
}

function Build-Native($Preset) {
    cmake --preset $Preset | Out-Null
    cmake --build --preset $Preset --parallel ([Environment]::ProcessorCount)
}

function Build-All($Preset = 'release') {
    Need-Tools
    Build-Native $Preset
    dotnet build NormKernels.sln -c Release -nologo -v quiet
}

# Restores a project that a plain build leaves out; one clear line when the feed lacks a package.
function Restore-OptIn($Project, $Property) {
    $PSNativeCommandUseErrorActionPreference = $false
    $log = dotnet restore $Project "-p:$Property=true" -nologo 2>&1 | Out-String
    if ($LASTEXITCODE -eq 0) { return }
    $lacks = [regex]::Matches($log, 'Unable to find package ([A-Za-z0-9.-]*[A-Za-z0-9])') |
        ForEach-Object { $_.Groups[1].Value } | Sort-Object -Unique
    [Console]::Error.WriteLine($(if ($lacks) { "build.ps1: the package feed lacks: $lacks" } else { $log }))
    exit 2
}

$suffix = if ($IsWindows) { '.exe' } else { '' }
$program = "artifacts/bin/NormKernels.Cli/release/normkernels$suffix"

$arguments = @($args)
if ($arguments.Count -gt 0 -and $arguments[0] -eq '--with-managed-cuda') {
    Need dotnet https://dot.net
    # MSBuild takes it from here as a property.
    $env:WithManagedCuda = 'true'
    $adapterTests = 'tests/NormKernels.ManagedCuda.Tests'
    Restore-OptIn $adapterTests WithManagedCuda
    $arguments = @($arguments | Select-Object -Skip 1)
    if ($arguments.Count -eq 0) {
        Build-All test
        dotnet test $adapterTests -c Release --no-build -nologo
        exit $LASTEXITCODE
    }
}

$verb, $rest = if ($arguments.Count -gt 0) { $arguments } else { 'build' }
$rest = @($rest | Where-Object { $null -ne $_ })
switch ($verb) {
    'build' { Build-All }
    'run' {
        if (-not (Test-Path $program)) { Build-All | Out-Host }
        $PSNativeCommandUseErrorActionPreference = $false
        if ($rest.Count -eq 0) { & $program tour --golden tests/golden } else { & $program @rest }
        exit $LASTEXITCODE
    }
    'test' {
        Build-All test
        ctest --preset test
        dotnet test NormKernels.sln -c Release --no-build -nologo @rest
    }
    'bench' {
        Build-All | Out-Host
        & $program bench @rest
    }
    'bindings' {
        Need dotnet https://dot.net
        Restore-OptIn src/NormKernels.BindingGenerator WithBindings
        dotnet run --project src/NormKernels.BindingGenerator -c Release --no-restore -p:WithBindings=true -- .
    }
    'pack' {
        Build-All
        if (Test-Path artifacts/package/release) { Remove-Item -Recurse -Force artifacts/package/release }
        # Files in a package get the time of the last commit, not that of the build.
        if (-not $env:SOURCE_DATE_EPOCH -and (Test-Path .git)) { $env:SOURCE_DATE_EPOCH = git log -1 --format=%ct }
        dotnet pack NormKernels.sln -c Release --no-build -nologo -v quiet
        if ($rest.Count -gt 0 -and $rest[0] -eq 'check') {
            dotnet test tests/NormKernels.Package.Tests -c Release -nologo -p:WithPackageTests=true
        }
    }
    'format' {
        Need clang-format https://llvm.org
        $sources = git ls-files --cached --others --exclude-standard 'native/*.h' 'native/*.c' 'native/*.cpp' `
            'kernels/*.h' 'kernels/*.cpp' 'kernels/*.cuh' 'kernels/*.cu' 'bench/*.h' 'bench/*.cpp'
        if ($rest.Count -gt 0 -and $rest[0] -eq 'check') {
            clang-format --dry-run --Werror @sources
            # The build refuses what the analyzers find; what is left is white space and the order of usings.
            dotnet format whitespace NormKernels.sln --verify-no-changes
            dotnet format style NormKernels.sln --verify-no-changes --no-restore --diagnostics IMPORTS
        }
        else {
            clang-format -i @sources
            dotnet format NormKernels.sln
        }
    }
    'sanitize' {
        Need-Tools
        Build-Native sanitize
        ctest --preset sanitize
    }
    'clean' { if (Test-Path artifacts) { Remove-Item -Recurse -Force artifacts } }
    { $_ -in 'help', '-h', '--help' } { $usage }
    default {
        [Console]::Error.WriteLine($usage)
        exit 2
    }
}
