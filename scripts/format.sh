#!/usr/bin/env bash
# Formats every Swift file, or with --check says which ones would change.
set -euo pipefail
cd "$(dirname "$0")/.."
folders=(Package.swift Services Shared Tests)
if [ "${1:-}" = --check ]; then
  swift format lint --strict --recursive --parallel "${folders[@]}" ||
    { echo "error: run scripts/format.sh" >&2; exit 1; }
else
  swift format --in-place --recursive --parallel "${folders[@]}"
fi
