"""Reflection as stock tools use it: what a person with grpcurl sees of a service they have no contract of."""

import json
import pathlib
import subprocess
import sys

import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

GRPCURL = pathlib.Path(sys.executable).parent / "grpcurl"
SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    *(f"lauter.store.v1.{name}Service" for name in ("Artefact", "Dataset", "Encoder", "Job", "Model", "Record")),
]


@pytest.fixture(scope="module")
def store(start_shared, tmp_path_factory):
    return start_shared("lauter-store", "--data", tmp_path_factory.mktemp("store"))


def grpcurl(store, *arguments, input=None):
    if not GRPCURL.exists():
        pytest.skip("no grpcurl; scripts/install.sh --tests installs it")
    result = subprocess.run(
        [GRPCURL, "-plaintext", *arguments], input=input, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_the_database_lists_and_resolves_every_service(store):
    database = ProtoReflectionDescriptorDatabase(store.channel)
    assert sorted(database.get_services()) == SERVICES
    pool = descriptor_pool.DescriptorPool(database)
    for name in SERVICES:
        service = pool.FindServiceByName(name)
        for method in service.methods:
            assert method.input_type.full_name and method.output_type.full_name
    with pytest.raises(KeyError):
        pool.FindServiceByName("lauter.labeller.v1.LabellerService")


def test_a_call_through_descriptors_alone(store):
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(store.channel))
    method = pool.FindMethodByName("lauter.store.v1.DatasetService.GetDataset")
    request, response = map(message_factory.GetMessageClass, (method.input_type, method.output_type))
    call = store.channel.unary_unary(
        "/lauter.store.v1.DatasetService/GetDataset",
        request_serializer=request.SerializeToString, response_deserializer=response.FromString)
    with pytest.raises(Exception, match="nosuch"):
        call(request(name="nosuch"), timeout=60)


def test_grpcurl_lists_describes_and_calls(store):
    assert grpcurl(store, store.address, "list").split() == SERVICES
    assert grpcurl(store, store.address, "list", "grpc.health.v1.Health").split() == [
        "grpc.health.v1.Health.Check", "grpc.health.v1.Health.Watch"]
    for name in SERVICES:
        assert f"service {name.rsplit('.', 1)[1]} {{" in grpcurl(store, store.address, "describe", name)
    assert "rpc ImportRecords ( stream " in grpcurl(
        store, store.address, "describe", "lauter.store.v1.RecordService")
    answer = grpcurl(store, "-d", "{}", store.address, "grpc.health.v1.Health/Check")
    assert json.loads(answer) == {"status": "SERVING"}
    dataset = {
        "name": "curled", "fields": [{"name": "text"}],
        "question": {"name": "mood", "kind": "QUESTION_KIND_LABEL", "labels": [{"name": "a"}, {"name": "b"}]}}
    created = grpcurl(
        store, "-d", json.dumps({"dataset": dataset}), store.address,
        "lauter.store.v1.DatasetService/CreateDataset")
    assert json.loads(created)["dataset"]["name"] == "curled"
