#!/usr/bin/env bash
# Builds, tests and runs NormKernels. The same verbs as build.ps1; both do no more than call the CMake presets and the
# MSBuild targets.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
usage: ./build.sh [--with-managed-cuda] [VERB] [ARGS]

  build           compile the native library and the solution (the default)
  run [ARGS]      build what is missing, then run the normkernels program; without ARGS it gives a tour
  test            build and run every test, native and managed; those of packages are pack check
  bench [ARGS]    build, then measure: normkernels bench ARGS
  bindings        write src/*/Interop/*.g.cs from the headers again (needs the package CppSharp)
  pack [check] [PLATFORM]
                  build, then make the NuGet packages in artifacts/package/release; check: and test them in programs
                  that are published in every way; PLATFORM: with the library also for win-x64 (needs mingw-w64),
                  linux-arm64 (needs g++-aarch64-linux-gnu)
  format [check]  format all sources, or only check that they are
  sanitize        the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
  clean           delete artifacts/

  --with-managed-cuda: also NormKernels.ManagedCuda, which a plain build leaves out (needs the packages ManagedCuda-12
  and ManagedCuda-CUBLAS: GPLv3 or commercial); without a VERB it is built and tested, without the other tests
TEXT
}

# need TOOL DEBIAN-PACKAGE WHERE-ELSE: one clear line when a tool is missing.
need() {
  command -v "$1" >/dev/null 2>&1 && return
  echo "build.sh: '$1' is missing: install it with 'apt-get install $2' (Debian, Ubuntu) or from $3" >&2
  exit 2
}

need_tools() {
  need cmake cmake https://cmake.org
  need dotnet dotnet-sdk-10.0 https://dot.net
  if [ -n "${CXX:-}" ]; then need "$CXX" g++ "your system's packages"; else need c++ g++ "your system's packages"; fi
}

# Ninja compiles in parallel by itself; make has to be told.
generator() {
  if command -v ninja >/dev/null 2>&1; then echo Ninja; else echo "Unix Makefiles"; fi
}

native() {
  # A build folder keeps the generator it was made with; the presets release and test share one.
  if [ -f "artifacts/native/${1/test/release}/CMakeCache.txt" ]; then cmake --preset "$1" >/dev/null
  else cmake --preset "$1" -G "$(generator)" >/dev/null; fi
  cmake --build --preset "$1" --parallel "$(getconf _NPROCESSORS_ONLN)"
}

build() {
  need_tools
  native "${1:-release}"
  dotnet build NormKernels.sln -c Release -nologo -v quiet
}

# restore PROJECT PROPERTY: restores a project that a plain build leaves out; one clear line when the package feed lacks
# what it needs.
restore() {
  local log lacks
  log=$(dotnet restore "$1" "-p:$2=true" -nologo 2>&1) && return
  lacks=$(grep -oE 'Unable to find package [A-Za-z0-9.-]*[A-Za-z0-9]' <<<"$log" | awk '{ print $NF }' | sort -u \
    | paste -sd ' ') || true
  if [ -z "$lacks" ]; then echo "$log" >&2; else echo "build.sh: the package feed lacks: $lacks" >&2; fi
  exit 2
}

# pack [check] [PLATFORM...]
pack() {
  local check='' platform
  if [ "${1:-}" = check ]; then check=1; shift; fi
  for platform in "$@"; do
    case "$platform" in
      win-x64) need x86_64-w64-mingw32-g++ g++-mingw-w64-x86-64 https://www.mingw-w64.org ;;
      linux-arm64) need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu "your system's packages" ;;
      *)
        echo "build.sh: packages are for this machine, win-x64 and linux-arm64, not '$platform'" >&2
        exit 2 ;;
    esac
  done
  build
  for platform in "$@"; do
    native "$platform"
    # The load test by Wine or qemu-user, where there is one, and its bits beside those of this machine.
    ctest --preset "$platform" -R '^load'
  done
  rm -rf artifacts/package/release
  # MSBuild takes both from here as properties. Files in a package get the time of the last commit, not that of the build.
  local commit_time
  commit_time=$(git log -1 --format=%ct 2>/dev/null) || true
  PackPlatforms=$(IFS=';'; echo "$*") SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$commit_time} \
    dotnet pack NormKernels.sln -c Release --no-build -nologo -v quiet
  [ -z "$check" ] || dotnet test tests/NormKernels.Package.Tests -c Release -nologo -p:WithPackageTests=true
}

program=artifacts/bin/NormKernels.Cli/release/normkernels

if [ "${1:-}" = --with-managed-cuda ]; then
  shift
  need dotnet dotnet-sdk-10.0 https://dot.net
  # MSBuild takes it from here as a property.
  export WithManagedCuda=true
  adapter_tests=tests/NormKernels.ManagedCuda.Tests
  restore "$adapter_tests" WithManagedCuda
  if [ $# -eq 0 ]; then
    build test
    exec dotnet test "$adapter_tests" -c Release --no-build -nologo
  fi
fi

verb=${1:-build}
[ $# -gt 0 ] && shift
case "$verb" in
  build) build ;;
  run)
    [ -x "$program" ] || build >&2
    if [ $# -eq 0 ]; then exec "$program" tour --golden tests/golden; else exec "$program" "$@"; fi ;;
  test)
    build test
    ctest --preset test
    dotnet test NormKernels.sln -c Release --no-build -nologo "$@" ;;
  bench) build >&2; exec "$program" bench "$@" ;;
  bindings)
    need dotnet dotnet-sdk-10.0 https://dot.net
    restore src/NormKernels.BindingGenerator WithBindings
    dotnet run --project src/NormKernels.BindingGenerator -c Release --no-restore -p:WithBindings=true -- . ;;
  pack) pack "$@" ;;
  format)
    need clang-format clang-format https://llvm.org
    sources=$(git ls-files --cached --others --exclude-standard 'native/*.h' 'native/*.c' 'native/*.cpp' \
      'kernels/*.h' 'kernels/*.cpp' 'kernels/*.cuh' 'kernels/*.cu' 'bench/*.h' 'bench/*.cpp')
    if [ "${1:-}" = check ]; then
      clang-format --dry-run --Werror $sources
      # The build refuses what the analyzers find; what is left is white space and the order of usings.
      dotnet format whitespace NormKernels.sln --verify-no-changes
      dotnet format style NormKernels.sln --verify-no-changes --no-restore --diagnostics IMPORTS
    else
      clang-format -i $sources
      dotnet format NormKernels.sln
    fi ;;
  sanitize) need_tools; native sanitize; ctest --preset sanitize ;;
  clean) rm -rf artifacts ;;
  help | -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
