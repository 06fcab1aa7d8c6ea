"""gRPC's interoperability tests in every pairing: ours with ours, and each of ours with stock grpcio, in
cleartext, TLS and mTLS. Needs LAUTER_TEST_BIN, a folder with rpc-interop-server and rpc-interop-client."""

import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import peer
from authority import Authority

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LAUTER_TEST_BIN", ROOT / ".build/release"))
TRANSPORTS = ["cleartext", "tls", "mtls"]


def flags(options):
    return [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture(scope="module")
def our_server(transport, authority):
    """The port of rpc-interop-server."""
    process = subprocess.Popen(
        [BIN / "rpc-interop-server", "--port", "0", "--log-level", "warning", *flags(authority.server(transport))],
        stdout=subprocess.PIPE, text=True)
    lines = queue.Queue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    ready = lines.get(timeout=60)
    match = re.fullmatch(r"rpc-interop-server listening on 127\.0\.0\.1:(\d+)\n", ready)
    assert match, f"not the ready line: {ready!r}"
    yield int(match[1])
    process.terminate()
    assert process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def stock_server(transport, authority):
    server, port = peer.start_server(**authority.server(transport))
    yield port
    server.stop(0)


def run_ours(port, transport, authority, cases):
    result = subprocess.run(
        [BIN / "rpc-interop-client", "--port", str(port), *flags(authority.client(transport)),
         *(word for case in cases for word in ("--case", case))],
        capture_output=True, text=True, timeout=300)
    assert result.stdout.splitlines() == [f"ok {case}" for case in cases], result.stdout + result.stderr
    assert result.returncode == 0


def test_ours_to_ours(transport, authority, our_server):
    run_ours(our_server, transport, authority, peer.CASES)


def test_ours_to_stock(transport, authority, stock_server):
    run_ours(stock_server, transport, authority, peer.CASES_OF_STOCK_SERVER)


@pytest.fixture(scope="module")
def stock_client(transport, authority, our_server):
    with peer.connect(our_server, **authority.client(transport)) as channel:
        yield peer.Cases(channel)


@pytest.mark.parametrize("case", peer.CASES)
def test_stock_to_ours(stock_client, case):
    getattr(stock_client, case)()


def test_lauter_call(transport, authority, our_server):
    def call(method, *arguments, **options):
        return subprocess.run(
            [BIN / "lauter", "call", f"grpc.testing.TestService/{method}", *arguments, "--address",
             f"127.0.0.1:{our_server}", *flags(authority.client(transport))],
            capture_output=True, text=True, timeout=300, **options)

    unary = call("UnaryCall", '{"responseSize": 3}')
    assert json.loads(unary.stdout) == {"payload": {"body": "AAAA"}}, unary.stderr
    requests = "".join('{"responseParameters": [{"size": %d}, {"size": 0}]}\n' % size for size in (3, 6))
    duplex = call("FullDuplexCall", input=requests)
    bodies = [json.loads(line)["payload"] for line in duplex.stdout.splitlines()]
    assert bodies == [{"body": "AAAA"}, {}, {"body": "AAAAAAAA"}, {}], duplex.stderr
    refused = call("UnaryCall", '{"responseStatus": {"code": 9, "message": "not now"}}')
    assert (refused.returncode, refused.stderr) == (1, "error: FAILED_PRECONDITION: not now\n")


def test_a_client_without_a_certificate_is_refused(authority, transport, our_server):
    if transport != "mtls":
        pytest.skip("only mTLS asks for one")
    result = subprocess.run(
        [BIN / "rpc-interop-client", "--port", str(our_server), *flags(authority.client("tls")), "--case", "empty_unary"],
        capture_output=True, text=True, timeout=300)
    assert result.returncode == 1
    assert result.stdout.startswith("FAILED empty_unary: UNAVAILABLE"), result.stdout
