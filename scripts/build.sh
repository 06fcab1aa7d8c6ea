#!/usr/bin/env bash
# The one way Lauter is built: release mode, one configuration for running, testing and shipping, and an
# import that a target did not declare is an error. Further arguments go to `swift build`.
#
# Usage: scripts/build.sh [--build-tests] [...]
set -euo pipefail
cd "$(dirname "$0")/.."
exec swift build -c release --explicit-target-dependency-import-check error "$@"
