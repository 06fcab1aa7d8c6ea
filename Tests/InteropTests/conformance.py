"""Our server behind proxies, under grpcurl and under h2spec; run by scripts/conformance.sh.

  conformance.py --bin FOLDER [--h2spec PROGRAM] [--only nginx,nghttpx,envoy,haproxy,grpcurl,h2spec]

Prints a table, and ends with 1 if something failed that should not: an interoperability case through a
proxy, a call of grpcurl, an h2spec test that stock nghttpd passes.
"""

import argparse
import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import peer

BIN_OF_PYTHON = pathlib.Path(sys.executable).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, port, log):
    """The program, once it listens."""
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{command[0]} does not listen:\n{pathlib.Path(log).read_text()[-2000:]}")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


# --- Proxies: a command that listens on `port` and passes gRPC on to `server`, both in cleartext.


def nginx(folder, port, server):
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log stderr; worker_processes 1; events {{}}
http {{ access_log off; client_max_body_size 0; grpc_read_timeout 120s; grpc_send_timeout 120s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} http2; location / {{ grpc_pass grpc://127.0.0.1:{server}; }} }} }}
""")
    return ["nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]


def nghttpx(folder, port, server):
    (folder / "nghttpx.conf").touch()
    return ["nghttpx", f"--conf={folder}/nghttpx.conf", f"--frontend=127.0.0.1,{port};no-tls",
            f"--backend=127.0.0.1,{server};;proto=h2", "--workers=1", f"--pid-file={folder}/nghttpx.pid"]


def envoy(folder, port, server):
    def address(number):
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in", "codec_type": "HTTP2", "stream_idle_timeout": "0s",
        "http_filters": [{"name": "router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "server", "timeout": "0s"}}]}]},
    }
    cluster = {
        "name": "server", "type": "STATIC", "connect_timeout": "5s",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}}}},
        "load_assignment": {"cluster_name": "server", "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": address(server)}}]}]},
    }
    listener = {"address": address(port), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}
    (folder / "envoy.json").write_text(
        json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}}))
    import envoy as package
    program = next(pathlib.Path(package.__file__).parent.rglob("_bin/envoy"))
    return [program, "-c", folder / "envoy.json", "--concurrency", "1", "--base-id", str(free_port()),
            "--log-level", "error"]


def haproxy(folder, port, server):
    (folder / "haproxy.cfg").write_text(f"""
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 120s
listen grpc
  bind 127.0.0.1:{port} proto h2
  server ours 127.0.0.1:{server} proto h2
""")
    return ["haproxy", "-f", folder / "haproxy.cfg"]


# haproxy 2.6 tells a peer that it may send more when it has moved DATA into a stream's one buffer, and reads
# nothing more from the connection while that buffer is full. With both directions of a call backed up, the
# WINDOW_UPDATEs that would let answers go on lie unread behind DATA, and both sides wait for ever: seen in the
# frames (a PING behind them is not answered either), with our server and its window at 0 as it should be. A
# server that buffers megabytes of requests ahead, as grpcio's does, moves the point where that happens.
# Where a server ends a stream before the client has, it also passes the server's RST_STREAM(NO_ERROR) on as
# CANCEL, right behind the trailers, and grpcio may report that instead of the status, whichever server it is.
KNOWN = {"haproxy": ("FAILED slow_reader", "Received RST_STREAM with error code 8")}

PROXIES = {"none": None, "nginx": nginx, "nghttpx": nghttpx, "envoy": envoy, "haproxy": haproxy}


def run_cases(options, port, name):
    """The rows of the table: client, passed, failures."""
    clients = {
        "rpc-interop-client": [options.bin / "rpc-interop-client"],
        "grpcio": [sys.executable, peer.__file__, "client"],
    }
    for client, command in clients.items():
        # A case that hangs ends with its deadline, not with the program.
        extra = ["--case", "slow_reader"] if client == "grpcio" else []
        cases = [word for case in peer.CASES for word in ("--case", case)]
        result = subprocess.run(
            [*command, "--port", str(port), "--timeout", "60", *cases, *extra], capture_output=True, text=True)
        lines = result.stdout.splitlines()
        failed = [line for line in lines if not line.startswith("ok ")]
        known = [line for line in failed if any(each in line for each in KNOWN.get(name, ()))]
        total = len(peer.CASES) + len(extra) // 2
        if len(lines) != total:
            failed.append(f"{len(lines)} of {total} cases ran: {result.stderr[-300:]}")
        row(name, client, f"{total - len(failed)}/{total}" + (f", {len(known)} known" if known else ""), *failed)
        yield len(failed) == len(known)


def row(what, who, outcome, *details):
    print(f"| {what} | {who} | {outcome} |", flush=True)
    for detail in details:
        print(f"    {detail}", flush=True)


def grpcurl(port):
    """Lists, describes and calls through reflection."""
    program = BIN_OF_PYTHON / "grpcurl"
    method = "grpc.testing.TestService/UnaryCall"
    address = f"127.0.0.1:{port}"
    runs = {
        "list": ([address, "list"], "grpc.testing.TestService"),
        "describe": ([address, "describe", "grpc.testing.TestService"], "rpc FullDuplexCall"),
        "unary": (["-d", '{"responseSize": 3}', address, method], '"body": "AAAA"'),
        "bidi": (["-d", '{"responseParameters": [{"size": 3}]} {"responseParameters": [{"size": 6}]}', address,
                  "grpc.testing.TestService/FullDuplexCall"], '"AAAAAAAA"'),
        "health": ([address, "grpc.health.v1.Health/Check"], "SERVING"),
    }
    for name, (arguments, expected) in runs.items():
        result = subprocess.run([program, "-plaintext", *arguments], capture_output=True, text=True, timeout=120)
        passed = result.returncode == 0 and expected in result.stdout
        row("grpcurl", name, "ok" if passed else "FAILED", *([] if passed else [result.stderr + result.stdout]))
        yield passed


def h2spec(program, folder, port):
    """No failure that stock nghttpd does not have."""
    def failures(port, path, report):
        command = [program, "-h", "127.0.0.1", "-p", str(port), "--path", path, "-o", "2", "-j", report]
        output = subprocess.run(command, capture_output=True, text=True, timeout=900).stdout
        summary = re.search(r"\d+ tests, \d+ passed, \d+ skipped, \d+ failed", output)
        found = set()
        import xml.etree.ElementTree as xml
        for suite in xml.parse(report).iter("testsuite"):
            for case in suite.iter("testcase"):
                if case.find("failure") is not None or case.find("error") is not None:
                    found.add(f"{case.get('package')}: {case.get('classname')}")
        return summary[0] if summary else output[-500:], found

    theirs = free_port()
    (folder / "index.html").write_text("hello\n" * 1000)
    with running(["nghttpd", "--no-tls", "-d", folder, str(theirs)], theirs, folder / "nghttpd.log"):
        summary, stock = failures(theirs, "/index.html", folder / "nghttpd.xml")
    row("h2spec", "nghttpd", summary, *sorted(stock))
    summary, ours = failures(port, "/grpc.testing.TestService/EmptyCall", folder / "ours.xml")
    row("h2spec", "ours", summary, *sorted(ours))
    yield ours <= stock


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--h2spec", type=pathlib.Path)
    parser.add_argument("--only", type=lambda text: set(text.split(",")))
    options = parser.parse_args()

    def wanted(name):
        return options.only is None or name in options.only

    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = free_port()
        with running([options.bin / "rpc-interop-server", "--port", str(server), "--log-level", "warning"],
                     server, folder / "server.log"):
            print("| what | client | outcome |\n| --- | --- | --- |")
            for name, command in PROXIES.items():
                if not wanted(name):
                    continue
                if command is None:
                    good &= all([*run_cases(options, server, "no proxy")])
                    continue
                port = free_port()
                inner = folder / name
                inner.mkdir()
                with running(command(inner, port, server), port, folder / f"{name}.log"):
                    good &= all([*run_cases(options, port, name)])
            if wanted("grpcurl"):
                good &= all([*grpcurl(server)])
            if wanted("h2spec"):
                if options.h2spec:
                    good &= all([*h2spec(options.h2spec, folder, server)])
                else:
                    row("h2spec", "-", "left out: no program")
        log = (folder / "server.log").read_text().splitlines()
        if len(log) > 1:
            print("the server's log ends with:\n" + "\n".join(log[-10:]))
    sys.exit(not good)


if __name__ == "__main__":
    main()
