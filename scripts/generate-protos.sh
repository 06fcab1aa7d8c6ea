#!/usr/bin/env bash
# Makes the code for the contracts in Protos: C by protoc-c (Shared/CProtos), Swift by our wire-generator
# (Shared/Wire/Generated), and both for the contracts of WireTests and of the RPC benchmark.
#
#   scripts/generate-protos.sh           writes it
#   scripts/generate-protos.sh --check   writes it elsewhere and fails if what is committed differs
#
# Needs protoc and protoc-c (Debian: protobuf-compiler protobuf-c-compiler; Homebrew: protobuf protobuf-c).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
"") check=false ;;
--check) check=true ;;
*)
  echo "usage: scripts/generate-protos.sh [--check]" >&2
  exit 64
  ;;
esac

for tool in protoc protoc-c swift; do
  if ! command -v "$tool" >/dev/null; then
    echo "generate-protos: $tool is not installed (see the top of this script)" >&2
    exit 69
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

scripts/build.sh --product wire-generator >"$work/build.log" 2>&1 || {
  cat "$work/build.log" >&2
  exit 1
}
generator=.build/release/wire-generator

# generate PROTO_FOLDER C_FOLDER SWIFT_FOLDER MODULE... : everything under PROTO_FOLDER, into "$work/out". The
# messages named in $views get a view.
generate() {
  local protos=$1 c=$2 swift=$3
  shift 3
  local files
  mapfile -t files < <(cd "$protos" && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
  mkdir -p "$work/out/$c" "$work/out/$swift"
  (cd "$protos" && protoc-c --proto_path=. --c_out="$work/out/$c" "${files[@]}")
  (cd "$protos" && protoc --proto_path=. --include_imports --include_source_info \
    --descriptor_set_out="$work/descriptors" "${files[@]}")
  "$generator" "${views[@]/#/--view=}" "$work/descriptors" "$work/out/$swift" "$@"
}

views=()
generate Protos Shared/CProtos Shared/Wire/Generated CProtos
views=(lauter.test.v1.Everything)
generate Tests/WireTestProtos Tests/WireTestProtos Tests/WireTests/Generated WireTestProtos Wire
views=()
generate Tests/Interop/Protos Tests/Interop/Protos Tests/Interop/Service/Generated InteropProtos Wire
bench=Tests/Benchmarks/rpc
views=(lauter.bench.v1.Payload lauter.bench.v1.Batch)
generate $bench/protos $bench/protos $bench/lauter/Generated BenchmarkProtos Wire

# Only these are generated; what else lies in the folders is written by hand.
generated() {
  (cd "$1" && find Shared Tests -name '*.pb-c.[ch]' -o -path '*/Generated/*.swift') | LC_ALL=C sort
}

if $check; then
  stale=false
  while read -r file; do
    diff -u --label "$file (committed)" --label "$file (from Protos)" -N \
      "$file" "$work/out/$file" || stale=true
  done < <({ generated . && generated "$work/out"; } | LC_ALL=C sort -u)
  if $stale; then
    echo "generate-protos: generated code differs from Protos. Run scripts/generate-protos.sh and commit." >&2
    exit 1
  fi
else
  generated . | tr '\n' '\0' | xargs -0 rm -f
  cp -R "$work/out/." .
fi
