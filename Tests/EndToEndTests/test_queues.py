"""What training finds worth a second look: answers that are probably wrong, and suggestions that the
classifier contradicts, from planted errors to the reviewer's keys."""

import json
import random

from conftest import ROOT, run_lauter

EXAMPLE = ROOT / "scripts/example"
LABELS = ["negative", "neutral", "positive"]


def rows(name):
    return [json.loads(line) for line in (EXAMPLE / name).read_text(encoding="utf-8").splitlines()]


def wrong(chance, label):
    return chance.choice([other for other in LABELS if other != label])


def test_planted_errors_come_first_in_the_queues(start, contracts, encoder, tmp_path):
    store_service = start("lauter-store", "--data", tmp_path / "store")
    trainer = start("lauter-trainer", "--store", store_service.address, "--cache", tmp_path / "cache")
    environment = {"LAUTER_STORE": store_service.address, "LAUTER_TRAINER": trainer.address, "USER": "ada"}

    def lauter(*arguments, **options):
        return run_lauter(*arguments, folder=tmp_path, environment=environment, **options)

    def queued(name):
        call = contracts.store_grpc.RecordServiceStub(store_service.channel).ListQueue
        return call(contracts.store.ListQueueRequest(dataset="reviews", queue=name, page_size=1000), timeout=30)

    # 101 answers, 12 of them wrong; 40 records without one, where an agent is wrong 10 times.
    gold = {row["id"]: row["label"] for row in rows("pool-gold.jsonl")}
    pool = rows("pool.jsonl")
    chance = random.Random(5)
    chance.shuffle(pool)
    answered, open_ = pool[:-40], pool[-40:]
    mistaken = {row["id"]: wrong(chance, gold[row["id"]]) for row in answered[:12]}
    misled = {row["id"]: wrong(chance, gold[row["id"]]) for row in open_[:10]}
    lines = [{"id": row["id"], "fields": {"text": row["text"]}, "responses": [
        {"user": "ada", "label": mistaken.get(row["id"], gold[row["id"]]), "status": "submitted"}]}
        for row in answered]
    lines += [{"id": row["id"], "fields": {"text": row["text"]}, "suggestions": [
        {"agent": "llm", "label": misled.get(row["id"], gold[row["id"]]), "score": 0.9}]} for row in open_]
    (tmp_path / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    lauter("encoder", "pull", "--from", encoder)
    lauter("dataset", "create", "reviews", "--labels", ",".join(LABELS))
    lauter("import", "reviews", "records.jsonl")
    lauter("train", "reviews", "--freeze-body", "--seed", "1")

    for name, planted, share in [("label-errors", mistaken, 0.4), ("disagreements", misled, 0.3)]:
        answer = queued(name)
        assert (answer.model, answer.version) == ("reviews", 1)
        found = [entry.record.external_id for entry in answer.records]
        assert [entry.score for entry in answer.records] == sorted(
            (entry.score for entry in answer.records), reverse=True)
        hits = len(planted.keys() & set(found[:len(planted)]))
        print(f"\n{name}: {len(found)} records; of the first {len(planted)}, {hits} were planted "
              f"(precision {hits / max(1, min(len(found), len(planted))):.2f}, recall {hits / len(planted):.2f})")
        # By chance about one in eight or one in four.
        assert hits / len(planted) >= share
        # About as many as there are: the classifier contradicts more, but is not often right.
        assert len(found) <= (2 if planted is mistaken else 4) * len(planted)
        assert set(found) <= {row["id"] for row in (answered if planted is mistaken else open_)}
    shown = json.loads(lauter("dataset", "show", "reviews", "--json").stdout)
    assert {entry["queue"]: entry["records"] for entry in shown["queues"]} == {
        name: len(queued(name).records) for name in ("label-errors", "disagreements")}

    # The reviewer: the first is corrected, the second as well and taken back, the third is right as it was.
    before = queued("label-errors").records
    first, second, third = (entry.record for entry in before[:3])
    review = lauter("review", "reviews", "--queue", "label-errors",
                    input="\n\nu\ns\n" + str(LABELS.index(third.responses[0].label) + 1) + "\nq\n")
    assert "ada said " in review.stderr and "reviews version 1" in review.stderr

    def label(record):
        exported = lauter("export", "reviews").stdout.splitlines()
        return next(row["label"] for row in map(json.loads, exported) if row["id"] == record.external_id)

    assert label(first) == before[0].label != first.responses[0].label
    assert label(second) == second.responses[0].label, "undo puts the earlier answer back"
    assert label(third) == third.responses[0].label
    left = [entry.record.external_id for entry in queued("label-errors").records]
    assert first.external_id not in left and third.external_id not in left

    # Disagreements are reviewed likewise: the suggestion is shown, and an answer takes the record out.
    first = queued("disagreements").records[0].record
    review = lauter("review", "reviews", "--queue", "disagreements", input="\nq\n")
    assert "llm" in review.stderr and label(first) in LABELS
    assert first.external_id not in [entry.record.external_id for entry in queued("disagreements").records]

    # The next training fills the queues anew; a queue that is not there is named with those that are.
    told = json.loads(lauter("train", "reviews", "--freeze-body", "--json").stdout)
    assert told["version"] == 2 and told["cross_validation"]["evaluation"]["records"] >= len(answered)
    assert queued("label-errors").version == 2
    refused = lauter("review", "reviews", "--queue", "errors", check=False)
    assert refused.returncode == 1 and "'disagreements', 'label-errors'" in refused.stderr
