"""`lauter call` and `lauter health`: any server's methods in JSON, known by reflection alone."""

import base64
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from conftest import BIN, foreign_environment, run_lauter

DATASET = {
    "name": "called", "fields": [{"name": "text"}],
    "question": {"name": "mood", "kind": "QUESTION_KIND_LABEL", "labels": [{"name": "a"}, {"name": "b"}]}}


@pytest.fixture(scope="module")
def store(start_shared, tmp_path_factory):
    return start_shared("lauter-store", "--data", tmp_path_factory.mktemp("store"))


@pytest.fixture
def call(store, tmp_path):
    """call("DatasetService/GetDataset", ...): the finished process."""
    def run(method, *arguments, **options):
        return run_lauter(
            "call", f"lauter.store.v1.{method}", *arguments, folder=tmp_path, services=[store],
            **{"check": False, **options})
    return run


@pytest.fixture(scope="module")
def stock():
    """A stock Python server with health and reflection v1alpha, and what each call's metadata was."""
    seen = []

    class Recorder(grpc.ServerInterceptor):
        def intercept_service(self, continuation, details):
            if details.method.startswith("/grpc.health"):
                seen.append(list(details.invocation_metadata))
            return continuation(details)

    server = grpc.server(ThreadPoolExecutor(8), interceptors=[Recorder()])
    servicer = health.HealthServicer()
    servicer.set("up", health_pb2.HealthCheckResponse.SERVING)
    servicer.set("down", health_pb2.HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    reflection.enable_server_reflection(
        [health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", servicer, seen
    server.stop(0)


def test_unary_with_the_request_as_argument_file_and_stdin(call, tmp_path):
    made = call("DatasetService/CreateDataset", json.dumps({"dataset": DATASET}), check=True)
    assert json.loads(made.stdout)["dataset"]["question"] == DATASET["question"]
    (tmp_path / "request.json").write_text('{\n  "name": "called"\n}\n')
    for found in (call("DatasetService/GetDataset", "@request.json", check=True),
                  call("DatasetService/GetDataset", "-", input='{"name": "called"}', check=True)):
        assert json.loads(found.stdout)["dataset"]["name"] == "called"
    # 64-bit numbers are strings, as protobuf maps them.
    assert json.loads(found.stdout)["dataset"]["createTimeMs"].isdecimal()
    assert call("DatasetService/ListDatasets", check=True).stdout.count("\n") == 1


def test_streams_are_json_lines_in_both_directions(call):
    call("DatasetService/CreateDataset", json.dumps({"dataset": {**DATASET, "name": "streamed"}}), check=True)
    lines = [json.dumps({
        "dataset": "streamed", "records": [{"externalId": str(i), "fields": {"text": f"text {i} é"}}],
    }) for i in range(5)]
    answers = call("RecordService/ImportRecords", input="\n".join(lines) + "\n\n", check=True).stdout.splitlines()
    assert [json.loads(line) for line in answers] == [{"imported": "1"}] * 5
    page = json.loads(call("RecordService/ListRecords", '{"filter": {"dataset": "streamed"}}', check=True).stdout)
    assert [record["fields"]["text"] for record in page["records"]] == [f"text {i} é" for i in range(5)]


def test_an_answer_is_printed_before_the_next_request_is_typed(store, call):
    call("DatasetService/CreateDataset", json.dumps({"dataset": {**DATASET, "name": "typed"}}), check=True)
    process = subprocess.Popen(
        [BIN / "lauter", "call", "lauter.store.v1.RecordService/ImportRecords", "--address", store.address],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=foreign_environment())
    for i in range(3):
        process.stdin.write(json.dumps(
            {"dataset": "typed", "records": [{"externalId": str(i), "fields": {"text": "t"}}]}) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"imported": "1"}
    process.stdin.close()
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("method, request_, code, message", [
    ("DatasetService/GetDataset", '{"name": "nosuch"}', 1, "error: NOT_FOUND: "),
    ("DatasetService/GetDataset", '{"nam": "x"}', 65,
     "error: the request is no lauter.store.v1.GetDatasetRequest: lauter.store.v1.GetDatasetRequest has no "
     "field 'nam'; it has name"),
    ("DatasetService/GetDataset", '{"name": 1}', 65,
     "error: the request is no lauter.store.v1.GetDatasetRequest: name: expected a string, found a number"),
    ("DatasetService/GetDataset", '{"name"', 65, "error: the request is no JSON: a ':' is expected at column 8"),
    ("DatasetService/CreateDataset", '{"dataset": {"question": {"kind": "MAYBE"}}}', 65,
     "error: the request is no lauter.store.v1.CreateDatasetRequest: dataset.question.kind: "
     "lauter.store.v1.QuestionKind has no value 'MAYBE'; it has QUESTION_KIND_UNSPECIFIED, QUESTION_KIND_LABEL"),
    ("DatasetService/CreateDataset", '{}', 65, "error: INVALID_ARGUMENT: "),
    ("DatasetService/Nope", '{}', 64, "error: lauter.store.v1.DatasetService has no method 'Nope'\nhint: it has "),
    ("NopeService/Nope", '{}', 1, "error: NOT_FOUND: this server knows no symbol 'lauter.store.v1.NopeService'"),
])
def test_what_is_wrong_is_said_and_ends_with_its_code(call, method, request_, code, message):
    result = call(method, request_)
    assert result.stderr.startswith(message), result.stderr
    assert (result.returncode, result.stdout) == (code, "")


def test_a_stock_server_with_metadata_and_a_deadline(stock, tmp_path):
    address, servicer, seen = stock
    method = "grpc.health.v1.Health/"
    binary = base64.b64encode(bytes([0, 255])).decode()
    result = run_lauter(
        "call", method + "Check", '{"service": "up"}', "--address", address, "-H", "x-user: ada: l",
        "-H", f"x-raw-bin: {binary}", folder=tmp_path)
    assert json.loads(result.stdout) == {"status": "SERVING"}
    assert {("x-user", "ada: l"), ("x-raw-bin", bytes([0, 255]))} <= {(k, v) for k, v in seen[-1]}
    # Watch has no end: what came is printed, then the deadline's status.
    late = run_lauter(
        "call", method + "Watch", '{"service": "up"}', "--address", address, "--timeout", "1.5", folder=tmp_path,
        check=False)
    assert (late.returncode, json.loads(late.stdout)) == (75, {"status": "SERVING"})
    assert late.stderr.startswith("error: DEADLINE_EXCEEDED")


def test_health_of_any_server(stock, store, tmp_path):
    address, _, _ = stock
    ours = run_lauter("health", "--address", store.address, "lauter.store.v1.RecordService", folder=tmp_path)
    assert "serving" in ours.stdout
    whole = run_lauter("health", "--address", address, "--json", folder=tmp_path)
    assert json.loads(whole.stdout) == {"service": "(server)", "address": address, "status": "serving"}
    mixed = run_lauter("health", "--address", address, "up", "down", "nosuch", "--json", folder=tmp_path, check=False)
    assert [json.loads(line)["status"] for line in mixed.stdout.splitlines()] == [
        "serving", "not serving", "no such service"]
    assert mixed.returncode == 69
    assert "not serving: down, nosuch" in mixed.stderr
    gone = run_lauter("call", "a.B/C", "--address", "127.0.0.1:1", folder=tmp_path, check=False)
    assert (gone.returncode, "UNAVAILABLE" in gone.stderr) == (69, True)
