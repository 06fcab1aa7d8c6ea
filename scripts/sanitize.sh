#!/usr/bin/env bash
# Runs Swift tests under a sanitizer, in a debug build of its own: .build/thread or .build/address.
#
# Usage: scripts/sanitize.sh thread|address [FILTER]      default filter: what carries bytes and calls
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
thread | address) sanitizer=$1 ;;
*)
  echo "usage: scripts/sanitize.sh thread|address [FILTER]" >&2
  exit 64
  ;;
esac
filter=${2:-RPCTests|WireTests|ServingTests}
scratch=${LAUTER_SANITIZE_SCRATCH:-.build/$sanitizer}

scripts/install.sh --tests
cache=$(cd "${LAUTER_TEST_CACHE:-.build-tests}" && pwd)
export LAUTER_TEST_BIN=$PWD/.build/release LAUTER_TEST_PYTHON=$cache/python/bin/python

# Tests ask for more memory than there is, and expect to be told so. What lives as long as the process (event
# loops, caches of Foundation) is no leak; a test of WireTests counts what messages leave behind.
#
# ThreadSanitizer does not see what libswiftSynchronization and libswift_Concurrency do, which are not built with
# it: that a contended Mutex was taken (closures with an `inout sending` parameter, `zYu…` in their mangled names:
# those given to withLock), and that a continuation was resumed, be it with a message that is then read
# (`Message.init(received:)`).
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'race:zYuYTXEfU\nrace:UnsafeThrowingContinuation\nrace:UnsafeContinuation\nrace:3RPC7MessagePAAE8receivedx\n' >"$work/suppressions"
export TSAN_OPTIONS=allocator_may_return_null=1:suppressions=$work/suppressions
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0

options=(--sanitize "$sanitizer" --scratch-path "$scratch")
swift build --build-tests "${options[@]}"
# One test at a time: together they would wait for each other longer than their limits allow.
swift test --skip-build --no-parallel "${options[@]}" --filter "$filter"
