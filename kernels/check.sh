#!/usr/bin/env bash
# What can be said of the CUDA kernels without a GPU: with the real nvcc, every file compiles for sm_80 and sm_90 without
# a warning, no kernel spills registers to memory, and those that stream tensors load 16 bytes at a time. Prints a table of
# registers, and last "N kernels passed, M failed", a kernel counted once for each architecture.
#
#   kernels/check.sh [FILE.cu...]     all files, unless some are named; NK_JOBS: how many at a time, by default all cores
set -euo pipefail
cd "$(dirname "$0")/.."

architectures=(80 90)
# Kernels that read and write whole tensors: without loads of 16 bytes something keeps the compiler from wide accesses.
streaming='forward_rows|backward_rows|jvp_rows|whole_runs|part_runs|map_runs|sum_tiles|gradient_tiles|sum_products'

"$(dirname "$0")/get_nvcc.sh"
nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
tools=$(dirname "$(readlink -f "$nvcc")")
export PATH="$tools:$PATH"
host=()
# nvcc 11 knows no newer one.
if nvcc --version | grep -q 'release 11\.'; then host=(-ccbin g++-11); fi
# Those of cmake/Cuda.cmake.
flags=(-std=c++17 -O3 -fmad=false -Werror=all-warnings -Xcompiler=-fPIC,-Wall,-Wextra,-Wno-psabi,-ffp-contract=off
  -DNK_VERSION=\"check\" -I native/include -I native -I kernels -Xptxas -v)

files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  # The slowest first, so that none is left alone at the end.
  mapfile -t files < <(wc -c kernels/common/*.cu kernels/norms/*.cu | awk '$2 != "total" { print $2 }')
  mapfile -t files < <(printf '%s\n' kernels/common/{centred,power,row_norm}_*.cu "${files[@]}" | awk '!seen[$0]++')
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# take_apart NAME ARCHITECTURE: "architecture registers spilled-bytes wide-loads kernel" for each kernel compiled to NAME.
take_apart() {
  local name=$1
  {
    awk '
      /Compiling entry function/ { split($0, part, "\047"); kernel = part[2] }
      /bytes stack frame/ && kernel != "" { spilled = $5 + $9 }
      /Used [0-9]+ registers/ && kernel != "" { print "ptxas", kernel, $5, spilled; kernel = "" }' "$name.log"
    # What PTX loads at once the machine code does; to disassemble that takes as long as to compile it.
    awk '
      /\.entry / { sub(/.*\.entry /, ""); sub(/\(.*/, ""); kernel = $0 }
      /ld\.global[a-z.]*\.v4\.[a-z]32|cp\.async\.cg.*, 16[,;]/ { wide[kernel]++ }
      END { for (kernel in wide) print "ptx", kernel, wide[kernel] }' "$name"/*.ptx
  } | awk -v architecture="$2" '
      $1 == "ptx" { wide[$2] = $3 }
      $1 == "ptxas" { registers[$2] = $3; spilled[$2] = $4 }
      END { for (k in registers) print architecture, registers[k], spilled[k], wide[k] + 0, k }' | c++filt |
    # Without the parameters, which say nothing here, and the words that all names have.
    sed -E 's/void //; s/nk::cuda:://g; s/nk:://g; s/\(anonymous namespace\)::|\(bool\)|\(int\)//g; s/\([^()]*\)$//'
}

# compile FILE ARCHITECTURE: leaves a file of kernels, or one that says why not.
compile() {
  local name
  name=$out/$(basename "$1" .cu).$2
  mkdir "$name"
  if nvcc "${host[@]}" "${flags[@]}" -gencode "arch=compute_$2,code=sm_$2" -keep -keep-dir "$name" \
    -cubin -o "$name/cubin" "$1" >"$name.log" 2>&1 && take_apart "$name" "$2" >"$name.kernels" 2>>"$name.log"; then
    return
  fi
  grep -v '^ptxas info' "$name.log" >"$name.failed" || true
}

running=0
for file in "${files[@]}"; do
  for architecture in "${architectures[@]}"; do
    if [ "$running" -ge "${NK_JOBS:-$(nproc)}" ]; then wait -n; running=$((running - 1)); fi
    compile "$file" "$architecture" &
    running=$((running + 1))
  done
done
wait

shopt -s nullglob
broken=("$out"/*.failed)
for log in "${broken[@]}"; do
  echo "$(basename "$log" .failed): does not compile"
  cat "$log"
done

cat "$out"/*.kernels /dev/null | awk -v streaming="^($streaming)<" -v broken=${#broken[@]} '
  {
    architecture = $1; registers = $2; spilled = $3; wide = $4
    sub(/^[0-9]+ [0-9]+ [0-9]+ [0-9]+ /, "")
    key = $0
    if (!(key in seen)) { seen[key] = 1; order[++kernels] = key }
    used[key, architecture] = registers
    loads[key, architecture] = wide
    why = ""
    if (spilled > 0) why = spilled " bytes of spills"
    if ($0 ~ streaming && wide == 0) why = why (why == "" ? "" : ", ") "no 16-byte load"
    if (why == "") passed++
    else { failed++; reasons[failed] = "FAILED sm_" architecture " " $0 ": " why }
  }
  END {
    print "registers, and 16-byte loads in the code"
    print " sm_80     sm_90    kernel"
    for (i = 1; i <= kernels; i++) {
      k = order[i]
      printf "%4d %4d %4d %4d  %s\n", used[k, 80], loads[k, 80], used[k, 90], loads[k, 90], k | "sort -k5"
    }
    close("sort -k5")
    for (i = 1; i <= failed; i++) print reasons[i]
    if (passed + failed == 0 && !broken) { print "no kernels were found"; broken = 1 }
    printf "%d kernels passed, %d failed\n", passed, failed + broken
    exit failed + broken > 0
  }'
