#!/usr/bin/env python3
"""Measures Lauter's RPC beside gRPC C++, Python's grpcio, grpc-swift-2 and, as the bound, nghttpd.

    Tests/Benchmarks/rpc.py                    every cell: about 25 minutes on a quiet machine
    Tests/Benchmarks/rpc.py --calls 500 --peers cpp     a look
    Tests/Benchmarks/rpc.py --churn            a million calls that end in every way: memory stays flat

Installs and builds what it needs on first use, into .build-peers: Debian's gRPC 1.51 and nghttp2
tools (apt-get, as root), grpcio from PyPI, grpc-swift-2 and swift-protobuf as a Swift package of their
own. Every server echoes the same protobuf message and runs on core 0; the load, h2load or a client of
our own or a peer's, runs on core 1. CPU time per call is the server's user and system time over the
cell; it holds on a busy machine, calls per second and latencies do not. nghttpd serves a file of the
answer's size to GET: no upload, no trailers, no protobuf, so it bounds what HTTP/2 can give.

Cells that miss a target stand first. Everything measured is also written to --json FILE; what the file
holds of other cells stays in it, so that a long run can be made in parts, and is printed with them.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "Tests/Benchmarks/rpc"
PEERS = ROOT / ".build-peers"
APT = ["nghttp2-client", "nghttp2-server", "libgrpc++-dev", "libprotobuf-dev", "libprotoc-dev",
       "protobuf-compiler", "protobuf-compiler-grpc", "g++", "pkg-config", "openssl"]
PIP = ["grpcio==1.85.1", "grpcio-tools==1.85.1"]
POINTS = [(1, 1), (1, 10), (1, 100), (16, 1), (16, 10), (16, 100)]
SIZES = [100, 10240]
TOKEN = "Bearer benchmark-0123456789abcdef"  # as in rpc/lauter/Server.swift
PATH = "/lauter.bench.v1.Echo/Unary"
SERVER_CORE, LOAD_CORE = "0", "1"


class Server:
    """A server's process, on its core, and where it listens."""

    def __init__(self, command, port=None, scheme="http"):
        self.scheme = scheme
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *map(str, command)], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.port = port
        if port is None:
            line = self.process.stdout.readline()
            if not line.startswith("listening on "):
                raise RuntimeError(f"{command[0]} did not start: {line!r}")
            self.port = int(line.split()[-1])

    def cpu_seconds(self):
        """Of all its threads, those that have ended included, to the nanosecond."""
        return time.clock_gettime(~self.process.pid << 3 | 2)  # as clock_getcpuclockid(3) makes it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lauter", type=pathlib.Path, default=ROOT / ".build/release/rpc-bench")
    parser.add_argument("--peers", nargs="*", default=["nghttpd", "cpp", "grpcio", "grpc-swift"],
                        choices=["nghttpd", "cpp", "grpcio", "grpc-swift"])
    parser.add_argument("--calls", type=int, default=40_000, help="in a cell; fewer where slow")
    parser.add_argument("--rounds", type=int, default=3, help="turns; each figure is the median")
    parser.add_argument("--points", nargs="*", help="such as 1x1 16x100; all by default")
    parser.add_argument("--sizes", nargs="*", type=int, choices=SIZES, default=SIZES)
    parser.add_argument("--only", choices=["servers", "clients", "coding"])
    parser.add_argument("--churn", action="store_true", help="the leak run instead")
    parser.add_argument("--churn-calls", type=int, default=1_000_000)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    if not arguments.lauter.exists():
        sys.exit(f"{arguments.lauter} is missing: swift build -c release --product rpc-bench")
    if arguments.churn:
        return churn(arguments)
    peers = prepare(arguments.peers)
    print_conditions(arguments)
    results = {"cells": {}, "clients": {}, "coding": {}}
    if arguments.json and arguments.json.exists():
        results = json.loads(arguments.json.read_text())
    if arguments.only in (None, "servers"):
        measure_servers(arguments, peers, results["cells"])
    if arguments.only in (None, "clients"):
        measure_clients(arguments, peers, results["clients"])
    if arguments.only in (None, "coding"):
        measure_coding(arguments, peers, results["coding"])
    print(f"\nload average at the end {os.getloadavg()[0]:.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


# --- What is measured


def prepare(names):
    """Makes the peers; returns name to the command of its executable."""
    PEERS.mkdir(parents=True, exist_ok=True)
    wanted = ["h2load", "nghttpd", "protoc", "grpc_cpp_plugin", "g++"]
    if any(shutil.which(tool) is None for tool in wanted):
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT])
    peers = {"nghttpd": ["nghttpd"]}
    if "cpp" in names:
        peers["cpp"] = [prepare_cpp()]
    if "grpcio" in names:
        peers["grpcio"] = prepare_grpcio()
    if "grpc-swift" in names:
        peers["grpc-swift"], peers["swift-protobuf"] = prepare_swift()
    return peers


def prepare_cpp():
    folder = PEERS / "cpp"
    binary, source = folder / "echo", HERE / "peers/cpp/echo.cc"
    if not is_newer(binary, source, HERE / "protos/bench.proto"):
        folder.mkdir(exist_ok=True)
        run(["protoc", f"-I{HERE}/protos", f"--cpp_out={folder}", f"--grpc_out={folder}",
             f"--plugin=protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}", "bench.proto"])
        libraries = subprocess.check_output(["pkg-config", "--libs", "grpc++", "protobuf"], text=True)
        run(["g++", "-O2", f"-I{folder}", source, folder / "bench.pb.cc",
             folder / "bench.grpc.pb.cc", "-o", binary, *libraries.split()])
    return binary


def prepare_grpcio():
    folder = PEERS / "python"
    python = folder / "venv/bin/python"
    if not python.exists():
        run([sys.executable, "-m", "venv", folder / "venv"])
        run([python, "-m", "pip", "-q", "--disable-pip-version-check", "install", *PIP])
    if not is_newer(folder / "bench_pb2.py", HERE / "protos/bench.proto"):
        run([python, "-m", "grpc_tools.protoc", f"-I{HERE}/protos", f"--python_out={folder}",
             f"--grpc_python_out={folder}", "bench.proto"])
    return ["env", f"PYTHONPATH={folder}", python, HERE / "peers/python/echo.py"]


def prepare_swift():
    package, scratch = HERE / "peers/swift", PEERS / "swift"
    release = scratch / "release"
    build = ["swift", "build", "-c", "release", "--package-path", package, "--scratch-path", scratch]
    generated = package / "Sources/Messages"
    if not is_newer(generated / "bench.grpc.swift", HERE / "protos/bench.proto"):
        # The target must not be empty while its generators are built.
        generated.mkdir(parents=True, exist_ok=True)
        (generated / "bench.pb.swift").touch()
        for plugin in ["protoc-gen-swift", "protoc-gen-grpc-swift-2"]:
            run([*build, "--product", plugin])
        run(["protoc", f"-I{HERE}/protos", f"--plugin={release}/protoc-gen-swift",
             f"--plugin={release}/protoc-gen-grpc-swift-2", f"--swift_out={generated}",
             "--swift_opt=Visibility=Public", f"--grpc-swift-2_out={generated}",
             "--grpc-swift-2_opt=Visibility=Public", "bench.proto"])
    for product in ["grpc-swift-echo", "swift-protobuf-coding"]:
        run([*build, "--product", product])
    return [release / "grpc-swift-echo"], [release / "swift-protobuf-coding"]


def is_newer(file, *sources):
    return file.exists() and all(file.stat().st_mtime > s.stat().st_mtime for s in sources)


def run(command):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


def print_conditions(arguments):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "unknown processor")
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                            capture_output=True, text=True).stdout.strip()
    versions = []
    for package in ["libgrpc++1.51", "nghttp2-server", "libprotobuf-c1"]:
        shown = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${Version}", package],
                               capture_output=True, text=True).stdout
        versions.append(shown or f"{package} ?")
    print(f"{platform.platform()}; {model}; {os.cpu_count()} cores; load average "
          f"{os.getloadavg()[0]:.1f}; commit {commit}\n{', '.join(versions + PIP[:1])}, "
          f"grpc-swift-2 2.4.3; {arguments.calls} calls a cell, median of {arguments.rounds}")
    if os.getloadavg()[0] > 0.5:
        print("The machine is busy: trust CPU time per call, and not the rest.")


# --- Servers under h2load


def measure_servers(arguments, peers, cells):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        certificate = make_certificate(folder)
        for size in SIZES:
            (folder / f"file{size}").write_bytes(b"x" * size)
            payload = protobuf_bytes(size)
            (folder / f"request{size}").write_bytes(
                b"\0" + len(payload).to_bytes(4, "big") + payload)
        measured = {}
        servers = dict(start_servers(arguments, peers, folder, certificate))
        try:
            for size in arguments.sizes:
                for point in chosen_points(arguments):
                    for _ in range(arguments.rounds):
                        for name, server in servers.items():
                            cell = h2load(name, server, size, point, folder, arguments)
                            if cell:
                                measured.setdefault((size, point), {}).setdefault(name, []).append(cell)
                    print(f"  {size} B {point[0]}x{point[1]} done", file=sys.stderr)
        finally:
            for server in servers.values():
                server.__exit__()
    medians = {
        key: {name: {field: statistics.median(c[field] for c in runs) for field in runs[0]}
              for name, runs in names.items()}
        for key, names in measured.items()}
    for (size, (connections, streams)), names in medians.items():
        cells.setdefault(f"{size} B {connections}x{streams}", {}).update(names)
    print_lost(cells)
    print_cells(cells)


def start_servers(arguments, peers, folder, certificate):
    lauter = arguments.lauter
    yield "lauter", Server([lauter, "serve"])
    yield "lauter full", Server([lauter, "serve", "full"])
    yield "lauter async", Server([lauter, "serve", "asynchronous"])
    yield "lauter full async", Server([lauter, "serve", "asynchronous", "full"])
    yield "lauter full tls", Server([lauter, "serve", "full", *certificate], scheme="https")
    if "nghttpd" in arguments.peers:
        port = free_port()
        yield "nghttpd", Server(["nghttpd", "--no-tls", "-d", folder, port], port)
        port = free_port()
        yield "nghttpd tls", Server(
            ["nghttpd", "-d", folder, port, certificate[1], certificate[0]], port, "https")
        time.sleep(1)  # it does not say when it listens
    if "cpp" in arguments.peers:
        yield "cpp", Server([*peers["cpp"], "serve"])
    if "grpcio" in arguments.peers:
        yield "grpcio", Server([*peers["grpcio"], "serve"])
    if "grpc-swift" in arguments.peers:
        yield "grpc-swift", Server(peers["grpc-swift"])


def h2load(name, server, size, point, folder, arguments):
    connections, streams = point
    slow = {"grpcio": 10, "grpc-swift": 10}.get(name, 1) * (4 if point == (1, 1) else 1)
    calls = max(connections * streams * 2, arguments.calls // slow // (2 if size > 1000 else 1))
    log = folder / "log"
    log.unlink(missing_ok=True)
    command = ["taskset", "-c", LOAD_CORE, "h2load", "-t1", f"-n{calls}", f"-c{connections}",
               f"-m{streams}", f"--log-file={log}"]
    if name.startswith("nghttpd"):
        command.append(f"{server.scheme}://127.0.0.1:{server.port}/file{size}")
    else:
        command += ["-d", folder / f"request{size}", "-H", "content-type: application/grpc",
                    "-H", "te: trailers", "-H", f"authorization: {TOKEN}",
                    f"{server.scheme}://127.0.0.1:{server.port}{PATH}"]
    before, start = server.cpu_seconds(), time.monotonic()
    try:
        output = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                                timeout=300).stdout
    except subprocess.TimeoutExpired:
        print(f"{name} {size} B {connections}x{streams}: not done in 300 s", file=sys.stderr)
        return None
    seconds = time.monotonic() - start
    cpu = server.cpu_seconds() - before
    times = sorted(int(line.split("\t")[2]) for line in log.open())
    failed = sum(line.split("\t")[1] != "200" for line in log.open())
    if failed or len(times) != calls:
        print(f"{name} {size} B {connections}x{streams}: {failed} of {calls} failed\n{output}",
              file=sys.stderr)
        return None
    # The calls' own span; starting h2load is not counted.
    first, last = (int(f(line.split("\t")[0] for line in log.open())) for f in (min, max))
    seconds = min(seconds, (last - first + times[-1]) / 1e6) or seconds
    return {"rps": calls / seconds, "cpu": cpu / calls * 1e6, "p50": times[len(times) // 2],
            "p99": times[len(times) * 99 // 100]}


def print_lost(cells):
    lost = []

    def check(point, what, holds):
        if not holds:
            lost.append(f"{point}: {what}")

    for point, c in cells.items():
        full, bound = c.get("lauter full"), c.get("nghttpd")
        if not full:
            continue
        if "cpp" in c:
            ratio = full["cpu"] / c["cpp"]["cpu"]
            check(point, f"full stack's CPU a call is {ratio:.2f} of C++'s, not 0.50", ratio <= 0.5)
        if "grpc-swift" in c:
            ratio = full["cpu"] / c["grpc-swift"]["cpu"]
            check(point, f"full stack's CPU a call is {ratio:.2f} of grpc-swift-2's, not 0.10",
                  ratio <= 0.1)
        if bound:
            ratio, target = full["rps"] / bound["rps"], 0.8 if point.startswith("100 ") else 0.55
            check(point, f"{ratio:.0%} of nghttpd's calls per second, not {target:.0%}",
                  ratio >= target)
            if point.endswith(" 1x1"):
                more = full["p50"] - bound["p50"]
                check(point, f"p50 is {more:.0f} us above nghttpd's, not 20", more <= 20)
        if "lauter full tls" in c:
            ratio = c["lauter full tls"]["cpu"] / full["cpu"]
            check(point, f"TLS costs {ratio - 1:.0%} CPU, not 30%", ratio <= 1.3)
    print(f"\nTargets missed: {len(lost)}")
    for line in lost:
        print(f"  {line}")


def print_cells(cells):
    print("\nServers: calls/s, CPU us a call, p50 and p99 in us; then full stack's CPU over the peer's")
    for point, c in cells.items():
        print(f"\n  {point}")
        for name, cell in c.items():
            ratio = ""
            if "lauter full" in c and not name.startswith("lauter") and cell["cpu"]:
                ratio = f"   {c['lauter full']['cpu'] / cell['cpu']:.2f}"
            print(f"    {name:18} {cell['rps']:9.0f} {cell['cpu']:8.2f} {cell['p50']:8.0f} "
                  f"{cell['p99']:8.0f}{ratio}")


# --- Clients


def measure_clients(arguments, peers, results):
    """Each client against our server, which is the fastest to stand behind."""
    clients = {"lauter": [arguments.lauter]}
    clients.update({name: peers[name] for name in ["cpp", "grpcio"] if name in arguments.peers})
    print("\nClients against our server: calls/s, client's CPU us a call, p50 and p99 in us")
    with Server([arguments.lauter, "serve"]) as server:
        for kind in ["unary", "stream"]:
            for size in arguments.sizes:
                for connections, streams in [(1, 1), (1, 10), (1, 100)]:
                    point = f"{kind} {size} B {connections}x{streams}"
                    print(f"\n  {point}")
                    for name, command in clients.items():
                        calls = arguments.calls // (10 if name == "grpcio" else 2)
                        runs = [json.loads(subprocess.check_output(list(map(str, [
                            "taskset", "-c", LOAD_CORE, *command, "load",
                            f"127.0.0.1:{server.port}", kind, size, connections, streams, calls,
                        ])), text=True)) for _ in range(arguments.rounds)]
                        failed = sum(r["failed"] for r in runs)
                        cell = {
                            "rps": statistics.median(r["calls"] / r["seconds"] for r in runs),
                            "cpu": statistics.median(r["cpu"] / r["calls"] * 1e6 for r in runs),
                            "p50": statistics.median(r["p50"] for r in runs),
                            "p99": statistics.median(r["p99"] for r in runs)}
                        results.setdefault(point, {})[name] = cell
                        print(f"    {name:18} {cell['rps']:9.0f} {cell['cpu']:8.2f} "
                              f"{cell['p50']:8.0f} {cell['p99']:8.0f}"
                              + (f"   {failed} FAILED" if failed else ""))


# --- Coding


def measure_coding(arguments, peers, results):
    commands = {"lauter": [arguments.lauter, "coding"]}
    if "swift-protobuf" in peers:
        commands["swift-protobuf"] = peers["swift-protobuf"]
    # In turns: the processor's speed changes from one second to the next.
    runs = {name: [] for name in commands}
    for _ in range(4 * arguments.rounds):
        for name, command in commands.items():
            runs[name].append(json.loads(subprocess.check_output(
                ["taskset", "-c", LOAD_CORE, *map(str, command)], text=True)))
    for name, figures in runs.items():
        results[name] = {what: {op: min(r[what][op] for r in figures) for op in figures[0][what]}
                         for what in figures[0]}
    print("\nDecoding and encoding, CPU ns: 32 strings of 200 B, 384 floats")
    both = {name: {what: ops["decode"] + ops["encode"] for what, ops in figures.items()}
            for name, figures in results.items()}
    for name, figures in results.items():
        for what, ops in figures.items():
            view = f" look {ops['look']:7.0f}" if "look" in ops else ""
            ratio = ""
            if name != "lauter":
                ratio = f"   {both[name][what] / both['lauter'][what]:.2f} times ours"
            print(f"    {name:18} {what:8} decode {ops['decode']:7.0f} encode {ops['encode']:7.0f} "
                  f"both {both[name][what]:7.0f}{ratio}{view}")
    if "swift-protobuf" in results:
        ours, theirs = (sum(both[name].values()) for name in ("lauter", "swift-protobuf"))
        print(f"    together {theirs / ours:.2f} times ours (target 2)")


# --- The leak run


def churn(arguments):
    process = subprocess.Popen(
        [arguments.lauter, "churn", str(arguments.churn_calls)], stdout=subprocess.PIPE, text=True)
    points = []
    for line in process.stdout:
        points.append(json.loads(line))
        print(f"{points[-1]['calls']:9} calls: {points[-1]['rss_kb'] / 1024:7.1f} MB", flush=True)
    if process.wait() != 0 or len(points) < 4:
        sys.exit("the leak run did not get to its end")
    # What a process needs is there after a quarter; from then on it should not grow.
    settled, last = points[len(points) // 4], points[-1]
    growth = last["rss_kb"] - settled["rss_kb"]
    print(f"grew by {growth / 1024:.1f} MB over the last {last['calls'] - settled['calls']} calls, "
          f"{growth * 1024 / max(1, last['calls'] - settled['calls']):.2f} bytes a call")
    if growth > max(8 * 1024, settled["rss_kb"] // 5):
        sys.exit("that is a leak")


# --- Helpers


def chosen_points(arguments):
    if not arguments.points:
        return POINTS
    return [tuple(int(n) for n in point.split("x")) for point in arguments.points]


def protobuf_bytes(size):
    """`Payload` with `size` bytes of data."""
    length, prefix = size, b"\x0a"
    while length >= 0x80:
        prefix += bytes([length & 0x7f | 0x80])
        length >>= 7
    return prefix + bytes([length]) + b"x" * size


def make_certificate(folder):
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
    return folder / "cert.pem", folder / "key.pem"


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
