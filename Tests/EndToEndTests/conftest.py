"""Real processes, stock peers: starts Lauter's executables and speaks to them through stubs that
grpcio-tools makes from Protos. Needs LAUTER_TEST_BIN (a folder of built executables) and
LAUTER_TEST_ENCODERS (a folder with all-MiniLM-L6-v2); scripts/test.sh sets both."""

import collections
import contextlib
import functools
import hashlib
import importlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import grpc
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LAUTER_TEST_BIN", ROOT / ".build/release"))
ENCODER = pathlib.Path(os.environ.get("LAUTER_TEST_ENCODERS", ROOT / ".build-tests/encoders")) / "all-MiniLM-L6-v2"
SHARED = pathlib.Path(os.environ["LAUTER_TEST_SHARED"]) if os.environ.get("LAUTER_TEST_SHARED") else None
START_SECONDS = 60

# A suite that is stopped takes its services with it, as on Ctrl-C.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def wait_for(condition, what, seconds=60):
    """Polls until the condition gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.02)
    return found


def foreign_environment():
    """This process's, without settings of Lauter."""
    return {k: v for k, v in os.environ.items() if not k.startswith("LAUTER_")}


class Service:
    """One executable on a port the system chose, ready when it says so."""

    def __init__(self, name, *arguments, environment=None, port=0):
        self.name, self.arguments, self.environment = name, arguments, environment or {}
        self.start(port)

    @property
    def program(self):
        return [BIN / self.name]

    def start(self, port=0):
        self.process = subprocess.Popen(
            [*self.program, "--port", str(port), *map(str, self.arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**foreign_environment(), **self.environment})
        self.lines = []
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stderr, self.lines.append), daemon=True).start()
        threading.Thread(target=self._read, args=(self.process.stdout, lines.put), daemon=True).start()
        try:
            ready = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            raise AssertionError(f"{self.name} did not become ready:\n" + "".join(self.lines[-20:])) from None
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


class ReplayLLM(Service):
    """An OpenAI-compatible server that replays; see replay_llm.py for its options."""

    def __init__(self, *arguments):
        super().__init__("replay-llm", *arguments)

    @property
    def program(self):
        return [sys.executable, pathlib.Path(__file__).with_name("replay_llm.py")]

    @property
    def url(self):
        return f"http://{self.address}/v1"

    def log(self):
        """What it was asked, in order: {"body", "outcome", "time"}."""
        with urllib.request.urlopen(f"http://{self.address}/log", timeout=10) as answer:
            return json.load(answer)

    def release(self):
        """Answers those it holds (--hold-after), and from now on everyone."""
        urllib.request.urlopen(f"http://{self.address}/release", data=b"", timeout=10).close()

    def requests(self, texts):
        """How often each of these texts was asked about."""
        counts = collections.Counter()
        for entry in self.log():
            asked = entry["body"]["messages"][0]["content"].split("# Examples")[0]
            counts.update(text for text in texts if text in asked)
        return counts


class Store:
    """A store as tests use it: through stock stubs, a line a call."""

    def __init__(self, service, contracts):
        self.service, self.messages, self.rpc = service, contracts.store, contracts.store_grpc

    def __getattr__(self, name):
        """store.records, store.jobs, ...: the stub, on the channel of now."""
        if name not in ("datasets", "records", "jobs", "artefacts", "encoders", "models"):
            raise AttributeError(name)
        stub = getattr(self.rpc, name.removesuffix("s").capitalize() + "ServiceStub")
        return stub(self.service.channel)

    def create(self, name, labels=("positive", "negative"), texts=(), reviewed=None):
        """A data set with a record for each text, its id the text's position; `reviewed` gives the
        labels of the first of them."""
        store = self.messages
        self.datasets.CreateDataset(store.CreateDatasetRequest(dataset=store.Dataset(
            name=name, fields=[store.TextField(name="text")],
            question=store.Question(
                name="sentiment", kind=store.QUESTION_KIND_LABEL,
                labels=[store.Label(name=label) for label in labels]))), timeout=30)
        rows = [store.ImportRecord(line=i + 1, external_id=str(i), fields={"text": text})
                for i, text in enumerate(texts)]
        for row, label in zip(rows, reviewed or ()):
            row.responses.append(store.Response(
                user="ada", label=label, status=store.RESPONSE_STATUS_SUBMITTED))
        if rows:
            answers = list(self.records.ImportRecords(
                iter([store.ImportRecordsRequest(dataset=name, records=rows)]), timeout=60))
            assert answers[0].imported == len(rows), answers

    def export(self, dataset):
        request = self.messages.ExportRecordsRequest(
            filter=self.messages.RecordFilter(dataset=dataset))
        return [record for answer in self.records.ExportRecords(request, timeout=60)
                for record in answer.records]

    def suggestions(self, dataset):
        """By text: the one suggestion a record has."""
        found = {}
        for record in self.export(dataset):
            assert len(record.suggestions) <= 1
            for suggestion in record.suggestions:
                found[record.fields["text"]] = suggestion
        return found

    def queue(self, dataset, **spec):
        """Creates a job: labelling=..., training=..."""
        return self.jobs.CreateJob(
            self.messages.CreateJobRequest(dataset=dataset, **spec), timeout=30).job

    def follow(self, job, seconds=120):
        """The job as it ended."""
        for answer in self.jobs.WatchJob(self.messages.WatchJobRequest(id=job.id), timeout=seconds):
            job = answer.job
        return job


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


@contextlib.contextmanager
def services():
    """A function that starts services; they end with the context, and their logs are shown where the
    test fails."""
    started = []

    def start(name, *arguments, **options):
        started.append(
            ReplayLLM(*arguments) if name == "replay-llm" else Service(name, *arguments, **options))
        return started[-1]

    try:
        yield start
    finally:
        for service in reversed(started):
            service.end()
            print(f"--- {service.name}\n" + "".join(service.lines[-15:]))


@pytest.fixture
def start():
    """start("lauter-store", ...) -> Service; ended with the test."""
    with services() as start:
        yield start


@pytest.fixture(scope="module")
def start_shared():
    """As start; ended with the module."""
    with services() as start:
        yield start


@pytest.fixture(scope="session")
def encoder():
    if not (ENCODER / "model.safetensors").exists():
        pytest.skip(f"no encoder in {ENCODER}; scripts/install.sh --tests fetches it")
    return ENCODER


def run_lauter(*arguments, folder, services=(), input=None, check=True, environment=None):
    """Runs the command line in a folder; the finished process."""
    settings = foreign_environment()
    for service in services:
        settings["LAUTER_" + service.name.removeprefix("lauter-").upper()] = service.address
    result = subprocess.run(
        [BIN / "lauter", *map(str, arguments)], input=input, capture_output=True, text=True,
        cwd=folder, env={**settings, **(environment or {})}, timeout=600)
    if check:
        assert result.returncode == 0, result.stderr + result.stdout
    return result


@pytest.fixture
def lauter(tmp_path):
    """lauter("import", ...) runs the command line in the test's folder."""
    return functools.partial(run_lauter, folder=tmp_path)


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
