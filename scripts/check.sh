#!/usr/bin/env bash
# Everything a change must pass: format, generated code, tests, a little fuzzing, containers. CI runs this and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
  local start=$SECONDS
  echo "== $1"
  shift
  "$@"
  echo "== done in $((SECONDS - start)) s"
}

step "what is needed" scripts/install.sh --tests
step "format" scripts/format.sh --check
step "generated code" scripts/generate-protos.sh --check
step "kernels" scripts/check-kernels.sh
step "tests" scripts/test.sh
step "fuzzing" scripts/fuzz.sh 20
step "containers" scripts/compose-smoke.sh
