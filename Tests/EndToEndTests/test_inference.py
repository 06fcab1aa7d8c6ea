"""The inference service as stock clients see it: three replicas that need nothing but one store."""

import concurrent.futures
import json

import grpc
import pytest

from conftest import SHARED, Store, upload

LABELS = ["negative", "positive"]
TEXTS = ["The fan died after two days.", "Runs cool and quiet.", "Two modules of 16 GB.", "ok", "大丈夫です"]


@pytest.fixture(scope="module")
def store(start_shared, contracts, encoder, tmp_path_factory):
    """A store with an encoder and two versions of the model `mood`, trained on four records."""
    store = Store(start_shared("lauter-store", "--data", tmp_path_factory.mktemp("store")), contracts)
    store.encoders.RegisterEncoder(store.messages.RegisterEncoderRequest(
        name="minilm", files=upload(contracts, store.service.channel, encoder), source="test"), timeout=60)
    store.create("mood", LABELS, ["awful", "great", "very bad", "very good"], ["negative", "positive"] * 2)
    trainer = start_shared("lauter-trainer", "--store", store.service.address,
                           "--cache", tmp_path_factory.mktemp("cache"))
    for version in (1, 2):
        done = store.follow(store.queue("mood", training=store.messages.TrainingSpec(freeze_body=True)))
        assert done.training_result.version == version, done.error
    assert trainer.stop() == 0
    return store


@pytest.fixture(scope="module")
def replicas(start_shared, store, contracts, tmp_path_factory):
    """A stub for each of three processes, each with a cache of its own."""
    return [contracts.inference_grpc.InferenceServiceStub(start_shared(
        "lauter-inference", "--store", store.service.address, "--threads", 1,
        "--cache", tmp_path_factory.mktemp("cache")).channel) for _ in range(3)]


@pytest.fixture
def messages(contracts):
    return contracts.inference


def refusal(call, request, **options):
    with pytest.raises(grpc.RpcError) as raised:
        call(request, timeout=60, **options)
    return raised.value.code(), raised.value.details()


def test_replicas_agree_under_concurrent_calls(replicas, messages):
    def predict(number):
        # Texts in another order, and other numbers of them, each time: company changes no answer.
        texts = [TEXTS[(number + i) % len(TEXTS)] for i in range(1 + number % len(TEXTS))]
        answer = replicas[number % 3].Predict(
            messages.PredictRequest(model="mood", texts=texts), timeout=120)
        assert (answer.model, answer.version, list(answer.labels)) == ("mood", 2, LABELS)
        return list(zip(texts, answer.predictions, strict=True))

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(predict, range(60)))
    first = {}
    for text, prediction in (pair for pairs in answers for pair in pairs):
        probabilities = first.setdefault(text, prediction.probabilities)
        assert prediction.probabilities == pytest.approx(probabilities, abs=1e-5)
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
        assert prediction.label == LABELS[prediction.probabilities[1] > prediction.probabilities[0]]
    assert set(first) == set(TEXTS)
    assert first[TEXTS[1]][1] > first[TEXTS[0]][1], "a better review is the more positive"
    for replica in replicas:
        loaded = replica.ListLoaded(messages.ListLoadedRequest(), timeout=30).loaded
        assert [(entry.kind, entry.name, entry.version) for entry in loaded] == [("model", "mood", 2)]


def test_a_version_can_be_asked_for(replicas, messages):
    answer = replicas[0].Predict(messages.PredictRequest(model="mood", version=1, texts=["good"]), timeout=60)
    assert answer.version == 1
    latest = replicas[0].Predict(messages.PredictRequest(model="mood", texts=["good"]), timeout=60)
    assert latest.version == 2
    code, details = refusal(
        replicas[0].Predict, messages.PredictRequest(model="mood", version=7, texts=["good"]))
    assert code == grpc.StatusCode.NOT_FOUND and "mood" in details and "7" in details


def test_what_is_refused(replicas, messages):
    predict, embed = replicas[0].Predict, replicas[0].Embed
    code, details = refusal(predict, messages.PredictRequest(model="moo", texts=["good"]))
    assert code == grpc.StatusCode.NOT_FOUND
    assert "'moo'" in details and "'mood'" in details, "names the models there are"
    code, details = refusal(embed, messages.EmbedRequest(encoder="maxilm", texts=["good"]))
    assert code == grpc.StatusCode.NOT_FOUND
    assert "'maxilm'" in details and "'minilm'" in details

    code, details = refusal(predict, messages.PredictRequest(model="mood", texts=["x"] * 1025))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "1025" in details and "1024" in details
    long = "wharfinger " * 30_000
    code, details = refusal(predict, messages.PredictRequest(model="mood", texts=["x", long]))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "texts[1]" in details
    assert "wharfinger" not in details
    code, details = refusal(predict, messages.PredictRequest(texts=["x"]))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and details.startswith("model: ")
    answer = predict(messages.PredictRequest(model="mood"), timeout=60)
    assert not answer.predictions


@pytest.mark.skipif(SHARED is None, reason="LAUTER_TEST_SHARED, which has golden embeddings, is not set")
def test_embeddings_are_those_of_pytorch(replicas, messages):
    golden = json.loads((SHARED / "golden/embeddings.json").read_text())["cases"]
    # Neither the empty text nor those with characters that the wire refuses.
    case = next(case for case in golden if len(case["text"]) > 40 and case["text"].isprintable())
    expected = case["all_minilm_l6_v2"]
    for replica in replicas:
        answer = replica.Embed(messages.EmbedRequest(encoder="", texts=["other", case["text"]]), timeout=60)
        values = answer.values[answer.dimensions:]
        assert (answer.dimensions, len(values)) == (384, 384)
        assert max(abs(a - b) for a, b in zip(values, expected)) < 1e-4
        assert sum(a * b for a, b in zip(values, expected)) >= 0.99999


def test_a_deadline_ends_the_call_and_not_the_service(replicas, messages):
    # Long enough for any machine to need more than the deadline.
    request = messages.PredictRequest(model="mood", texts=[" ".join(TEXTS) * 20] * 24)
    with pytest.raises(grpc.RpcError) as raised:
        replicas[1].Predict(request, timeout=0.02)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    call = replicas[1].Predict.future(request, timeout=120)
    call.cancel()
    answer = replicas[1].Predict(messages.PredictRequest(model="mood", texts=["good"]), timeout=120)
    assert answer.version == 2
