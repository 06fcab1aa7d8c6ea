#!/usr/bin/env bash
# Runs every test: installs what is missing, builds in release mode, runs the Swift tests, then the whole
# loop through the real executables with stock Python peers. Arguments go to the Swift tests (--filter ...);
# with arguments the loop is left out.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install.sh --tests
scripts/build.sh --build-tests

cache=$(cd "${LAUTER_TEST_CACHE:-.build-tests}" && pwd)
export LAUTER_TEST_BIN=$PWD/.build/release
export LAUTER_TEST_PYTHON=$cache/python/bin/python
export LAUTER_TEST_ENCODERS=${LAUTER_TEST_ENCODERS:-$cache/encoders}
# Real data sets and golden vectors that are not part of the repository; without them the tests that
# need them say so and are skipped.
if [ -z "${LAUTER_TEST_SHARED:-}" ]; then
  unset LAUTER_TEST_SHARED # Empty is not a folder.
  [ ! -d ../shared/golden ] || LAUTER_TEST_SHARED=$(cd ../shared && pwd)
fi
if [ -n "${LAUTER_TEST_SHARED:-}" ]; then
  export LAUTER_TEST_SHARED
  if [ -x "$LAUTER_TEST_SHARED/tools/fetch-encoders.sh" ] &&
    [ ! -f "$LAUTER_TEST_ENCODERS/paraphrase-MiniLM-L3-v2/model.safetensors" ]; then
    "$LAUTER_TEST_SHARED/tools/fetch-encoders.sh" "$LAUTER_TEST_ENCODERS" >/dev/null
  fi
fi

# A disk that can be filled, where one may be mounted.
if [ "$(id -u)" -eq 0 ] && [ -z "${LAUTER_TEST_SMALL_DISK:-}" ]; then
  small=$(mktemp -d)
  if mount -t tmpfs -o size=6m tmpfs "$small" 2>/dev/null; then
    export LAUTER_TEST_SMALL_DISK=$small
    trap 'umount "$small" && rmdir "$small"' EXIT
  else
    rmdir "$small"
  fi
fi

swift test -c release --explicit-target-dependency-import-check error --skip-build "$@"
[ $# -gt 0 ] || "$LAUTER_TEST_PYTHON" -m pytest -q -p no:cacheprovider Tests/InteropTests Tests/EndToEndTests
