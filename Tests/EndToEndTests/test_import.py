"""Import as users do it: bad input is named by file and line and never quoted, and what the store
acknowledged survives its being killed."""

import collections
import json
import random
import threading
import uuid

import grpc
import pytest

from conftest import Store

SECRET = "wharfinger"  # stands in every text: no message may repeat it


@pytest.fixture(scope="module")
def store(start_shared, contracts, tmp_path_factory):
    return Store(start_shared("lauter-store", "--data", tmp_path_factory.mktemp("store")), contracts)


@pytest.fixture
def dataset(store):
    """An empty data set of the test's own; its name."""
    name = "d" + uuid.uuid4().hex[:12]
    store.create(name)
    return name


def line(**columns):
    return json.dumps(columns, ensure_ascii=False).encode() + b"\n"


GOOD = line(id="a", text=f"{SECRET} one") + line(id="b", text=f"{SECRET} two")

# What is on line 3, behind two good lines, and what is said of it.
BAD_LINES = {
    "not JSON": (
        b"not JSON, " + SECRET.encode() + b"\n", "not JSON: a value is expected at column 1"),
    "cut JSON": (
        b'{"id": "c", "text": "' + SECRET.encode() + b'\n', "not JSON: a string is not closed at column 32"),
    "an array": (line(id="c").replace(b"{", b"[").replace(b"}", b"]").replace(b":", b","),
                 "an array, where a JSON object is expected"),
    "missing field": (line(id="c", note=SECRET), "text: is missing"),
    "blank field": (line(id="c", text="  "), "text: is empty"),
    "a number for a text": (line(id="c", text=12), "text: is a number, where a text is expected"),
    "unknown label": (
        line(id="c", text=SECRET, label="maybe"),
        "label: unknown label 'maybe'; the labels are 'positive', 'negative'"),
    "unknown split": (
        line(id="c", text=SECRET, split="dev"),
        "split: is 'dev'; a split is train, validation or test"),
    "duplicate id in the file": (
        line(id="a", text=f"{SECRET} three"), "id: the id 'a' is there already, on line 1"),
    "not UTF-8": (
        b'{"id": "c", "text": "' + SECRET.encode() + b' caf\xe9"}\n',
        "not UTF-8: byte 0xe9 at column 36; save the file as UTF-8"),
    "embedded NUL": (
        line(id="c", text=f"{SECRET}\0"), "text: has a NUL character (U+0000); remove it"),
    "raw NUL": (
        b'{"id": "c", "text": "' + SECRET.encode() + b'\0"}\n',
        "not JSON: a control character stands in a string at column 32"),
}


@pytest.mark.parametrize("problem", BAD_LINES)
def test_a_bad_line_is_named_and_stops_the_import_or_is_skipped(
        store, dataset, lauter, tmp_path, problem):
    bad, message = BAD_LINES[problem]
    (tmp_path / "in.jsonl").write_bytes(GOOD + bad + line(id="z", text=f"{SECRET} last"))
    command = ["import", dataset, "in.jsonl", "--label-field", "label"]

    stopped = lauter(*command, services=[store.service], check=False)
    assert stopped.returncode == 65
    assert stopped.stdout == "imported 0, unchanged 0, rejected 1\n"
    assert stopped.stderr.splitlines() == [
        f"in.jsonl:3: {message}",
        "hint: nothing was imported; correct the lines above, or leave them out with --on-error skip"]
    assert store.export(dataset) == []

    skipped = lauter(*command, "--on-error", "skip", services=[store.service], check=False)
    assert skipped.returncode == 65
    assert skipped.stdout == "imported 3, unchanged 0, rejected 1\n"
    assert skipped.stderr.splitlines() == [f"in.jsonl:3: {message}", f"next: lauter label {dataset}"]
    assert [record.external_id for record in store.export(dataset)] == ["a", "b", "z"]

    for run in stopped, skipped:
        assert SECRET not in run.stdout + run.stderr
    assert SECRET not in "".join(store.service.lines)


def test_an_id_the_store_has_with_another_text(store, dataset, lauter, tmp_path):
    (tmp_path / "first.jsonl").write_bytes(GOOD)
    lauter("import", dataset, "first.jsonl", services=[store.service])
    (tmp_path / "in.jsonl").write_bytes(
        GOOD.splitlines(keepends=True)[0] + line(id="b", text=f"{SECRET} other") + line(id="c", text="new"))

    stopped = lauter("import", dataset, "in.jsonl", services=[store.service], check=False)
    assert (stopped.returncode, stopped.stdout) == (65, "imported 0, unchanged 0, rejected 1\n")
    complaint = stopped.stderr.splitlines()[0]
    assert complaint.startswith("in.jsonl:2: id: ") and "'b'" in complaint
    assert len(store.export(dataset)) == 2

    skipped = lauter("import", dataset, "in.jsonl", "--on-error", "skip", "--json",
                     services=[store.service], check=False)
    assert skipped.returncode == 65
    summary = json.loads(skipped.stdout)
    assert (summary["imported"], summary["unchanged"], summary["rejected"]) == (1, 1, 1)
    [problem] = summary["problems"]
    assert (problem["file"], problem["line"], problem["field"]) == ("in.jsonl", 2, "id")
    assert {r.external_id: r.fields["text"] for r in store.export(dataset)} == {
        "a": f"{SECRET} one", "b": f"{SECRET} two", "c": "new"}
    assert SECRET not in stopped.stderr + skipped.stdout + skipped.stderr


@pytest.mark.parametrize("on_error", ["stop", "skip"])
@pytest.mark.parametrize("content, complaint", [
    (b"", "in.jsonl: the file is empty"),
    (b"\xef\xbb\xbf \n\n", "in.jsonl: the file is empty"),
    (GOOD.decode().encode("utf-16"), "in.jsonl:1: the file is UTF-16, not UTF-8"),
    (b"[" + GOOD, "in.jsonl:1: a JSON array, where one JSON object per line is expected")])
def test_a_file_of_the_wrong_kind(store, dataset, lauter, tmp_path, content, complaint, on_error):
    (tmp_path / "in.jsonl").write_bytes(content)
    run = lauter("import", dataset, "in.jsonl", "--on-error", on_error, services=[store.service],
                 check=False)
    assert (run.returncode, run.stdout) == (65, "")
    error, hint = run.stderr.splitlines()
    assert error == f"error: {complaint}" and hint.startswith("hint: ")
    assert SECRET not in run.stderr
    assert store.export(dataset) == []


def test_csv_with_quoted_newlines_and_a_byte_order_mark(store, dataset, lauter, tmp_path):
    (tmp_path / "in.csv").write_bytes(
        b'\xef\xbb\xbfid,text,product,label\r\n'
        b'1,"two\nlines, ""quoted""",fan,positive\r\n'
        b'2,"cr\r\nlf",case,\r\n'
        b'3,short row\r\n'
        b'4,plain,,negative\r\n')
    run = lauter("import", dataset, "in.csv", "--label-field", "label", "--user", "gold",
                 "--on-error", "skip", services=[store.service], check=False)
    assert run.returncode == 65
    assert run.stdout == "imported 3, unchanged 0, rejected 1\n"
    # The line of the file, though quoted line breaks came before it.
    assert run.stderr.splitlines()[0] == "in.csv:6: 2 cells, where the header has 4"
    records = {record.external_id: record for record in store.export(dataset)}
    assert {i: r.fields["text"] for i, r in records.items()} == {
        "1": 'two\nlines, "quoted"', "2": "cr\r\nlf", "4": "plain"}
    assert records["1"].metadata["product"].text == "fan" and not records["4"].metadata
    assert [(r.user, r.label) for r in records["1"].responses] == [("gold", "positive")]
    assert not records["2"].responses


@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_stdin(store, dataset, lauter, on_error):
    run = lauter("import", dataset, "-", "--on-error", on_error, services=[store.service],
                 input=GOOD.decode() + "nope\n", check=False)
    assert run.returncode == 65
    assert run.stderr.splitlines()[0] == "stdin:3: not JSON: a value is expected at column 1"
    assert len(store.export(dataset)) == (0 if on_error == "stop" else 2)
    again = lauter("import", dataset, "-", services=[store.service], input=GOOD.decode())
    assert again.stdout == ("imported 2, unchanged 0, rejected 0\n" if on_error == "stop"
                            else "imported 0, unchanged 2, rejected 0\n")


def test_of_each_label_a_share_is_held_back_once(store, dataset, lauter):
    def rows(numbers):
        """Of ten five are positive, two negative and three not answered."""
        return "".join(json.dumps({
            "id": str(number), "text": f"text {number}",
            "gold": ("positive" if number % 2 else {0: "negative", 4: "negative"}.get(number % 10)),
        }) + "\n" for number in numbers)

    def load(text, *arguments):
        return json.loads(lauter(
            "import", dataset, "-", "--label-field", "gold", "--json", *arguments,
            services=[store.service], input=text).stdout)

    def held_back():
        return {record.external_id: [response.label for response in record.responses]
                for record in store.export(dataset) if record.split == store.messages.SPLIT_TEST}

    first = load(rows(range(100)), "--hold-back", "0.2")
    assert (first["imported"], first["held_back"]) == (100, 20)
    held = held_back()
    by_label = collections.Counter(labels[0] if labels else None for labels in held.values())
    assert by_label == {"positive": 10, "negative": 4, None: 6}

    # The file has grown and is in another order. What was trained on before is not tested on now.
    grown = load(rows(reversed(range(150))), "--hold-back", "0.2")
    assert (grown["imported"], grown["unchanged"], grown["held_back"]) == (50, 100, 10)
    assert {key for key in held_back() if int(key) < 100} == held.keys()
    now = held_back()

    # Not held back is not a split: what is there stays. But a split that is named is another content.
    again = load(rows(range(150)))
    assert (again["unchanged"], again["rejected"]) == (150, 0) and held_back() == now
    refused = lauter("import", dataset, "-", "--label-field", "gold", "--split", "train",
                     services=[store.service], input=rows(range(100)), check=False)
    assert refused.returncode == 65 and "is stored with other content" in refused.stderr
    assert held_back() == now

    with pytest.raises(grpc.RpcError) as raised:
        list(store.records.ImportRecords(iter([store.messages.ImportRecordsRequest(
            dataset=dataset, hold_back=1.5)])))
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.details() == "hold_back: a share is from 0 to 1, not 1.5"


def test_what_was_acknowledged_survives_kill_9(start, contracts, tmp_path):
    """Several times over: the store is killed at a random moment of a streamed import. Each batch it
    acknowledged is there, once; the same import again completes it, and no record is there twice."""
    store = Store(start("lauter-store", "--data", tmp_path / "store"), contracts)
    messages, seed = store.messages, random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    size = 50

    def batch(dataset, number):
        # Every other batch without ids of its own: the store derives them from the content.
        return messages.ImportRecordsRequest(dataset=dataset, records=[
            messages.ImportRecord(
                line=number * size + i + 1,
                external_id=f"{number}-{i}" if number % 2 else "",
                fields={"text": f"batch {number}, text {i}"})
            for i in range(size)])

    def texts(numbers):
        return {f"batch {number}, text {i}" for number in numbers for i in range(size)}

    def there(dataset):
        counts = collections.Counter(record.fields["text"] for record in store.export(dataset))
        assert not [text for text, count in counts.items() if count > 1]
        return set(counts)

    for cycle in range(4):
        dataset = f"cycle-{cycle}"
        store.create(dataset)
        deadly, port, acknowledged = chance.randrange(1, 20), store.service.port, 0
        # Not between two batches, but wherever the store is a moment later.
        killer = threading.Timer(chance.random() * 0.02, store.service.process.kill)
        sent = 0

        def batches():
            nonlocal sent
            while store.service.process.poll() is None:
                yield batch(dataset, sent)
                sent += 1

        with pytest.raises(grpc.RpcError) as raised:
            for answer in store.records.ImportRecords(batches(), timeout=60):
                assert (answer.imported, len(answer.problems)) == (size, 0)
                acknowledged += 1
                if acknowledged == deadly:
                    killer.start()
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
        killer.join()
        store.service.kill()
        # The generator may still have been at its last batch.
        total = sent + 2
        assert deadly <= acknowledged < total

        store.service.start(port)
        survived = there(dataset)
        assert survived >= texts(range(acknowledged))
        # A batch is there as a whole or not at all, in order.
        assert survived == texts(range(len(survived) // size))

        answers = list(store.records.ImportRecords(
            (batch(dataset, number) for number in range(total)), timeout=60))
        assert sum(answer.unchanged for answer in answers) == len(survived)
        assert sum(answer.imported for answer in answers) == total * size - len(survived)
        assert there(dataset) == texts(range(total))
    assert store.service.stop() == 0
