#!/usr/bin/env bash
# Installs a CUDA compiler where there is none: Debian's nvidia-cuda-toolkit, nvcc 11.8, which needs no GPU, and the g++
# that it works with. 1.6 GB, some four minutes.
set -euo pipefail
if command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ]; then exit; fi
. /etc/os-release
if [ "${ID:-}" != debian ] || [ -z "${VERSION_CODENAME:-}" ]; then
  echo "get_nvcc.sh: no nvcc, and this is not Debian: install the CUDA toolkit, 11.8 or later" >&2
  exit 2
fi
# Its component, non-free, and that of what it depends on, contrib, are off by default. On, then, for the sources of
# Debian itself, in both formats of them.
for component in contrib non-free; do
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    if [ -e "$list" ]; then
      sed -i -E "/^deb .* $VERSION_CODENAME[^ ]* .*main/{/ $component( |\$)/!s/ main/ main $component/}" "$list"
    fi
  done
  for sources in /etc/apt/sources.list.d/*.sources; do
    if grep -qE "^Suites:.* $VERSION_CODENAME" "$sources" 2>/dev/null; then
      sed -i -E "/^Components:.* main/{/ $component( |\$)/!s/ main/ main $component/}" "$sources"
    fi
  done
done
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nvidia-cuda-toolkit g++-11
