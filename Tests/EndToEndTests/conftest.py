"""Real processes, stock peers: starts Lauter's executables and speaks to them through stubs that
grpcio-tools makes from Protos. Needs LAUTER_TEST_BIN (a folder of built executables) and
LAUTER_TEST_ENCODERS (a folder with all-MiniLM-L6-v2); scripts/test.sh sets both."""

import hashlib
import importlib
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading

import grpc
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LAUTER_TEST_BIN", ROOT / ".build/release"))
ENCODER = pathlib.Path(os.environ.get("LAUTER_TEST_ENCODERS", ROOT / ".build-tests/encoders")) / "all-MiniLM-L6-v2"
SHARED = pathlib.Path(os.environ["LAUTER_TEST_SHARED"]) if os.environ.get("LAUTER_TEST_SHARED") else None
START_SECONDS = 60


class Service:
    """One executable on a port the system chose, ready when it says so."""

    def __init__(self, name, *arguments, environment=None, port=0):
        self.name, self.arguments, self.environment = name, arguments, environment or {}
        self.start(port)

    def start(self, port=0):
        settings = {k: v for k, v in os.environ.items() if not k.startswith("LAUTER_")}
        self.process = subprocess.Popen(
            [BIN / self.name, "--port", str(port), *map(str, self.arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**settings, **self.environment})
        self.log = []
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stderr, self.log.append), daemon=True).start()
        threading.Thread(target=self._read, args=(self.process.stdout, lines.put), daemon=True).start()
        try:
            ready = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            raise AssertionError(f"{self.name} did not become ready:\n" + "".join(self.log[-20:])) from None
        match = re.fullmatch(rf"{self.name} listening on (\S+:\d+)\n", ready)
        assert match, f"not the ready line: {ready!r}"
        self.address = match[1]
        self.channel = grpc.insecure_channel(self.address)

    @staticmethod
    def _read(stream, put):
        for line in stream:
            put(line)

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def kill(self):
        """kill -9, and the channel with it."""
        self.channel.close()
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit status."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def end(self):
        if self.process.poll() is None:
            self.kill()


@pytest.fixture(scope="session")
def contracts(tmp_path_factory):
    """The generated modules: contracts.store, contracts.store_grpc, ..."""
    out = tmp_path_factory.mktemp("stubs")
    protos = sorted(str(p.relative_to(ROOT / "Protos")) for p in (ROOT / "Protos").rglob("*.proto"))
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", "-I", ROOT / "Protos",
         f"--python_out={out}", f"--grpc_python_out={out}", *protos], check=True)
    sys.path.insert(0, str(out))

    class Contracts:
        pass

    for name in ("store", "labeller", "trainer", "inference"):
        base = f"lauter.{name}.v1.{name}"
        setattr(Contracts, name, importlib.import_module(f"{base}_pb2"))
        setattr(Contracts, f"{name}_grpc", importlib.import_module(f"{base}_pb2_grpc"))
    return Contracts


@pytest.fixture
def start(request):
    """start("lauter-store", ...) -> Service; ended with the test, its log shown if the test fails."""
    services = []

    def start(name, *arguments, **options):
        services.append(Service(name, *arguments, **options))
        return services[-1]

    yield start
    for service in reversed(services):
        service.end()
        print(f"--- {service.name}\n" + "".join(service.log[-15:]))


@pytest.fixture
def encoder():
    if not (ENCODER / "model.safetensors").exists():
        pytest.skip(f"no encoder in {ENCODER}; scripts/install.sh --tests fetches it")
    return ENCODER


@pytest.fixture
def lauter(tmp_path):
    """lauter("import", ...) runs the command line and returns the finished process."""

    def run(*arguments, services=(), input=None, check=True, environment=None):
        settings = {k: v for k, v in os.environ.items() if not k.startswith("LAUTER_")}
        for service in services:
            settings["LAUTER_" + service.name.removeprefix("lauter-").upper()] = service.address
        result = subprocess.run(
            [BIN / "lauter", *map(str, arguments)], input=input, capture_output=True, text=True,
            cwd=tmp_path, env={**settings, **(environment or {})}, timeout=600)
        if check:
            assert result.returncode == 0, result.stderr + result.stdout
        return result

    return run


def upload(contracts, channel, folder):
    """Uploads a folder's files as artefacts, as any client in any language would."""
    stub = contracts.store_grpc.ArtefactServiceStub(channel)
    files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()

        def chunks():
            yield contracts.store.UploadArtefactRequest(digest=digest)
            for start in range(0, len(data), 1 << 20):
                yield contracts.store.UploadArtefactRequest(chunk=data[start:start + (1 << 20)])

        answer = stub.UploadArtefact(chunks(), timeout=120)
        assert (answer.digest, answer.size_bytes) == (digest, len(data))
        files.append(contracts.store.File(
            path=str(path.relative_to(folder)), digest=digest, size_bytes=len(data)))
    return files
