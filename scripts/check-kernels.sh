#!/usr/bin/env bash
# Runs the kernels' checks in C (Tests/KernelsCheck) for every instruction set this processor has, under
# AddressSanitizer and UndefinedBehaviorSanitizer, and for arm64 under qemu where a cross compiler and qemu
# are installed (Debian: gcc-aarch64-linux-gnu qemu-user).
#
# Usage: scripts/check-kernels.sh [--arm64]      with --arm64 it fails where they are missing
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=(Shared/Kernels/*.c Tests/KernelsCheck/check.c)
flags=(-std=gnu17 -fno-math-errno -I Shared/Kernels/include -Wall -Wextra -Wno-unknown-pragmas
  -Wno-psabi -Wno-unused-function)

# Kernels as they are shipped, and every step checked.
clang=${CC:-clang}
"$clang" -O3 "${flags[@]}" "${sources[@]}" -lm -o "$work/plain"
"$work/plain"
# gold warns about every symbol of the sanitizer's.
linker=()
! command -v ld.lld >/dev/null || linker=(-fuse-ld=lld)
"$clang" -O1 -g "${flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=all "${linker[@]}" \
  "${sources[@]}" -lm -o "$work/sanitized"
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
elif [ "${1:-}" = --arm64 ]; then
  echo "check-kernels: aarch64-linux-gnu-gcc or qemu-aarch64 is missing (see the top of this script)" >&2
  exit 69
else
  echo "arm64: not checked, as there is no aarch64-linux-gnu-gcc or qemu-aarch64 here"
fi
