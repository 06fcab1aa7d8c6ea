#!/usr/bin/env bash
# Feeds the tokenizer and the readers of weight and configuration files with bytes of libFuzzer's making, under
# AddressSanitizer. Stops at the first input that crashes, and keeps it. Leaks are not looked for: Foundation
# loses a page for every empty file it reads.
#
# Usage: scripts/fuzz-transformer.sh [SECONDS] [CORPUS]      default: 60, .build/fuzz-transformer
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
corpus=${2:-.build/fuzz-transformer}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$corpus" "$work/Kernels"

echo "module Kernels { header \"$PWD/Shared/Kernels/include/kernels.h\" export * }" \
  >"$work/Kernels/module.modulemap"
objects=()
for source in Shared/Kernels/*.c; do
  object=$work/$(basename "$source" .c).o
  clang -std=gnu17 -O1 -g -fno-math-errno -fsanitize=address -I Shared/Kernels/include -c "$source" -o "$object"
  objects+=("$object")
done
swiftc -swift-version 6 -O -g -parse-as-library -package-name lauter -module-name TransformerFuzz \
  -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature ExistentialAny \
  -sanitize=fuzzer,address -I "$work/Kernels" Shared/Transformer/*.swift Tests/TransformerFuzz/Fuzz.swift \
  "${objects[@]}" -o "$work/fuzz"

# What well-formed input looks like; the first byte says whose it is.
printf '\0The quick (brown) fox, 42 [SEP] \xc3\xa9 \xe6\x9d\xb1!' >"$corpus/seed-text"
printf '\1\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}        \0\0\x80\x3f\0\0\0\0' \
  >"$corpus/seed-weights"
printf '\2{"model_type":"bert","hidden_size":64,"num_attention_heads":2,"num_hidden_layers":1,"intermediate_size":64,"vocab_size":90,"max_position_embeddings":32}' \
  >"$corpus/seed-config"
printf '\3{"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4}}}' \
  >"$corpus/seed-tokenizer"

echo "fuzzing for $seconds s"
ASAN_OPTIONS=detect_leaks=0 "$work/fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=4096 \
  -artifact_prefix="$corpus/" -print_final_stats=1 "$corpus"
