#!/usr/bin/env bash
# Everything that takes a GPU, on a machine with a CUDA toolkit, CMake, Python with PyTorch, and no .NET or network.
# Bring artifacts/gpu/normkernels.tar.xz, which bench/gpu/publish.sh makes elsewhere, along with the sources.
#
# Meant to be through in one call of ten minutes on a machine with 16 cores. What the stages should take there (estimated,
# not measured: nvcc 11.8 for one architecture takes 25 to 75 s for each of the larger files on one core, 6 minutes for
# all of them):
#
#   build     60 to 90 s, the slowest file and its link
#   test      15 s, verify 10 s: small calls, most of it the start of the programs
#   bench     some 75 cases of 1 s, then torch.compile, 5 s for each of 20: as many as fit
#   sanitize  60 s, the four tools side by side
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

usage() {
  cat <<'TEXT'
usage: bench/gpu/run.sh [--emu] [--out DIR] [STAGE...]

  build     compile the CUDA library for the GPU that is here
  test      the test suite of the device API
  verify    normkernels verify on the golden cases
  bench     time every norm beside a copy of the same bytes, PyTorch and torch.compile, and what calls from .NET cost
  sanitize  every kernel once under compute-sanitizer: memcheck, racecheck, initcheck, synccheck

All of them if none is named. Writes run.log, summary.json, verify.json, bench.json, bench.txt, enqueue.json and dotnet.json
to DIR (artifacts/gpu/out if not given), each as soon as there is something to write. A stage that runs out of its time is
stopped; NK_LIMIT_<STAGE>, in seconds, is how long it may take, NK_LIMIT_TOTAL all of them together. With --emu the emulated
library of ./build.sh build takes the place of the CUDA library: test, verify, sanitize without compute-sanitizer, and of
bench what needs no PyTorch.
TEXT
}

# What is worth most first: a run that is cut off has it.
all=(build test verify bench sanitize)
: "${NK_LIMIT_BUILD:=180}" "${NK_LIMIT_TEST:=60}" "${NK_LIMIT_VERIFY:=40}" "${NK_LIMIT_BENCH:=200}" "${NK_LIMIT_SANITIZE:=100}"
: "${NK_LIMIT_TOTAL:=570}"
limit=${NK_LIMIT:-200} emu=${NK_GPU_EMU:-} out=${NK_GPU_OUT:-$root/artifacts/gpu/out} inside='' stages=()
while [ $# -gt 0 ]; do
  case "$1" in
    --emu) emu=1 ;;
    --out) mkdir -p "$2" && out=$(cd "$2" && pwd) || exit 2; shift ;;
    --inside) inside=$2; shift ;;
    -h | --help) usage; exit 0 ;;
    build | sanitize | test | verify | bench) stages+=("$1") ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

built=$root/artifacts/gpu/build
publish=$root/artifacts/gpu/publish
library=$([ -n "$emu" ] && echo emu || echo cuda)
[ -n "$emu" ] && built=$root/artifacts/native/release
export NK_CUDA_LIBRARY=$library TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

fail() { echo "run.sh: $*" >&2; exit 1; }

# Unpacks the programs once, and puts the library that was built beside them.
need_publish() {
  local archive=$root/artifacts/gpu/normkernels.tar.xz
  if [ -f "$archive" ] && { [ ! -d "$publish" ] || [ "$archive" -nt "$publish/golden" ]; }; then
    rm -rf "$publish" && tar -C "$root/artifacts/gpu" -xJf "$archive" && touch "$publish/golden" || fail "cannot unpack $archive"
  fi
  [ -x "$publish/normkernels" ] || fail "$archive is missing: bench/gpu/publish.sh makes it, where there is .NET"
  [ -f "$built/libnormkernels_$library.so" ] || fail "$built/libnormkernels_$library.so has not been built"
  cp "$built/libnormkernels_$library.so" "$publish/"
}

stage_build() {
  [ -n "$emu" ] && { [ -f "$built/libnormkernels_emu.so" ] || fail "run ./build.sh build first"; return; }
  local capability generator=()
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d '. ')
  [ -n "$capability" ] || fail "nvidia-smi shows no GPU"
  command -v ninja >/dev/null && generator=(-G Ninja)
  cmake -S "$root" -B "$built" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DNK_CUDA=ON \
    "-DNK_CUDA_ARCHITECTURES=$capability-real" || exit 1
  cmake --build "$built" --parallel "$(nproc)" --target normkernels_cuda normkernels_every_kernel || exit 1
  # What the benchmark knows the structs from; among the programs, if they were brought.
  [ -f "$root/artifacts/gpu/normkernels.tar.xz" ] || cmake --build "$built" --parallel "$(nproc)" --target normkernels
}

stage_sanitize() {
  if [ -n "$emu" ]; then "$built/normkernels_every_kernel_emu"; return; fi
  local tool status=0 tools=(memcheck racecheck initcheck synccheck)
  local work; work=$(mktemp -d)
  command -v compute-sanitizer >/dev/null || PATH=$PATH:/usr/local/cuda/bin
  command -v compute-sanitizer >/dev/null || fail "there is no compute-sanitizer"
  # Side by side: each keeps one core busy and the GPU hardly at all.
  for tool in "${tools[@]}"; do
    (compute-sanitizer --tool "$tool" --error-exitcode 9 --print-limit 20 "$built/normkernels_every_kernel" \
      >"$work/$tool" 2>&1; echo $? >"$work/$tool.status") &
  done
  wait
  for tool in "${tools[@]}"; do
    echo "--- $tool: exit code $(cat "$work/$tool.status")"
    tail -n 60 "$work/$tool"
    [ "$(cat "$work/$tool.status")" = 0 ] || status=1
  done
  rm -rf "$work"
  return $status
}

stage_test() {
  need_publish
  local status=0
  "$publish/NormKernels.Cuda.Tests" --ansi off --progress off --minimum-expected-tests 200 \
    --results-directory "$(mktemp -d)" || status=1
  # Is there if the programs were published with WithManagedCuda=true; needs cuBLAS.
  [ ! -x "$publish/NormKernels.ManagedCuda.Tests" ] || "$publish/NormKernels.ManagedCuda.Tests" --ansi off --progress off \
    --minimum-expected-tests "$([ -n "$emu" ] && echo 25 || echo 34)" --results-directory "$(mktemp -d)" || status=1
  return $status
}

stage_verify() {
  need_publish
  "$publish/normkernels" info
  "$publish/normkernels" verify "$publish/golden" --backend "$library" --json "$out/verify.json"
}

stage_bench() {
  if [ -n "$emu" ]; then
    python3 "$here/self_test.py" --library "$built/libnormkernels_emu.so" --layout "$built/libnormkernels.so" || exit 1
    need_publish
    "$publish/normkernels" bench --enqueue --backend emu --seconds 0.05 --json "$out/enqueue.json"
    return
  fi
  local layout=$built/libnormkernels.so
  (need_publish) && layout=$publish/libnormkernels.so
  # What has been measured when the time is over has been written.
  local until=$((SECONDS + limit - 30)) status=0
  # What a call from .NET takes until it returns, and how fast calls follow one another where the kernel is short.
  if [ -x "$publish/normkernels" ]; then
    timeout 20 "$publish/normkernels" bench --enqueue --backend cuda --json "$out/enqueue.json" || status=1
    timeout 20 "$publish/normkernels" bench rms_norm,layer_norm --backend cuda --dtype bf16 --rows 8 --cols 128 \
      --json "$out/dotnet.json" || status=1
  fi
  python3 "$here/bench.py" --library "$built/libnormkernels_cuda.so" --layout "$layout" \
    --seconds $((until - SECONDS)) --json "$out/bench.json" --table "$out/bench.txt" || status=1
  return $status
}

if [ -n "$inside" ]; then "stage_$inside"; exit; fi

# What has been found so far.
write_summary() {
  local gpu nvcc row stage result seconds separator=''
  gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1)
  nvcc=$( (nvcc --version || /usr/local/cuda/bin/nvcc --version) 2>/dev/null | sed -n 's/.*release \([0-9.]*\),.*/\1/p')
  printf '{\n  "commit": "%s",\n  "library": "%s",\n  "gpu": "%s",\n  "nvcc": "%s",\n  "stages": [' \
    "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)" "$library" "$gpu" "$nvcc"
  for row in "${rows[@]}"; do
    IFS='|' read -r stage result seconds <<<"$row"
    printf '%s\n    { "stage": "%s", "result": "%s", "seconds": %s }' "$separator" "$stage" "$result" "$seconds"
    separator=,
  done
  printf '\n  ]\n}\n'
}

[ ${#stages[@]} -eq 0 ] && stages=("${all[@]}")
mkdir -p "$out"
rm -f "$out"/{run.log,stage.log,bench.txt,{summary,verify,bench,enqueue,dotnet}.json}
export NK_GPU_EMU=$emu NK_GPU_OUT=$out
rows=() worst=0
for stage in "${stages[@]}"; do
  name=NK_LIMIT_${stage^^}
  limit=${!name}
  [ "$limit" -le $((NK_LIMIT_TOTAL - SECONDS)) ] || limit=$((NK_LIMIT_TOTAL - SECONDS))
  if [ "$limit" -le 0 ]; then
    rows+=("$stage|no time left|0"); worst=1
    continue
  fi
  echo "=== $stage" | tee -a "$out/run.log"
  start=$(date +%s.%N)
  NK_LIMIT=$limit timeout --kill-after=5 "$limit" bash "$here/run.sh" --inside "$stage" >"$out/stage.log" 2>&1
  code=$?
  seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
  case $code in
    0) result=passed ;;
    124 | 137) result="stopped after $limit s"; worst=1 ;;
    *) result="failed ($code)"; worst=1 ;;
  esac
  cat "$out/stage.log" >>"$out/run.log"
  if [ $code -eq 0 ]; then tail -n 3 "$out/stage.log"; else tail -n 40 "$out/stage.log"; fi
  rows+=("$stage|$result|$seconds")
  write_summary >"$out/summary.json"
done
rm -f "$out/stage.log"
write_summary >"$out/summary.json"

echo
[ -f "$out/bench.txt" ] && cat "$out/bench.txt" && echo
printf '%-10s %-22s %s\n' stage result seconds
for row in "${rows[@]}"; do IFS='|' read -r a b c <<<"$row"; printf '%-10s %-22s %s\n' "$a" "$b" "$c"; done
exit $worst
