"""The command line as people and scripts use it: `lauter up` on a folder of its own, every command on
the example data, a review at a real terminal, exit codes, and what is left behind."""

import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import termios
import threading
import uuid

import pytest

from conftest import BIN, ROOT, Store, foreign_environment, run_lauter, wait_for

EXAMPLE = ROOT / "scripts/example"
SERVICES = ["store", "inference", "labeller", "trainer"]


class Up:
    """The services of one `lauter up`, and a command line that finds them through its folder."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"LAUTER_DATA": str(folder / "data"), "USER": "ada"}

    def __call__(self, *arguments, **options):
        return run_lauter(*arguments, folder=self.folder, environment=self.environment, **options)

    def json(self, *arguments, **options):
        """The values a command prints with --json."""
        return [json.loads(line) for line in self(*arguments, "--json", **options).stdout.splitlines()]

    def popen(self, *arguments, **options):
        return subprocess.Popen(
            [BIN / "lauter", *map(str, arguments)], cwd=self.folder, text=True,
            env={**foreign_environment(), **self.environment}, **options)

    @property
    def supervisor(self):
        return int((self.folder / "data/up.lock").read_text())

    def children(self):
        """Process ids by service, of what the supervisor has started."""
        return {name.removeprefix("lauter-"): pid for pid, name in descendants(self.supervisor).items()
                if name.startswith("lauter-")}


def descendants(parent):
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                arguments = (folder / "cmdline").read_bytes().split(b"\0")
                found[int(folder.name)] = os.path.basename(arguments[0].decode())
    return found


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def up(tmp_path_factory, encoder):
    """Services that run for all tests, with an encoder and the data set `reviews` of example data."""
    up = Up(tmp_path_factory.mktemp("up"))
    try:
        up("up", "--ephemeral", "--detach")
        up("encoder", "pull", "--from", encoder)
        up("dataset", "create", "reviews", "--label", "positive=the writer is content",
           "--label", "neutral=facts, or an undecided verdict", "--label", "negative",
           "--guidelines", "Judge the opinion, not the topic.")
        up("import", "reviews", EXAMPLE / "pool.jsonl")
        up("import", "reviews", EXAMPLE / "test.jsonl", "--split", "test", "--label-field", "label",
           "--user", "gold")
        yield up
    finally:
        up("down", check=False)


def test_the_loop(up):
    """label, review, train, evaluate, predict, export, and what the listings say afterwards."""
    [encoder] = up.json("encoder", "list")
    assert encoder["name"] == "all-minilm-l6-v2" and encoder["default"]
    assert [row["status"] for row in up.json("health")] == ["serving"] * 4

    [job] = up.json("label", "reviews", "--all")
    assert (job["state"], job["agent"], job["suggested"]) == ("succeeded", "encoder-zero-shot", 201)
    [reviewed] = up.json("review", "reviews", "--user", "demo", "--from", EXAMPLE / "review.jsonl")
    assert (reviewed["applied"], reviewed["rejected"]) == (18, 0)
    [again] = up.json("review", "reviews", "--user", "demo", "--from", EXAMPLE / "review.jsonl")
    assert (again["applied"], again["unchanged"]) == (0, 18)

    [job] = up.json("train", "reviews", "--seed", 1, "--max-steps", 4, "--no-suggestions")
    assert (job["state"], job["model"], job["version"]) == ("succeeded", "reviews", 1)
    [by_model] = up.json("evaluate", "reviews", "--model", "reviews@1")
    [by_agent] = up.json("evaluate", "reviews", "--agent", "encoder-zero-shot")
    for evaluation in by_model, by_agent:
        assert evaluation["records"] == 60
        # Better than chance: a third.
        assert evaluation["accuracy_low"] > 1 / 3
        assert sum(map(sum, evaluation["confusion"])) == 60
    assert by_model["accuracy"] == job["evaluation"]["accuracy"]

    texts = ["The fan died after two days.", "Runs cool, I would buy it again."]
    from_arguments = up.json("predict", "--model", "reviews", *texts)
    from_stdin = up.json("predict", "--model", "reviews", "-", input="\n".join(texts) + "\n")
    assert from_arguments == from_stdin
    assert [row["text"] for row in from_arguments] == texts
    for row in from_arguments:
        assert row["version"] == 1 and sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert row["score"] == pytest.approx(max(row["probabilities"].values()))

    [model] = up.json("models", "reviews")
    assert (model["version"], model["encoder"], model["train_records"]) == (1, encoder["name"], 18)
    assert [job["kind"] for job in up.json("jobs", "reviews")] == ["training", "labelling"]
    [shown] = up.json("dataset", "show", "reviews")
    assert (shown["records"], shown["completed"], shown["pending"]) == (201, 78, 123)
    # For people: tables, tab-separated where nobody looks.
    header, row = up("models").stdout.splitlines()
    assert header.split("\t")[:2] == ["name", "version"] and row.split("\t")[:2] == ["reviews", "1"]


def test_what_is_exported_can_be_imported(up):
    up("dataset", "create", "source", "--labels", "positive,neutral,negative", "--optional-field", "note",
       "--field", "text=What was written")
    titles = {field["name"]: field["title"] for field in up.json("dataset", "show", "source")[0]["fields"]}
    assert titles == {"text": "What was written", "note": "note"}
    rows = [{"id": "a", "text": "tab\t, \"quotes\"\nand a line break é 猫", "note": "n", "product": "fan",
             "price": 12.5, "new": True, "label": "neutral"},
            {"id": "b", "text": "plain", "split": "validation"}]
    (up.folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    up("import", "source", "rows.jsonl", "--label-field", "label", "--user", "gold")
    up("label", "source")
    up("review", "source", "--user", "bob", "--from", "-", input='{"id": "b", "discard": true}\n')
    up("export", "source", "-o", "source.jsonl")
    up("dataset", "create", "copy", "--labels", "positive,neutral,negative", "--optional-field", "note",
       "--field", "text")
    up("import", "copy", "source.jsonl")

    def content(text):
        """Everything but the store's own numbers and times."""
        def strip(value):
            if isinstance(value, list):
                return [strip(entry) for entry in value]
            if isinstance(value, dict):
                return {key: strip(entry) for key, entry in value.items()
                        if key not in ("record_id", "create_time_ms")}
            return value

        return [strip(json.loads(line)) for line in text.splitlines()]

    source = content((up.folder / "source.jsonl").read_text())
    assert source == content(up("export", "copy").stdout)
    assert [row["status"] for row in source] == ["completed", "discarded"]
    assert source[0]["fields"] == {"text": rows[0]["text"], "note": "n"}
    assert source[0]["metadata"] == {"product": "fan", "price": 12.5, "new": True}
    assert source[1]["split"] == "validation" and "score" in source[1]["suggestions"][0]
    unchanged = up("import", "source", "source.jsonl").stdout
    assert unchanged == "imported 0, unchanged 2, rejected 0\n"


class Terminal:
    """A pseudo terminal with a program on it."""

    def __init__(self, up, *arguments):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.text, self.seen = "", 0
        self.process = up.popen(*arguments, stdin=self.slave, stdout=self.slave, stderr=self.slave)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 4096):
                self.text += data.decode(errors="replace")

    def expect(self, text):
        """Waits until this appears behind what was expected last."""
        def found():
            assert self.process.poll() is None or text in self.text[self.seen:], self.text
            return text in self.text[self.seen:]

        wait_for(found, f"{text!r} on the terminal:\n{self.text}")
        self.seen = self.text.index(text, self.seen) + len(text)

    def press(self, keys):
        os.write(self.master, keys.encode())

    @property
    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ECHO)

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def to_review(up):
    """A data set with three records, each with a suggestion; its name."""
    name = "d" + uuid.uuid4().hex[:12]
    up("dataset", "create", name, "--labels", "good,bad", "--guidelines", "Judge the opinion.")
    rows = [{"fields": {"text": f"text {i}"}, "id": str(i),
             "suggestions": [{"agent": "parrot", "label": "bad", "score": 0.75}]} for i in range(3)]
    up("import", name, "-", input="".join(json.dumps(row) + "\n" for row in rows))
    return name


def responses(up, dataset):
    rows = [json.loads(line) for line in up("export", dataset).stdout.splitlines()]
    return {row["id"]: [(r["user"], r["status"], r.get("label")) for r in row["responses"]]
            for row in rows}


def test_a_review_at_the_terminal(up, to_review):
    terminal = Terminal(up, "review", to_review)
    try:
        terminal.expect("Judge the opinion.")
        terminal.expect("text 0")
        terminal.expect("Enter accepts")
        wait_for(lambda: terminal.is_raw, "single keys, no echo")
        terminal.press("\r")
        terminal.expect("✓ bad")
        terminal.expect("text 1")
        terminal.expect("Enter accepts")
        terminal.press("1")
        terminal.expect("✓ good")
        terminal.expect("text 2")
        terminal.expect("Enter accepts")
        terminal.press("d")
        terminal.expect("discarded")
        # That was the last record: the review is over by itself.
        assert terminal.process.wait(timeout=60) == 0
        assert "accepted 1, chose another label for 1, discarded 1" in terminal.text
        assert terminal.is_restored()
    finally:
        terminal.close()
    assert responses(up, to_review) == {
        "0": [("ada", "submitted", "bad")], "1": [("ada", "submitted", "good")],
        "2": [("ada", "discarded", None)]}


@pytest.mark.parametrize("end", ["q", "\x03"], ids=["q", "ctrl-c"])
def test_undo_and_quit_at_the_terminal(up, to_review, end):
    terminal = Terminal(up, "review", to_review)
    try:
        terminal.expect("text 0")
        terminal.expect("Enter accepts")
        terminal.press("d")
        terminal.expect("discarded")
        terminal.expect("text 1")
        terminal.expect("Enter accepts")
        terminal.press("u")
        terminal.expect("undone")
        terminal.expect("text 0")
        terminal.expect("Enter accepts")
        assert responses(up, to_review)["0"] == []
        terminal.press("9")
        terminal.expect("there is no label 9")
        terminal.press("1")
        terminal.expect("✓ good")
        terminal.expect("text 1")
        terminal.press(end)
        assert terminal.process.wait(timeout=60) == 0
        assert terminal.is_restored()
    finally:
        terminal.close()
    assert responses(up, to_review) == {"0": [("ada", "submitted", "good")], "1": [], "2": []}


def test_exit_codes(up):
    def ends(*arguments, **options):
        run = up(*arguments, check=False, **options)
        assert run.stderr.startswith("error: "), run.stderr
        return run.returncode

    assert ends("import", "reviews") == 64
    assert ends("predict", "--model", "reviews") == 64
    assert ends("dataset", "create", "Not A Name", "--labels", "a,b") == 64
    assert ends("import", "reviews", "missing.jsonl") == 65
    assert ends("import", "reviews", "-", input="") == 65
    assert ends("dataset", "show", "missing") == 1
    assert ends("predict", "--model", "missing", "text") == 1
    assert ends("dataset", "list", "--store", "127.0.0.1:1") == 69


def test_ctrl_c_cancels_a_training(up):
    up("review", "reviews", "--user", "demo", "--from", EXAMPLE / "review.jsonl")
    process = up.popen("train", "reviews", "--recipe", "setfit", "--model", "never", "--epochs", 1000,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: any(job["state"] == "running" and job.get("progress", {}).get("done")
                         for job in up.json("jobs", "reviews")), "the training is under way")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    [job, *_] = up.json("jobs", "reviews")
    assert job["state"] == "cancelled"
    assert process.returncode == 130
    assert f"job {job['id']} was cancelled" in errors
    assert "never" not in {model["name"] for model in up.json("models")}


def test_a_terminal_shows_how_far_a_training_is(up):
    up("review", "reviews", "--user", "demo", "--from", EXAMPLE / "review.jsonl")
    terminal = Terminal(up, "train", "reviews", "--recipe", "setfit", "--model", "never", "--epochs", "1000")
    # All of it on the 80 columns a terminal has that does not say how many.
    step = re.compile(r"\r\x1b\[Kbody \[=* *\] \d+% \((\d+)/\d+\), [^\r,]+ left, \d+ texts/s, loss [\d.]+\r")
    try:
        wait_for(lambda: len({*step.findall(terminal.text)}) > 1, "a bar that moves")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(timeout=60) == 130
        # The bar is gone, and the shell's prompt starts on a line of its own.
        end = re.compile(r"\x1b\[K\x1b\[31merror:\x1b\[0m job \d+ was cancelled\r\n$")
        wait_for(lambda: end.search(terminal.text), "what became of the job")
        assert "cancelling job" in terminal.text
        assert terminal.is_restored()
    finally:
        terminal.close()


def test_ctrl_c_cancels_a_labelling(start, contracts, tmp_path, lauter):
    """Even one whose LLM does not answer."""
    service = start("lauter-store", "--data", tmp_path / "store")
    store = Store(service, contracts)
    store.create("texts", texts=[f"text {i}" for i in range(20)])
    llm = start("replay-llm", "--hold-after", 5)
    labeller = start("lauter-labeller", "--store", service.address, "--llm-url", llm.url,
                     "--llm-model", "slow")
    client = Up(tmp_path)
    client.environment |= {"LAUTER_STORE": service.address, "LAUTER_LABELLER": labeller.address}
    process = client.popen("label", "texts", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: len(llm.log()) > 5, "the LLM holds an answer back")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "was cancelled" in errors
    [job] = store.jobs.ListJobs(store.messages.ListJobsRequest(), timeout=30).jobs
    assert job.state == store.messages.JOB_STATE_CANCELLED
    # What the LLM had answered is kept.
    assert len(store.suggestions("texts")) == 5
    assert labeller.stop() == 0


def test_a_killed_service_is_started_again(up):
    before = up.children()
    assert sorted(before) == sorted(SERVICES)
    addresses = {row["service"]: row["address"] for row in up.json("health")}
    for name in "store", "labeller":
        os.kill(before[name], signal.SIGKILL)
        wait_for(lambda: up.children().get(name, before[name]) != before[name], f"a new {name}")
    wait_for(lambda: up("health", check=False).returncode == 0, "every service serves")
    after = up.children()
    assert {name for name in SERVICES if after[name] != before[name]} == {"store", "labeller"}
    assert {row["service"]: row["address"] for row in up.json("health")} == addresses
    [shown] = up.json("dataset", "show", "reviews")
    assert shown["records"] == 201


@pytest.fixture
def foreground(tmp_path):
    """`lauter up` in the foreground, ready: (up, process, the process ids of its children)."""
    up = Up(tmp_path)
    process = up.popen("up", "--ephemeral", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    children = {}
    try:
        assert sorted(json.loads(process.stdout.readline())) == sorted(SERVICES)
        children = descendants(process.pid)
        yield up, process, children
    finally:
        for pid in [process.pid, *children]:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_sigterm_leaves_nothing_behind(foreground):
    up, process, children = foreground
    # The four services, and a guard for the case below.
    assert len(children) == 5
    second = up("up", "--ephemeral", check=False)
    assert second.returncode == 1 and str(process.pid) in second.stderr
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    wait_for(lambda: not any(map(is_running, children)), "no child is left", seconds=10)
    assert up("health", check=False).returncode == 69
    assert up("down").stderr.startswith("no services run in ")


def test_kill_9_leaves_nothing_behind(foreground):
    _, process, children = foreground
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(is_running, children)), "no child is left", seconds=30)


def test_a_store_that_restarts_is_waited_for_where_a_call_may_be_repeated(start, tmp_path):
    """The first attempt meets a store that goes away, the next one the store that comes back."""
    store = start("lauter-store", "--data", tmp_path / "store")
    port = store.port

    def meets_a_restart(*arguments):
        store.kill()
        with socket.create_server(("127.0.0.1", port)) as going:
            command = subprocess.Popen(
                [BIN / "lauter", *arguments], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env={**foreign_environment(), "LAUTER_STORE": f"127.0.0.1:{port}"})
            connection, _ = going.accept()
            connection.settimeout(30)
            # The call, or at least the client's preface, has come; nothing is answered.
            assert connection.recv(1)
            connection.close()
        store.start(port)
        out, error = command.communicate(timeout=60)
        return command.returncode, out, error

    create = ["dataset", "create", "reviews", "--label", "good", "--label", "bad"]
    code, _, error = meets_a_restart(*create)
    assert code == 69 and f"127.0.0.1:{port}" in error
    code, out, error = meets_a_restart("dataset", "list", "--json")
    assert (code, out) == (0, ""), error
    assert run_lauter(*create, folder=tmp_path, services=[store]).returncode == 0
    code, out, error = meets_a_restart("dataset", "list", "--json")
    assert code == 0 and json.loads(out)["name"] == "reviews", error
