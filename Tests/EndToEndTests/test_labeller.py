"""The labeller against a server that replays recorded replies: what it makes of good and bad ones, and
that neither its own end nor the store's makes it ask about a record again."""

import collections
import json

import pytest

from conftest import Store, wait_for

MODEL = "replay-model"
# The labeller writes so many suggestions at once.
WRITE_SIZE = 32


@pytest.fixture(scope="module")
def store(start_shared, contracts, tmp_path_factory):
    return Store(start_shared("lauter-store", "--data", tmp_path_factory.mktemp("store")), contracts)


@pytest.fixture
def label(start, store):
    """label(dataset, llm, ...) -> the finished job, done by a labeller of its own."""

    def run(dataset, llm, *arguments, environment=None, **spec):
        labeller = start_labeller(start, store, llm, *arguments, environment=environment)
        done = store.follow(store.queue(dataset, labelling=store.messages.LabellingSpec(**spec)))
        assert labeller.stop() == 0
        return done

    return run


def start_labeller(start, store, llm, *arguments, environment=None):
    return start("lauter-labeller", "--store", store.service.address, "--llm-url", llm.url,
                 "--llm-model", MODEL, *arguments, environment=environment)


def write_script(path, replies):
    """A replay script: for the prompt with this text, these replies in turn."""
    path.write_text(json.dumps([{"match": text, "replies": list(r)} for text, r in replies.items()]))
    return path


def test_suggestions_carry_the_models_name_and_its_probability(start, store, label, tmp_path):
    gold = {"a fine fan": "positive", "a broken fan": "negative", "a fan": "neutral"}
    file = tmp_path / "gold.jsonl"
    file.write_text("".join(json.dumps({"text": t, "label": l}) + "\n" for t, l in gold.items()))
    store.create("scored", labels=["positive", "neutral", "negative"], texts=gold)
    done = label("scored", start("replay-llm", "--gold", file))
    assert done.state == store.messages.JOB_STATE_SUCCEEDED, done.error
    assert (done.labelling_result.agent, done.labelling_result.suggested) == (MODEL, len(gold))
    suggestions = store.suggestions("scored")
    assert {text: s.label for text, s in suggestions.items()} == gold
    for suggestion in suggestions.values():
        assert suggestion.agent == MODEL
        # The label's token had 0.8, those of the two others 0.075 each; "The" leads to no label.
        assert suggestion.score == pytest.approx(0.8 / 0.95)


def test_faults_are_cured_or_kept_and_the_job_succeeds(start, store, label, tmp_path):
    cured = {"told to slow down": "!429", "failed once": "!500", "lost its connection": "!reset",
             "kept waiting": "!hang", "cut off once": "!truncated", "outside the set once": "!unknown"}
    messages = store.messages
    kept = {"always cut off": ("!truncated", messages.SUGGESTION_FAILURE_KIND_UNPARSABLE, 2),
            "always outside the set": ("!unknown", messages.SUGGESTION_FAILURE_KIND_UNKNOWN_LABEL, 2),
            "always empty": ("!empty", messages.SUGGESTION_FAILURE_KIND_EMPTY, 2),
            "always failing": ("!500", messages.SUGGESTION_FAILURE_KIND_PROVIDER, 5)}
    plain = [f"an ordinary text, number {i:02}" for i in range(12)]
    texts = [*plain[:4], *cured, *kept, *plain[4:]]
    store.create("faulty", texts=texts)
    llm = start("replay-llm", "--script", write_script(tmp_path / "script.json", {
        **{text: [fault, "negative"] for text, fault in cured.items()},
        **{text: [fault] for text, (fault, _, _) in kept.items()}}))
    done = label("faulty", llm, "--llm-timeout", 2, "--llm-concurrency", 4)

    assert done.state == messages.JOB_STATE_SUCCEEDED, done.error
    assert done.labelling_result.suggested == len(plain) + len(cured)
    assert done.labelling_result.failed == len(kept)
    suggestions, requests = store.suggestions("faulty"), llm.requests(texts)
    for text in plain:
        assert (suggestions[text].label, requests[text]) == ("positive", 1), text
    for text in cured:
        assert (suggestions[text].label, requests[text]) == ("negative", 2), text
    for text, (_, kind, count) in kept.items():
        failure = suggestions[text].failure
        assert (failure.kind, requests[text]) == (kind, count), text
        assert failure.detail and text not in failure.detail

    # Retry-After: 1 holds back every call, not only the one that was told. Calls that were made before the
    # client had read it are not counted, so nothing here depends on how soon it reads: the texts behind
    # all the faults are asked about after the pause.
    log = llm.log()
    told = next(entry["time"] for entry in log if entry["outcome"] == "429")
    held_back = [entry["time"] - told for entry in log
                 if any(text in entry["body"]["messages"][0]["content"] for text in plain[4:])]
    assert len(held_back) == 8 and min(held_back) >= 1
    # The question is repeated with what was wrong about the reply, which the model has before its eyes.
    asked_again = [entry["body"]["messages"] for entry in log
                   if "always outside the set" in entry["body"]["messages"][0]["content"]][1]
    assert [message["role"] for message in asked_again] == ["user", "assistant", "user"]
    assert '"positive", "negative"' in asked_again[2]["content"]


@pytest.mark.parametrize("dialect, rejected, settled", [
    ("openai", 0, "json_schema"), ("llama", 1, "json_object"), ("plain", 2, None)])
def test_the_dialect_is_found_out_once(start, store, dialect, rejected, settled):
    dataset = f"dialect-{dialect}"
    store.create(dataset, texts=[f"text {i:02}" for i in range(8)])
    llm = start("replay-llm", "--dialect", dialect)
    labeller = start_labeller(start, store, llm)
    for _ in range(2):
        job = store.queue(dataset, labelling=store.messages.LabellingSpec(limit=4))
        assert store.follow(job).labelling_result.suggested == 4
    outcomes = [entry["outcome"] for entry in llm.log()]
    assert outcomes[:rejected] == ["dialect"] * rejected
    assert outcomes[rejected:] == ["positive"] * 8
    forms = [(entry["body"].get("response_format") or {}).get("type") for entry in llm.log()]
    assert set(forms[rejected:]) == {settled}
    assert all(entry["body"]["temperature"] == 0 for entry in llm.log())
    assert labeller.stop() == 0


def test_a_refused_key_fails_the_job_and_says_what_to_do(start, store, label):
    key = "sk-not-to-be-shown"
    store.create("locked", texts=["one", "two", "three"])
    llm = start("replay-llm", "--key", "sk-right")
    for environment, complaint in ({}, "wants a key"), ({"LAUTER_LLM_API_KEY": key}, "refused the key"):
        done = label("locked", llm, environment=environment)
        assert done.state == store.messages.JOB_STATE_FAILED
        assert complaint in done.error and "LAUTER_LLM_API_KEY" in done.error and "401" in done.error
        assert key not in done.error
    assert not store.suggestions("locked")
    done = label("locked", llm, environment={"LAUTER_LLM_API_KEY": "sk-right"})
    assert done.labelling_result.suggested == 3


def test_examples_are_reviewed_records_and_never_the_record_itself(start, store, label):
    texts = [f"review {i:02}" for i in range(14)]
    labels = ["positive", "negative"] * 5
    store.create("shots", texts=texts, reviewed=labels)
    llm = start("replay-llm")
    done = label("shots", llm, shots=2, include_reviewed=True)
    assert done.labelling_result.suggested == len(texts)

    prompts = [entry["body"]["messages"][0]["content"] for entry in llm.log()]
    assert len(prompts) == len(texts)
    settled = dict(zip(texts, labels))
    for prompt in prompts:
        question, examples = prompt.split("# Examples")
        [own] = [text for text in texts if text in question]
        shown = [text for text in texts if text in examples]
        assert own not in shown
        assert collections.Counter(map(settled.get, shown)) == {"positive": 2, "negative": 2}
        for text in shown:
            reply = examples.split(text)[1].split("{", 1)[1].split("}")[0]
            assert json.loads("{" + reply + "}") == {"label": settled[text]}


@pytest.fixture
def half_done(start, contracts, tmp_path):
    """A labelling job of which the LLM has answered a part and holds the rest back, and part of that is
    written: (store, llm, labeller, job, texts)."""
    store = Store(
        start("lauter-store", "--data", tmp_path / "store", "--lease", 10), contracts)
    texts = [f"text number {i:03}" for i in range(90)]
    store.create("texts", texts=texts)
    llm = start("replay-llm", "--hold-after", 50)
    labeller = start_labeller(start, store, llm, "--llm-concurrency", 4)
    job = store.queue("texts", labelling=store.messages.LabellingSpec())
    wait_for(lambda: len(llm.log()) == 54, "the LLM asked 54 times")
    return store, llm, labeller, job, texts


def test_a_killed_labellers_job_goes_on_where_it_was(start, half_done):
    store, llm, labeller, job, texts = half_done
    written = wait_for(lambda: store.suggestions("texts"), "something is written")
    assert 50 - WRITE_SIZE < len(written) <= 50
    labeller.kill()
    written = store.suggestions("texts")
    asked = llm.requests(texts)
    llm.release()
    start_labeller(start, store, llm)
    done = store.follow(job)

    assert done.state == store.messages.JOB_STATE_SUCCEEDED, done.error
    assert done.attempt == 2
    assert done.labelling_result.suggested == len(texts)
    assert set(store.suggestions("texts")) == set(texts)
    # Twice were asked those in flight, and those whose answer was not written yet; nothing else.
    assert len(asked) == 54 and set(asked) >= set(written)
    expected = {text: 2 if text in asked and text not in written else 1 for text in texts}
    assert llm.requests(texts) == expected
    assert len(asked) - len(written) < WRITE_SIZE + 4


def test_a_killed_store_costs_the_job_nothing(half_done):
    store, llm, labeller, job, texts = half_done
    wait_for(lambda: store.suggestions("texts"), "something is written")
    port = store.service.port
    store.service.kill()
    llm.release()
    wait_for(lambda: all(entry["outcome"] for entry in llm.log()), "what was held is answered")
    store.service.start(port)
    done = store.follow(job)

    assert done.state == store.messages.JOB_STATE_SUCCEEDED, done.error
    assert done.labelling_result.suggested == len(texts)
    assert done.attempt == 1
    assert llm.requests(texts) == {text: 1 for text in texts}
    assert labeller.stop() == 0


def test_a_stopped_labeller_hands_its_job_back(start, half_done):
    store, llm, labeller, job, texts = half_done
    assert labeller.stop() == 0
    queued = store.jobs.GetJob(store.messages.GetJobRequest(id=job.id), timeout=30).job
    assert queued.state == store.messages.JOB_STATE_QUEUED
    # What the LLM had answered is written, so nobody asks for it again.
    assert len(store.suggestions("texts")) == 50
    llm.release()
    start_labeller(start, store, llm)
    done = store.follow(job)
    assert done.state == store.messages.JOB_STATE_SUCCEEDED, done.error
    assert done.labelling_result.suggested == len(texts)
    requests = llm.requests(texts)
    assert sorted(requests.values()) == [1] * 86 + [2] * 4
