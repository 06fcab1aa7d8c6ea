#!/usr/bin/env bash
# Runs the kernels' checks in C (Tests/KernelsCheck) for every instruction set this processor has, under
# AddressSanitizer and UndefinedBehaviorSanitizer, and for arm64 under qemu where a cross compiler and qemu
# are installed (Debian: gcc-aarch64-linux-gnu qemu-user). With --avx512 also for AVX-512, VNNI and BF16 on an
# emulated processor, with the package bochscpu-python in an environment it makes (x86-64 Linux, Python 3.11 or
# later with venv; half a minute).
#
# Usage: scripts/check-kernels.sh [--arm64] [--avx512]      with --arm64 it fails where qemu is missing
set -euo pipefail
cd "$(dirname "$0")/.."
arm64= avx512=
for argument in "$@"; do
  case $argument in
    --arm64) arm64=1 ;;
    --avx512) avx512=1 ;;
    *) echo "check-kernels: what is $argument? see the top of this script" >&2; exit 64 ;;
  esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=(Shared/Kernels/*.c Tests/KernelsCheck/check.c)
flags=(-std=gnu17 -fno-math-errno -I Shared/Kernels/include -Wall -Wextra -Wno-unknown-pragmas
  -Wno-psabi -Wno-unused-function)

# Kernels as they are shipped, and every step checked.
clang=${CC:-clang}
"$clang" -O3 "${flags[@]}" "${sources[@]}" -lm -o "$work/plain" &
plain=$!
# gold warns about every symbol of the sanitizer's.
linker=()
! command -v ld.lld >/dev/null || linker=(-fuse-ld=lld)
"$clang" -O1 -g "${flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=all "${linker[@]}" \
  "${sources[@]}" -lm -o "$work/sanitized"
wait "$plain"
"$work/plain"
"$work/sanitized"

arm=$(command -v aarch64-linux-gnu-gcc || true)
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
if [ -n "$arm" ] && [ -n "$qemu" ]; then
  root=$("$arm" -print-sysroot)
  toolchain=$(dirname "$("$arm" -print-libgcc-file-name)")
  "$clang" --target=aarch64-linux-gnu ${root:+--sysroot="$root"} -O3 "${flags[@]}" -static \
    -isystem /usr/aarch64-linux-gnu/include -B "$toolchain" -L "$toolchain" \
    -L /usr/aarch64-linux-gnu/lib -B /usr/aarch64-linux-gnu/lib --ld-path="$(command -v aarch64-linux-gnu-ld)" \
    "${sources[@]}" -lm -o "$work/arm64"
  # A processor with dot products, and one without.
  for cpu in max cortex-a53; do
    echo "arm64, $cpu"
    "$qemu" -cpu "$cpu" "$work/arm64"
  done
elif [ -n "$arm64" ]; then
  echo "check-kernels: aarch64-linux-gnu-gcc or qemu-aarch64 is missing (see the top of this script)" >&2
  exit 69
else
  echo "arm64: not checked, as there is no aarch64-linux-gnu-gcc or qemu-aarch64 here"
fi

if [ -n "$avx512" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check bochscpu-python==0.4.0
  "$clang" -O3 "${flags[@]}" -static -DKERNELS_EMULATED "${sources[@]}" -lm -o "$work/emulated"
  "$clang" -std=gnu17 -D_GNU_SOURCE -shared -fPIC Tests/KernelsCheck/emulated-cpu.c -ldl -o "$work/cpu.so"
  echo "x86-64, emulated"
  LD_PRELOAD="$work/cpu.so" "$work/venv/bin/python" Tests/KernelsCheck/emulate.py "$work/emulated" |
    tee "$work/emulated.out"
  if grep -q "not on this processor" "$work/emulated.out"; then
    echo "check-kernels: an instruction set is missing from the emulated processor" >&2
    exit 1
  fi
fi
