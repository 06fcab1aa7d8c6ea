"""The whole loop over mutual TLS, through the real executables; what is said where certificates do not fit; and
certificates that are replaced while services run."""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import BIN, ROOT, foreign_environment, run_lauter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "InteropTests"))
from authority import Authority

EXAMPLE = ROOT / "scripts/example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def variables(authority, name):
    """What makes a service, or the command line, `name` by this authority."""
    return {"LAUTER_TLS_CA": str(authority.folder / "ca.pem"),
            "LAUTER_TLS_CERT": str(authority.folder / f"{name}.pem"),
            "LAUTER_TLS_KEY": str(authority.folder / f"{name}.key")}


@pytest.fixture(scope="module")
def mutual(authority, start_shared, encoder, tmp_path_factory):
    """The four services, which let in nobody without a certificate: by variables, and one by flags."""
    folder = tmp_path_factory.mktemp("services")
    environment = {**variables(authority, "server"), "LAUTER_TLS_CLIENT_CA": str(authority.folder / "ca.pem")}
    store = start_shared("lauter-store", "--data", folder / "store", environment=environment)
    inference = start_shared(
        "lauter-inference", "--store", store.address, "--cache", folder / "inference", environment=environment)
    labeller = start_shared(
        "lauter-labeller", "--store", store.address, "--inference", inference.address, environment=environment)
    ca = authority.folder / "ca.pem"
    trainer = start_shared(
        "lauter-trainer", "--store", store.address, "--cache", folder / "trainer",
        "--tls-ca", ca, "--tls-cert", authority.folder / "server.pem",
        "--tls-key", authority.folder / "server.key", "--tls-client-ca", ca)
    return [store, inference, labeller, trainer]


def command(mutual, tmp_path, *arguments, environment=None, **options):
    return run_lauter(*arguments, folder=tmp_path, services=mutual, environment=environment, **options)


def test_the_whole_loop(mutual, authority, encoder, tmp_path):
    mine = variables(authority, "client")

    def lauter(*arguments, **options):
        return command(mutual, tmp_path, *arguments, environment=mine, **options)

    assert lauter("health").stdout.count("serving") == 4
    lauter("encoder", "pull", "--from", encoder)
    lauter("dataset", "create", "reviews", "--label", "positive", "--label", "negative")
    gold = {}
    for line in (EXAMPLE / "pool-gold.jsonl").read_text().splitlines():
        row = json.loads(line)
        gold[row["id"]] = row["label"]
    rows = [json.loads(line) for line in (EXAMPLE / "pool.jsonl").read_text().splitlines()]
    rows = [{**row, "label": gold[row["id"]]} for row in rows if gold[row["id"]] != "neutral"]
    reviewed, others = rows[:16], rows[16:40]
    (tmp_path / "reviewed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reviewed))
    (tmp_path / "others.jsonl").write_text(
        "".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in others))
    lauter("import", "reviews", "reviewed.jsonl", "--label-field", "label")
    lauter("import", "reviews", "others.jsonl")
    lauter("label", "reviews")
    lauter("train", "reviews")
    answers = lauter("predict", "--model", "reviews", "--json", "I am very happy with it.").stdout.splitlines()
    assert json.loads(answers[0])["label"] in ("positive", "negative")


def test_who_does_not_fit_is_told_why(mutual, authority, tmp_path, tmp_path_factory):
    mine = variables(authority, "client")
    stranger = variables(Authority(tmp_path_factory.mktemp("stranger")), "client")

    def refused(environment, *arguments):
        result = command(
            mutual, tmp_path, "dataset", "list", *arguments, environment=environment, check=False)
        assert result.returncode == 69, result.stderr
        assert mutual[0].address in result.stderr
        return result.stderr

    assert "certificate verify failed" in refused({**mine, "LAUTER_TLS_CA": stranger["LAUTER_TLS_CA"]})
    assert "certificate required" in refused({"LAUTER_TLS_CA": mine["LAUTER_TLS_CA"]})
    # The server's alert and the end of the connection race each other: not every time is the reason known.
    refused({**stranger, "LAUTER_TLS_CA": mine["LAUTER_TLS_CA"]})
    plain = refused({})
    assert "before it spoke HTTP/2" in plain and "--tls" in plain
    # The flags are the same as the variables, and come first.
    assert "certificate verify failed" in refused(mine, "--tls-ca", stranger["LAUTER_TLS_CA"])
    missing = command(mutual, tmp_path, "dataset", "list", environment={**mine, "LAUTER_TLS_KEY": ""}, check=False)
    assert missing.returncode == 64 and "--tls-cert and --tls-key go together" in missing.stderr
    absent = command(mutual, tmp_path, "dataset", "list", environment={**mine, "LAUTER_TLS_KEY": "none.key"}, check=False)
    assert absent.returncode == 1 and "none.key" in absent.stderr
    # `call` speaks as every other command does.
    called = command(mutual, tmp_path, "call", "lauter.store.v1.DatasetService/ListDatasets", environment=mine)
    assert "datasets" in called.stdout or called.stdout.strip() == "{}"


def test_a_server_with_a_key_of_another_certificate_does_not_start(authority, tmp_path):
    result = subprocess.run(
        [BIN / "lauter-store", "--port", "0", "--data", tmp_path / "store",
         "--tls-cert", authority.folder / "server.pem", "--tls-key", authority.folder / "client.key"],
        capture_output=True, text=True, env=foreign_environment(), timeout=60)
    assert result.returncode != 0
    assert "the key does not belong to the certificate" in result.stderr and "client.key" in result.stderr
    result = subprocess.run(
        [BIN / "lauter-store", "--port", "0", "--data", tmp_path / "store",
         "--tls-client-ca", authority.folder / "ca.pem"],
        capture_output=True, text=True, env=foreign_environment(), timeout=60)
    assert result.returncode == 64 and "--tls-client-ca needs --tls-cert" in result.stderr


def test_replaced_certificates_are_used_without_a_restart(start, authority, tmp_path, tmp_path_factory):
    names = ("server.pem", "server.key")
    for name in names:
        shutil.copy(authority.folder / name, tmp_path / name)
    store = start("lauter-store", "--data", tmp_path / "store", "--tls-cert", tmp_path / names[0],
                  "--tls-key", tmp_path / names[1])

    def datasets(trusting):
        return run_lauter("dataset", "list", "--tls-ca", trusting.folder / "ca.pem", folder=tmp_path,
                          services=[store], check=False).returncode

    assert datasets(authority) == 0
    successor = Authority(tmp_path_factory.mktemp("successor"))
    for name in names:
        shutil.copy(successor.folder / name, tmp_path / f"{name}.new")
    for name in names:
        (tmp_path / f"{name}.new").rename(tmp_path / name)
    assert datasets(successor) == 0
    assert datasets(authority) == 69
