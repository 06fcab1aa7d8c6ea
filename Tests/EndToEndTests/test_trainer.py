"""Trainers that die, and trainers beside each other."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

import pytest

from conftest import BIN, ROOT, Store, foreign_environment, upload, wait_for


@pytest.fixture
def answered(start, contracts, encoder, tmp_path):
    """A store with an encoder and a data set whose 18 records are answered. Leases last five seconds."""
    return store_with_answers(start, contracts, encoder, tmp_path, 5)


def store_with_answers(start, contracts, encoder, tmp_path, lease):
    service = start("lauter-store", "--data", tmp_path / "store", "--lease", lease)
    store = Store(service, contracts)
    store.encoders.RegisterEncoder(store.messages.RegisterEncoderRequest(
        name="minilm", files=upload(contracts, service.channel, encoder), source="test"), timeout=60)
    rows = [json.loads(line) for line in (ROOT / "scripts/example/test.jsonl").read_text().splitlines()]
    labels = sorted({row["label"] for row in rows})
    rows = [row for label in labels for row in [r for r in rows if r["label"] == label][:6]]
    store.create("reviews", labels=labels, texts=[row["text"] for row in rows],
                 reviewed=[row["label"] for row in rows])
    return store


def start_trainer(start, store, cache):
    return start("lauter-trainer", "--store", store.service.address, "--cache", cache)


def progress(store, job):
    return store.jobs.GetJob(store.messages.GetJobRequest(id=job.id), timeout=30).job


def test_a_killed_trainers_job_is_taken_up_by_another(start, answered, tmp_path):
    store = answered
    first = start_trainer(start, store, tmp_path / "cache-1")
    # Long enough to be killed in, whatever the machine; then cut short for the second trainer by a cancel.
    job = store.queue("reviews", training=store.messages.TrainingSpec(
        recipe="setfit", body_epochs=1000, folds=0))
    running = wait_for(
        lambda: (p := progress(store, job)).progress.phase == "body" and p.progress.done > 0 and p,
        "the body is being tuned")
    assert running.attempt == 1 and running.progress.texts_per_second > 0
    assert running.progress.seconds_left > 0
    first.kill()
    second = start_trainer(start, store, tmp_path / "cache-2")
    again = wait_for(
        lambda: (p := progress(store, job)).attempt == 2 and p.progress.phase == "body" and p,
        "the job is taken up again")
    assert again.state == store.messages.JOB_STATE_RUNNING and again.worker != running.worker
    store.jobs.CancelJob(store.messages.CancelJobRequest(id=job.id), timeout=30)
    done = store.follow(job)
    assert done.state == store.messages.JOB_STATE_CANCELLED and done.attempt == 2
    assert not store.models.ListModels(store.messages.ListModelsRequest(), timeout=30).models
    # And the trainer goes on to the next.
    short = store.follow(store.queue("reviews", training=store.messages.TrainingSpec(
        recipe="setfit", max_steps=2, folds=0)))
    assert short.state == store.messages.JOB_STATE_SUCCEEDED, short.error
    assert short.training_result.version == 1
    assert second.stop() == 0


def test_a_job_of_a_trainer_that_hangs_is_finished_by_another_and_once(start, answered, tmp_path):
    store = answered
    first = start_trainer(start, store, tmp_path / "cache-1")
    job = store.queue("reviews", training=store.messages.TrainingSpec(recipe="setfit", max_steps=150, folds=0))
    wait_for(lambda: progress(store, job).progress.done > 0, "the first trainer is at work")
    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        second = start_trainer(start, store, tmp_path / "cache-2")
        done = store.follow(job)
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
    assert done.state == store.messages.JOB_STATE_SUCCEEDED, done.error
    assert done.attempt == 2 and done.training_result.version == 1
    # The first goes on, finds that the job is no longer its own, and takes the next.
    assert second.stop() == 0
    after = store.follow(store.queue("reviews", training=store.messages.TrainingSpec(
        recipe="setfit", max_steps=2, folds=0)))
    assert after.state == store.messages.JOB_STATE_SUCCEEDED and after.training_result.version == 2
    models = store.models.ListModels(store.messages.ListModelsRequest(), timeout=30).models
    assert [model.version for model in models] == [2, 1]
    assert first.stop() == 0


def test_a_store_that_dies_before_a_model_is_published_has_it_when_it_is_back(start, contracts, encoder, tmp_path):
    store = store_with_answers(start, contracts, encoder, tmp_path, 120)
    trainer = start_trainer(start, store, tmp_path / "cache")
    job = store.queue("reviews", training=store.messages.TrainingSpec(recipe="setfit", max_steps=40, folds=0))
    wait_for(lambda: progress(store, job).progress.phase == "body", "the body is being tuned")
    port = store.service.port
    store.service.kill()
    # How long it may be away: `outages` in TrainerServiceTests.
    wait_for(lambda: any(" trained" in line for line in trainer.lines), "the training has ended")
    store.service.start(port)
    done = store.follow(job)
    assert done.state == store.messages.JOB_STATE_SUCCEEDED, done.error
    assert done.attempt == 1 and done.training_result.version == 1
    assert len(store.models.ListModels(store.messages.ListModelsRequest(), timeout=30).models) == 1
    assert trainer.stop() == 0


def test_two_trainers_never_train_one_job(start, answered, tmp_path):
    store = answered
    trainers = [start_trainer(start, store, tmp_path / f"cache-{i}") for i in range(2)]
    jobs = [store.queue("reviews", training=store.messages.TrainingSpec(
        recipe="setfit", max_steps=2, folds=0, seed=seed)) for seed in range(6)]
    ended = [store.follow(job) for job in jobs]
    for job in ended:
        assert job.state == store.messages.JOB_STATE_SUCCEEDED, job.error
        assert job.attempt == 1
    # A version a job, each published once.
    assert sorted(job.training_result.version for job in ended) == [1, 2, 3, 4, 5, 6]
    assert len({job.worker for job in ended}) == 2
    assert [trainer.stop() for trainer in trainers] == [0, 0]


@pytest.mark.skipif("LAUTER_TEST_SMALL_DISK" not in os.environ,
                    reason="needs LAUTER_TEST_SMALL_DISK, a folder on an empty file system of a few MB")
@pytest.mark.parametrize("full", ["temporary folder", "cache"])
def test_a_full_disk_of_the_trainers_fails_the_job_with_words(start, answered, tmp_path, full):
    store = answered
    with tempfile.TemporaryDirectory(dir=os.environ["LAUTER_TEST_SMALL_DISK"]) as small:
        places = {"temporary folder": tmp_path / "temporary", "cache": tmp_path / "cache"}
        places[full] = pathlib.Path(small)
        places["temporary folder"].mkdir(exist_ok=True)
        trainer = start("lauter-trainer", "--store", store.service.address, "--cache", places["cache"],
                        environment={"TMPDIR": str(places["temporary folder"])})
        job = store.follow(store.queue("reviews", training=store.messages.TrainingSpec(freeze_body=True, folds=0)))
        assert job.state == store.messages.JOB_STATE_FAILED and job.attempt == 1
        assert {"temporary folder": "temporary folder (TMPDIR): the disk is full", "cache": small}[full] in job.error
        assert "ree some space" in job.error
        assert not store.models.ListModels(store.messages.ListModelsRequest(), timeout=30).models
        assert trainer.stop() == 0
        # Nothing of it takes up room.
        assert not list(places["temporary folder"].iterdir())


def test_the_flags_of_a_training_reach_the_model(start, answered, lauter, tmp_path):
    store = answered
    start_trainer(start, store, tmp_path / "cache")
    run = lauter("train", "reviews", "--recipe", "setfit", "--folds", 0, "--loss", "SupConLoss", "--body-epochs", 1,
                 "--body-batch-size", 9, "--head", "differentiable", "--head-epochs", 2, "--head-batch-size", 6,
                 "--head-learning-rate", 0.02, "--end-to-end", services=[store.service])
    assert "published reviews version 1" in run.stdout
    [model] = store.models.ListModels(store.messages.ListModelsRequest(), timeout=30).models
    spec = model.training
    assert spec.loss == store.messages.LOSS_SUPERVISED_CONTRASTIVE
    assert spec.head == store.messages.HEAD_KIND_DIFFERENTIABLE
    assert (spec.body_batch_size, spec.head_epochs, spec.head_batch_size) == (9, 2, 6)
    assert (spec.head_learning_rate, spec.body_classifier_learning_rate, spec.end_to_end) == (0.02, 1e-5, True)
    refused = lauter("train", "reviews", "--head", "differentiable", services=[store.service], check=False)
    assert refused.returncode == 1 and "head: differentiable is for the recipe setfit" in refused.stderr


def test_two_processes_make_the_same_model_bit_for_bit(encoder, tmp_path):
    """The default recipe with suggestions, where two bodies follow a half each, and what a fit tells of itself."""
    rows = [json.loads(line) for line in (ROOT / "scripts/example/pool-gold.jsonl").read_text().splitlines()]
    texts = {row["id"]: row["text"] for row in map(
        json.loads, (ROOT / "scripts/example/pool.jsonl").read_text().splitlines())}
    lines = [{"id": row["id"], "text": texts[row["id"]], "label": row["label"]} for row in rows[:18]]
    lines += [{"text": f"{texts[row['id']]} {time}", "suggestions": [{"agent": "llm", "label": row["label"]}]}
              for time in ("Again.", "Once more.") for row in rows[18:]]
    assert len(lines) > 218
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    test = ROOT / "scripts/example/test.jsonl"

    def fit(output, *arguments):
        run = subprocess.run(
            [BIN / "lauter-trainer", "fit", "--train", "train.jsonl", "--test", test, "--encoder", encoder,
             "--output", output, "--max-steps", "6", "--folds", "2", *arguments],
            capture_output=True, text=True, env=foreign_environment(), timeout=300, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        return run.stdout

    report = json.loads(fit("one", "--json"))
    assert {"accuracy", "macro_f1", "per_label", "confusion", "seconds", "peak_rss_bytes"} <= report.keys()
    assert report["steps"] == 6 and report["cross_validation"]["tuning"]["used"], "two bodies followed suggestions"
    table = fit("two")
    for words in ("accuracy", "macro F1", "seconds: load", "backward", "peak memory", "confusion"):
        assert words in table
    one, two = ({path.relative_to(tmp_path / name): path.read_bytes() for path in
                 (tmp_path / name).rglob("*") if path.is_file()} for name in ("one", "two"))
    assert one.keys() == two.keys()
    assert [str(path) for path in one if one[path] != two[path]] == []
    assert one[next(path for path in one if path.name == "model.safetensors")] != next(
        encoder.rglob("model.safetensors")).read_bytes()
