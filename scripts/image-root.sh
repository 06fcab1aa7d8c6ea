#!/usr/bin/env bash
# Lays out the container image's files in FOLDER from the release build: the executables, stripped, the
# libraries they link (one copy of the Swift runtime for all five), certificates and a user in FOLDER/root,
# what that user owns in FOLDER/owned.
#
# Usage: scripts/image-root.sh FOLDER
set -euo pipefail
folder=$(mkdir -p "${1:?usage: scripts/image-root.sh FOLDER}" && cd "$1" && pwd)
root=$folder/root
cd "$(dirname "$0")/.."

build=.build/release
executables=(lauter lauter-store lauter-labeller lauter-trainer lauter-inference)

rm -rf "${folder:?}"/*
mkdir -p "$folder/owned/data" "$root"/{app,lib,lib64,etc/ssl/certs,tmp,proc,dev,sys}
for name in "${executables[@]}"; do
  strip -o "$root/app/$name" "$build/$name"
done

# The loader looks in /lib; libraries that getaddrinfo opens by name are not in ldd's list.
libraries() {
  for name in "${executables[@]}"; do ldd "$build/$name"; done |
    sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
  for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
    find /lib /usr/lib -name "$name" -print -quit
  done
}
libraries | sort -u | while read -r library; do
  cp -L "$library" "$root/lib/"
done
strip --strip-unneeded "$root"/lib/*.so* 2>/dev/null || true
interpreter=$(ldd "$build/lauter" | sed -n 's/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p' | head -1)
mkdir -p "$root$(dirname "$interpreter")"
cp -L "$interpreter" "$root$interpreter"

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo '/lib' >"$root/etc/ld.so.conf"
ldconfig -r "$root"
printf 'root:x:0:0::/:/none\nlauter:x:10001:10001::/data:/none\n' >"$root/etc/passwd"
printf 'root:x:0:\nlauter:x:10001:\n' >"$root/etc/group"
chmod 1777 "$root/tmp"
du -sh "$root" | sed 's/\t.*//; s/^/image root: /' >&2
