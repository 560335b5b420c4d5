#!/usr/bin/env bash
# Makes artifacts/gpu/normkernels.tar.xz: the program, the tests of the device API and the golden cases as one folder
# that runs without .NET, for a machine with a GPU and nothing else (bench/gpu/run.sh). The CUDA library is not in it: it
# is built there. Needs the .NET SDK and a build (./build.sh build).
set -euo pipefail
cd "$(dirname "$0")/../.."

native=$PWD/artifacts/native/release
[ -f "$native/libnormkernels.so" ] || { echo "publish.sh: $native/libnormkernels.so is missing: run ./build.sh build" >&2; exit 2; }
out=artifacts/gpu/publish
rm -rf "$out"
projects=(src/NormKernels.Cli tests/NormKernels.Cuda.Tests)
# The adapter too where the environment asks for it, as ./build.sh --with-managed-cuda does.
[ "${WithManagedCuda:-}" != true ] || projects+=(tests/NormKernels.ManagedCuda.Tests)
for project in "${projects[@]}"; do
  # Other packages than those of the build, so its files are left alone. The programs share one runtime.
  dotnet publish "$project" -c Release -r linux-x64 --self-contained -nologo -v quiet \
    -p:EnableMSTestRunner=true -p:DebugType=embedded -p:GenerateDocumentationFile=true \
    -p:NativeDirectory="$native/" --artifacts-path artifacts/standalone -o "$out"
done
rm -f "$out"/*.xml "$out"/libnormkernels_cuda.so
cp -r tests/golden "$out/golden"
tar -C artifacts/gpu -cJf artifacts/gpu/normkernels.tar.xz publish
size=$(stat -c %s artifacts/gpu/normkernels.tar.xz)
echo "artifacts/gpu/normkernels.tar.xz: $((size / 1048576)) MiB, unpacked $(du -sm "$out" | cut -f1) MiB"
# What carries it to another machine takes 64 MiB at most.
[ "$size" -lt $((60 * 1048576)) ] || { echo "publish.sh: more than 60 MiB" >&2; exit 1; }
