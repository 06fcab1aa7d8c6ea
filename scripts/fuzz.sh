#!/usr/bin/env bash
# Feeds what reads bytes with bytes of libFuzzer's making, under AddressSanitizer:
#
#   messages     wire format into every message of the contracts, JSON and descriptors into `lauter call`'s
#   connection   frames into the HTTP/2 core, from a client and from a server
#   transformer  texts into the tokenizer, files into the readers of weights and configuration
#
# Stops at the first input that crashes, hangs or breaks what Tests/Fuzz says must hold, and keeps it in the
# corpus. Only the modules under test are compiled, with instrumentation, into .build/fuzz; what they stand on is
# taken from the release build. Leaks are not looked for: Foundation loses a page for every empty file it reads.
#
# Usage: scripts/fuzz.sh [SECONDS [TARGET...]]      default: 300, each of them
# Corpora are in $LAUTER_FUZZ_CORPUS (.build/fuzz/corpus), a folder a target, and grow from run to run.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-300}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(messages connection transformer)
corpora=${LAUTER_FUZZ_CORPUS:-.build/fuzz/corpus}
work=$PWD/.build/fuzz
built=.build/release
mkdir -p "$work"

scripts/build.sh --product lauter >"$work/build.log" 2>&1 || {
  cat "$work/build.log" >&2
  exit 1
}

# MARK: Compiling

sanitize=(-sanitize=fuzzer,address)
headers=()
while read -r map; do
  headers+=(-Xcc "-fmodule-map-file=$map")
done < <(find "$PWD"/Shared/System "$PWD"/$built/C*.build "$PWD"/$built/{_AtomicsShims,WireTestProtos}.build \
  -name module.modulemap 2>/dev/null)
while read -r map; do
  headers+=(-Xcc "-fmodule-map-file=$map" -Xcc -I -Xcc "$(dirname "$map")")
done < <(find "$PWD"/.build/checkouts/swift-{nio,nio-ssl,atomics}/Sources -name module.modulemap)
for include in .build/checkouts/swift-{nio,nio-ssl}/Sources/C*/include; do
  headers+=(-Xcc -I -Xcc "$PWD/$include")
done

headers+=(-Xcc -I -Xcc "$PWD/Shared/CProtos" -Xcc -I -Xcc "$PWD/Tests/WireTestProtos")

# swift_module NAME ARGUMENTS...: one module, optimised and instrumented.
swift_module() {
  local name=$1
  shift
  # Lines are all a stack needs; more would leave the module's description in the working folder.
  swiftc -swift-version 6 -O -gline-tables-only -wmo -parse-as-library -package-name lauter -module-name "$name" \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature ExistentialAny \
    "${sanitize[@]}" -use-ld=lld -I "$work" -I $built/Modules "${headers[@]}" "$@"
}

# executable TARGET NAME ARGUMENTS...: the fuzzer of a target.
executable() {
  local target=$1 name=$2
  shift 2
  swift_module "$name" "$@" -o "$work/$target"
}

# library NAME FOLDER: into NAME.swiftmodule and NAME.o.
library() {
  find "$2" -name '*.swift' | LC_ALL=C sort >"$work/$1.sources"
  newer "$work/$1.o" "$2" && return
  swift_module "$1" -emit-module -emit-module-path "$work/$1.swiftmodule" -c -o "$work/$1.o" \
    "@$work/$1.sources"
}

# Whether the object is there and newer than what it is made of.
newer() {
  local object=$1
  shift
  [ -f "$object" ] && [ -z "$(find "$@" -newer "$object" -print -quit)" ]
}

# c FOLDER FLAGS...: every C file of the folder; their objects are in `objects`.
c() {
  local folder=$1 source object
  shift
  while read -r source; do
    object=$work/$(tr / - <<<"${source%.c}").o
    newer "$object" "$folder" || clang -std=gnu17 -O1 -g -fsanitize=fuzzer-no-link,address \
      -I "$folder" "$@" -c "$source" -o "$object"
    objects+=("$object")
  done < <(find "$folder" -name '*.c' | LC_ALL=C sort)
}

# What is not ours, as the release build made it: all of it, since nothing refers to conformances that are looked
# for at run time.
linked=(-Xlinker --whole-archive "$work/dependencies.a" -Xlinker --no-whole-archive
  -Xlinker --no-gc-sections -Xlinker -z -Xlinker nostart-stop-gc -lnghttp2 -lz)
dependencies() {
  local archive=$work/dependencies.a
  rm -f "$archive"
  find $built/{C,_,}NIO*.build $built/{Logging,CoreMetrics,Atomics,_AtomicsShims}.build \
    $built/{DequeModule,OrderedCollections,InternalCollectionsUtilities,ContainersPreview}.build \
    $built/{ServiceLifecycle,UnixSignals,ConcurrencyHelpers,AsyncAlgorithms}.build \
    -name '*.o' -print0 2>/dev/null | xargs -0 ar qcs "$archive"
}

build_messages() {
  local objects=() module
  dependencies
  for module in "RPC Shared/RPC" "Schema Shared/Schema" "StrictJSON Shared/JSON" \
    "Descriptors Shared/Descriptors" "DynamicMessages Shared/DynamicMessages" "Wire Shared/Wire"; do
    # shellcheck disable=SC2086
    library $module
    objects+=("$work/${module% *}.o")
  done
  c Shared/CProtos
  c Tests/WireTestProtos
  {
    echo 'import Wire'
    echo 'extension AnyMessageType {'
    echo '  static let all: [AnyMessageType] = ['
    sed -n 's/^extension \(.*\): CodedMessage {$/    .init(\1.self),/p' \
      Shared/Wire/Generated/*.swift Tests/WireTests/Generated/*.swift
    echo '  ]'
    echo '}'
  } >"$work/AllMessages.swift"
  executable messages MessagesFuzz Tests/Fuzz/MessagesFuzz.swift "$work/AllMessages.swift" \
    Tests/WireTests/Samples.swift Tests/WireTests/Generated/*.swift "${objects[@]}" \
    "${linked[@]}" -lprotobuf-c
}

build_connection() {
  executable connection HTTP2 Shared/RPC/HTTP2/*.swift Tests/Fuzz/ConnectionFuzz.swift -lnghttp2
}

build_transformer() {
  local objects=()
  c Shared/Kernels -I Shared/Kernels/include -fno-math-errno
  executable transformer Transformer \
    -Xcc "-fmodule-map-file=$PWD/$built/Kernels.build/module.modulemap" \
    Shared/Transformer/*.swift Tests/Fuzz/TransformerFuzz.swift "${objects[@]}"
}

# MARK: What well-formed input looks like; the first byte says whose it is.

seed_messages() { LAUTER_FUZZ_SEEDS=$1 "$work/messages" -runs=0 >"$work/seeds.log" 2>&1; }

seed_connection() {
  # A request with a message and its end; a response with one and its trailers; floods of SETTINGS and of resets.
  printf '\0\6\1\0\1\2te\10trailers\3\1\1\5\0\0\0\0\0' >"$1/seed-request"
  printf '\1\6\1\0\0\3\1\0\5\0\0\0\0\0\6\1\1\1\1a\1b' >"$1/seed-response"
  printf '\0\5\377\4\0\0\0' >"$1/seed-settings"
  printf '\0\6\1\0\0\1\3\0\1\4\0\0\0\10\6\3\0\0\1\3\0\3\4\0\0\0\10' >"$1/seed-resets"
}

seed_transformer() {
  printf '\0The quick (brown) fox, 42 [SEP] \xc3\xa9 \xe6\x9d\xb1!' >"$1/seed-text"
  printf '\1\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}        \0\0\x80\x3f\0\0\0\0' \
    >"$1/seed-weights"
  printf '\2{"model_type":"bert","hidden_size":64,"num_attention_heads":2,"num_hidden_layers":1,"intermediate_size":64,"vocab_size":90,"max_position_embeddings":32}' \
    >"$1/seed-config"
  printf '\3{"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4}}}' \
    >"$1/seed-tokenizer"
}

# MARK: Fuzzing

# Swift's own backtracer trips AddressSanitizer.
export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
for target in "${targets[@]}"; do
  start=$SECONDS
  "build_$target"
  echo "== $target: built in $((SECONDS - start)) s, fuzzing for $seconds s"
  corpus=$corpora/$target
  mkdir -p "$corpus"
  "seed_$target" "$corpus"
  log=$work/$target.log
  "$work/$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=4096 \
    -artifact_prefix="$corpus/" -print_final_stats=1 "$corpus" >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    exit 1
  }
  # Edges there are, edges reached, inputs tried.
  grep -E 'inline 8-bit counters|DONE|stat::number_of_executed_units' "$log"
done
