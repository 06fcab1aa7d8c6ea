"""`lauter call` and `lauter health`: any server's methods in JSON, known by reflection alone."""

import base64
import importlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import grpc
import pytest
from google.protobuf import json_format
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


def test_a_callers_name_goes_before_ours(stock, tmp_path):
    address, _, seen = stock
    run_lauter("call", "grpc.health.v1.Health/Check", "--address", address, "-H", "user-agent: mine/2.0",
               folder=tmp_path)
    names = [value for key, value in seen[-1] if key == "user-agent"]
    assert len(names) == 1 and names[0].startswith("mine/2.0 grpc-swift-lauter/"), names


WELL_KNOWN = """
syntax = "proto3";
package wellknown;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
service Echo { rpc Say(Everything) returns (Everything); }
message Everything {
  google.protobuf.Timestamp time = 1;
  google.protobuf.Duration duration = 2;
  google.protobuf.FieldMask mask = 3;
  google.protobuf.Struct object = 4;
  google.protobuf.Value value = 5;
  google.protobuf.ListValue list = 6;
  google.protobuf.Any any = 7;
  google.protobuf.Int64Value number = 8;
  google.protobuf.StringValue text = 9;
  google.protobuf.BoolValue flag = 10;
  google.protobuf.BytesValue blob = 11;
  google.protobuf.DoubleValue real = 12;
  repeated google.protobuf.Timestamp times = 13;
  map<string, google.protobuf.Value> values = 14;
  repeated google.protobuf.Value many = 15;
  google.protobuf.NullValue nothing = 16;
}
"""


@pytest.fixture(scope="module")
def well_known(tmp_path_factory):
    """A stock server that answers with what it was sent; the messages' type; what it was sent."""
    folder = tmp_path_factory.mktemp("wellknown")
    (folder / "wellknown.proto").write_text(WELL_KNOWN)
    include = resources.files("grpc_tools") / "_proto"
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{include}",
                    f"--python_out={folder}", "wellknown.proto"], check=True)
    sys.path.insert(0, str(folder))
    message = importlib.import_module("wellknown_pb2").Everything
    seen = []

    def say(request, context):
        seen.append(request)
        return request

    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("wellknown.Echo", {
        "Say": grpc.unary_unary_rpc_method_handler(
            say, request_deserializer=message.FromString, response_serializer=message.SerializeToString)})])
    reflection.enable_server_reflection(["wellknown.Echo", reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", message, seen
    server.stop(0)


def test_types_with_a_json_form_of_their_own_are_as_python_has_them(well_known, tmp_path):
    address, message, seen = well_known
    type_url = "type.googleapis.com/"
    requests = [
        {},
        *({"time": time} for time in (
            "1970-01-01T00:00:00Z", "2026-01-31T12:34:56.5Z", "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z", "2000-02-29T23:59:59.000001Z", "1969-12-31T23:59:59.123Z",
            "2024-03-01T01:30:00+02:00", "1900-03-01T00:00:00-11:45")),
        *({"duration": duration} for duration in (
            "0s", "1.5s", "-0.5s", "315576000000s", "-315576000000.000000001s", "3.000001s")),
        {"mask": "name,userName.id"}, {"mask": ""},
        {"object": {"a": 1, "b": [None, True, "x", {"c": -0.5}], "": {}}}, {"object": {}},
        *({"value": value} for value in (None, 0, 1e300, "", "text", False, [], [[1]], {}, {"deep": [None]})),
        {"list": [1, None, "x", {"y": []}]}, {"list": []},
        {"any": {}}, {"any": {"@type": type_url + "google.protobuf.Duration", "value": "1.5s"}},
        {"any": {"@type": type_url + "wellknown.Everything", "number": "5", "time": "2026-01-31T12:34:56Z"}},
        {"any": {"@type": type_url + "google.protobuf.Struct", "value": {"a": [1]}}},
        {"number": "-9223372036854775808", "text": "", "flag": False, "blob": "AP8=", "real": 0.1},
        {"number": "0", "text": "é", "flag": True, "blob": "", "real": 0},
        {"times": ["1970-01-01T00:00:00Z", "2026-01-31T12:34:56.789Z"]},
        {"values": {"a": None, "b": 1, "c": {"d": [2]}}, "many": [None, 1, "x"]},
        {"nothing": None, "real": "NaN"}, {"real": "-Infinity"},
    ]
    for request in requests:
        result = run_lauter("call", "wellknown.Echo/Say", json.dumps(request), "--address", address,
                            folder=tmp_path, check=False)
        assert result.returncode == 0, (request, result.stderr)
        expected = json_format.ParseDict(request, message())
        # Not the messages themselves: NaN is not equal to itself, and an Any's bytes may come in another order.
        assert json_format.MessageToDict(seen[-1]) == json_format.MessageToDict(expected), request
        assert json.loads(result.stdout) == json.loads(json_format.MessageToJson(expected)), request


@pytest.mark.parametrize("request_, reason", [
    ({"time": "2026-02-30T00:00:00Z"}, "time: expected a time such as"),
    ({"time": "10000-01-01T00:00:00Z"}, "time: expected a time such as"),
    ({"time": 5}, "time: expected a time such as"),
    ({"duration": "1.5"}, "duration: expected a duration in seconds"),
    ({"duration": "400000000000s"}, "duration: expected a duration in seconds"),
    ({"mask": ["a"]}, "mask: expected a string of paths"),
    ({"object": [1]}, "object: expected an object"),
    ({"any": {"value": 1}}, "any: expected an object with '@type'"),
    ({"any": {"@type": "x/unknown.Type"}}, "any: the type unknown.Type is not described"),
    ({"any": {"@type": "x/google.protobuf.Duration", "seconds": 1}}, "goes into 'value'"),
    ({"number": "x"}, "number: expected a whole number"),
])
def test_what_is_no_such_type_is_refused(well_known, tmp_path, request_, reason):
    address, message, _ = well_known
    with pytest.raises((json_format.ParseError, KeyError)):
        json_format.ParseDict(request_, message())
    result = run_lauter("call", "wellknown.Echo/Say", json.dumps(request_), "--address", address,
                        folder=tmp_path, check=False)
    assert result.returncode == 65 and reason in result.stderr, result.stderr
