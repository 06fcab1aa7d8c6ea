#!/usr/bin/env bash
# Builds the image from the release build, brings the composition up with three inference replicas, runs
# the loop against it with the command line from outside, and takes it down. Needs root, buildah and
# podman; installs them where it can, and says so and stops where it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  echo "compose smoke test: NOT RUN: $1" >&2
  exit 0
}
[ "$(uname)" = Linux ] || skip "needs Linux"
[ "$(id -u)" -eq 0 ] || skip "needs root"
packages=(podman buildah runc netavark aardvark-dns catatonit nftables iptables)
if ! command -v podman >/dev/null || ! command -v buildah >/dev/null; then
  command -v apt-get >/dev/null || skip "podman and buildah are not installed, and there is no apt-get"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq \
    --no-install-recommends "${packages[@]}" >/dev/null || skip "podman cannot be installed"
fi

cache=$(mkdir -p "${LAUTER_TEST_CACHE:-.build-tests}" && cd "${LAUTER_TEST_CACHE:-.build-tests}" && pwd)
[ -x "$cache/compose/bin/podman-compose" ] || {
  python3 -m venv "$cache/compose"
  "$cache/compose/bin/pip" -q --disable-pip-version-check install podman-compose==1.6.0
}

# Works without CAP_SYS_RESOURCE, without systemd, and with cgroups v1 and v2 side by side.
work=$(mktemp -d)
export CONTAINERS_CONF=$work/containers.conf
cat >"$CONTAINERS_CONF" <<EOF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)","nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
EOF

project=lauter-smoke-$$
clean() {
  local containers
  # A container that others depend on is not removed in the same call as they are: then once more.
  for _ in 1 2 3; do
    containers=$(podman ps -aq --filter "label=io.podman.compose.project=$project")
    [ -n "$containers" ] || break
    podman rm -f -t 1 $containers >"$work/rm.log" 2>&1 || true
  done
  [ -z "$(podman ps -aq --filter "label=io.podman.compose.project=$project")" ] || {
    cat "$work/rm.log" >&2
    echo "warning: containers of $project are still there; podman ps -a shows them" >&2
  }
  podman pod rm -f "pod_$project" >/dev/null 2>&1 || true
  podman network rm -f "${project}_default" >/dev/null 2>&1 || true
  podman volume rm -f "${project}_store-data" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT

scripts/build.sh
scripts/image-root.sh .build-image
export LAUTER_IMAGE_ROOT=prebuilt
buildah bud -q --build-arg ROOT=prebuilt -f Services/Dockerfile -t localhost/lauter:latest . >/dev/null
podman images --format '{{.Repository}}:{{.Tag}} {{.Size}}' localhost/lauter:latest

# Every host port is the system's choice: nothing else on this machine is in the way.
export LAUTER_STORE_PORT= LAUTER_LABELLER_PORT= LAUTER_TRAINER_PORT= LAUTER_INFERENCE_PORT=
timeout 120 "$cache/compose/bin/podman-compose" -p "$project" up -d --no-build --scale inference=3 \
  >"$work/up.log" 2>&1 </dev/null || {
  cat "$work/up.log" >&2
  for name in $(podman ps -aq --filter "label=io.podman.compose.project=$project"); do
    podman logs "$name" 2>&1 | tail -3 >&2
  done
  exit 1
}

container() { # container SERVICE [INDEX]
  podman ps -q --filter "label=io.podman.compose.project=$project" \
    --filter "label=com.docker.compose.service=$1" | sed -n "${2:-1}p"
}
address() { podman port "$(container "$1" "${2:-1}")" | sed -n 's/.*-> //p' | head -1; }
replicas=$(podman ps -q --filter "label=io.podman.compose.project=$project" \
  --filter "label=com.docker.compose.service=inference" | wc -l)
[ "$replicas" -eq 3 ] || { echo "error: $replicas inference replicas, not 3" >&2; exit 1; }

export PATH=$PWD/.build/release:$PATH
LAUTER_STORE=$(address store) LAUTER_LABELLER=$(address labeller)
LAUTER_TRAINER=$(address trainer) LAUTER_INFERENCE=$(address inference)
export LAUTER_STORE LAUTER_LABELLER LAUTER_TRAINER LAUTER_INFERENCE
for _ in $(seq 60); do
  lauter health >/dev/null 2>&1 && break
  read -r -t 0.5 <> <(:) || true
done
lauter health

lauter encoder pull all-MiniLM-L6-v2 --from "$cache/encoders/all-MiniLM-L6-v2"
lauter dataset create reviews --labels 'positive,neutral,negative'
lauter import reviews scripts/example/pool.jsonl
lauter import reviews scripts/example/test.jsonl --split test --label-field label --user gold
lauter label reviews
lauter review reviews --user smoke --from scripts/example/review.jsonl
lauter train reviews
for replica in 1 2 3; do
  lauter predict --json --model reviews --inference "$(address inference $replica)" \
    'Runs cool and quiet, I love it.'
done

# The store's container is killed and comes back with everything it had acknowledged.
before=$(lauter dataset show reviews --json)
kill -9 "$(podman inspect "$(container store)" --format '{{.State.Pid}}')"
for _ in $(seq 60); do
  LAUTER_STORE=$(address store 2>/dev/null || true)
  [ -n "$LAUTER_STORE" ] && lauter health store >/dev/null 2>&1 && break
  read -r -t 0.5 <> <(:) || true
done
[ "$(lauter dataset show reviews --json)" = "$before" ] ||
  { echo "error: the store lost something when it was killed" >&2; exit 1; }
podman healthcheck run "$(container store)"
echo "compose smoke test: passed"
