"""`lauter encoder pull` from a hub that behaves like Hugging Face's: one commit for all files, ranges,
files that are not there, and a connection that breaks in the middle of the weights."""

import hashlib
import http.server
import json
import re
import socket
import threading

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(encoder):
    """Serves the encoder as acme/tiny; hub.breaks: how often the weights break off half way."""
    log = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            match = re.fullmatch(r"/acme/tiny/resolve/([^/]+)/(.+)", self.path)
            path = encoder / match[2] if match else None
            log.append((match and match[1], match and match[2], self.headers["Range"]))
            if path is None or not path.is_file():
                return self.answer(404, b"Entry not found")
            data = path.read_bytes()
            tag = '"' + hashlib.sha256(data).hexdigest() + '"'
            start = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            start = int(start[1]) if start and self.headers["If-Range"] in (None, tag) else 0
            headers = {"ETag": tag, "X-Repo-Commit": COMMIT}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            if match[2] == "model.safetensors" and server.breaks:
                server.breaks -= 1
                self.answer(200, data, headers, send=len(data) // 2)
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return None
            return self.answer(206 if start else 200, data[start:], headers)

        def answer(self, status, body, headers=(), send=None):
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:send])

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.breaks, server.requests = 0, log
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_a_broken_download_goes_on_where_it_stopped(start, lauter, hub, encoder, contracts, tmp_path):
    store = start("lauter-store", "--data", tmp_path / "store")
    settings = {"LAUTER_HUB_URL": hub.url, "LAUTER_DATA": str(tmp_path / "data")}
    hub.breaks = 1
    broken = lauter("encoder", "pull", "acme/tiny", services=[store], environment=settings, check=False)
    assert broken.returncode == 75
    assert "model.safetensors" in broken.stderr and "goes on where it stopped" in broken.stderr

    pulled = lauter("encoder", "pull", "acme/tiny", "--json", services=[store], environment=settings)
    answer = json.loads(pulled.stdout)
    ranges = [range for _, name, range in hub.requests if name == "model.safetensors"]
    size = (encoder / "model.safetensors").stat().st_size
    assert ranges == [None, f"bytes={size // 2}-"]
    # After the first, every file is asked for at the commit the first one named.
    assert {revision for revision, _, _ in hub.requests} == {"main", COMMIT}

    stored = contracts.store_grpc.EncoderServiceStub(store.channel).GetEncoder(
        contracts.store.GetEncoderRequest(), timeout=10).encoder
    assert stored.source == f"hub:acme/tiny@{COMMIT}" and stored.is_default
    digests = {file.path: file.digest for file in stored.files}
    weights = hashlib.sha256((encoder / "model.safetensors").read_bytes()).hexdigest()
    assert digests["model.safetensors"] == f"sha256:{weights}"
    assert weights in json.dumps(answer)
    assert {"modules.json", "vocab.txt", "1_Pooling/config.json"} <= digests.keys()


def test_what_the_hub_does_not_have(start, lauter, hub, tmp_path):
    store = start("lauter-store", "--data", tmp_path / "store")
    settings = {"LAUTER_HUB_URL": hub.url, "LAUTER_DATA": str(tmp_path / "data")}
    absent = lauter("encoder", "pull", "acme/none", services=[store], environment=settings, check=False)
    assert absent.returncode == 1
    assert "the hub has no acme/none at revision main" in absent.stderr
    nonsense = lauter("encoder", "pull", "../x", services=[store], environment=settings, check=False)
    assert nonsense.returncode == 64
    assert "OWNER/REPO" in nonsense.stderr


def test_a_folder_that_is_no_encoder(start, lauter, tmp_path):
    store = start("lauter-store", "--data", tmp_path / "store")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    refused = lauter("encoder", "pull", "mine", "--from", folder, services=[store], check=False)
    assert refused.returncode == 65
    assert "modules.json, model.safetensors are missing" in refused.stderr
