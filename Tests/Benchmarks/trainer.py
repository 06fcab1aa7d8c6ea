#!/usr/bin/env python3
"""Measures training beside the real SetFit, in one run, and holds the result against the targets.

    Tests/Benchmarks/trainer.py ENCODER_FOLDER DATA_FOLDER [--shots 8 16] [--rounds 1]
        [--growth OTHER_ENCODER DATA_FOLDER_WITH_MANY_LABELS] [--no-peer]

DATA_FOLDER has train.jsonl and test.jsonl ({"text", "label"} a line). For each number of shots the same
records are trained on by setfit 1.2 with its defaults (PyTorch, in an environment of its own in the cache,
the same as scripts/check-setfit.sh makes), by `lauter-trainer fit --recipe setfit` with the same pairs, steps and
head, and by the default recipe. Measured by the operating system from the start of the process to the
saved model, and once more for the training phase alone; the accuracy on the same test rows comes after,
from the saved model. `--recipe setfit` is run without cross-validation, which SetFit does not have; the
default recipe is run as it comes, and alone held against the targets; the exit status is 1 if it misses one.
Every saved model of ours includes the check of what int8 and bf16 cost on the training records.

--growth shows how the default recipe's time and its parts grow with shots, labels, text length, layers (the other
encoder should have fewer) and the vocabulary, to which words are added that no text has. Keep the machine quiet.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("LAUTER_TEST_CACHE", ROOT / ".build-tests"))
REQUIREMENTS = ["torch==2.13.0", "transformers==4.57.6", "sentence-transformers==5.1.2", "setfit==1.2.0",
                "scikit-learn==1.9.1"]
# How many times less than SetFit's.
TARGETS = {"wall": 10, "training": 10, "memory": 4}


def read(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines() if line.strip()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def sample(rows, shots, seed=42):
    """So many records of each label."""
    chosen = []
    for label in sorted({row["label"] for row in rows}):
        own = [{"text": row["text"], "label": label} for row in rows if row["label"] == label]
        chosen += random.Random(f"{seed} {label}").sample(own, min(shots, len(own)))
    return chosen


def measured(command, **environment):
    """Wall and CPU seconds and peak bytes of a process, and what it printed."""
    start = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **environment})
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"trainer.py: {' '.join(map(str, command))} failed")
    return {"wall": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * 1024}, printed


def peer(arguments):
    """In SetFit's environment: trains and saves, then says what it took; or predicts with what was saved."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    rows = read(arguments.train)
    names = sorted({row["label"] for row in rows})
    if arguments.predict:
        from setfit import SetFitModel
        model = SetFitModel.from_pretrained(str(arguments.output), device="cpu")
        test = read(arguments.test)
        predicted = model.predict([row["text"] for row in test], show_progress_bar=False)
        right = sum(names[int(p)] == row["label"] for p, row in zip(predicted, test))
        print(json.dumps({"accuracy": right / len(test)}), file=answers)
        return
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    model = SetFitModel.from_pretrained(str(arguments.encoder), device="cpu")
    rows = [{"text": row["text"], "label": names.index(row["label"])} for row in rows]
    with tempfile.TemporaryDirectory() as scratch:
        options = TrainingArguments(output_dir=scratch, report_to="none", show_progress_bar=False, save_strategy="no")
        trainer = Trainer(model=model, args=options, train_dataset=Dataset.from_list(rows))
        start = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - start
        model.save_pretrained(str(arguments.output))
    print(json.dumps({"training": seconds, "steps": trainer.st_trainer.state.global_step}), file=answers)


def environment():
    """The Python of setfit's environment, which check-setfit.sh makes too."""
    folder = CACHE / "setfit"
    marker = folder / "requirements"
    if not marker.exists() or marker.read_text().strip() != " ".join(REQUIREMENTS):
        print(f"making a Python environment with setfit in {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin/pip", "-q", "--disable-pip-version-check", "install", *REQUIREMENTS], check=True)
        marker.write_text(" ".join(REQUIREMENTS) + "\n")
    return folder / "bin/python"


class Bench:
    def __init__(self, arguments, scratch):
        self.arguments, self.scratch = arguments, scratch
        self.train = read(arguments.data / "train.jsonl")
        rows = read(arguments.data / "test.jsonl")
        self.test = write(scratch / "test.jsonl", rows[:arguments.test])
        self.count = 0

    def output(self):
        self.count += 1
        return self.scratch / f"model-{self.count}"

    def setfit(self, train):
        output = self.output()
        command = [environment(), __file__, self.arguments.encoder, self.arguments.data, "--peer", "--train", train,
                   "--output", output]
        result, printed = measured(command)
        result.update(json.loads(printed))
        _, printed = measured([*command, "--predict", "--test-file", self.test])
        return {**result, **json.loads(printed)}

    def lauter(self, train, *flags, encoder=None):
        output = self.output()
        result, printed = measured([
            self.arguments.trainer, "fit", "--train", train, "--encoder", encoder or self.arguments.encoder,
            "--output", output, "--json", *flags])
        report = json.loads(printed)
        seconds = report["seconds"]
        result["training"] = sum(seconds[part] for part in ("validation", "embedding", "body", "head"))
        result["steps"] = report["steps"]
        result["seconds"] = seconds
        return result, output

    def accuracy(self, model):
        printed = subprocess.run([self.arguments.trainer, "predict", "--model", model, "--input", self.test],
                                 check=True, capture_output=True, text=True).stdout
        said = [json.loads(line)["label"] for line in printed.splitlines()]
        return sum(row["label"] == label for row, label in zip(read(self.test), said)) / len(said)

    def compare(self):
        met = True
        print("| records | trainer | steps | wall s | CPU s | training s | peak MB | accuracy % |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        ratios = []
        for shots in self.arguments.shots:
            train = write(self.scratch / "train.jsonl", sample(self.train, shots))
            runs = {"setfit 1.2": [], "lauter, recipe setfit": [], "lauter": []}
            for _ in range(self.arguments.rounds):
                runs["setfit 1.2"].append(self.setfit(train))
                for name, flags in [("lauter, recipe setfit", ["--recipe", "setfit", "--folds", "0"]), ("lauter", [])]:
                    result, model = self.lauter(train, *flags)
                    runs[name].append({**result, "accuracy": self.accuracy(model)})
            best = {name: {key: min(run[key] for run in results) for key in ("wall", "cpu", "training", "memory")}
                    for name, results in runs.items()}
            for name, results in runs.items():
                b = best[name]
                accuracy = statistics.mean(run["accuracy"] for run in results)
                print(f"| {shots} a label | {name} | {results[0]['steps']} | {b['wall']:.2f} | {b['cpu']:.2f} | "
                      f"{b['training']:.2f} | {b['memory'] / 1e6:.0f} | {accuracy * 100:.1f} |", flush=True)
                if name == "setfit 1.2":
                    continue
                ratio = {key: best["setfit 1.2"][key] / b[key] for key in TARGETS}
                gain = accuracy - statistics.mean(run["accuracy"] for run in runs["setfit 1.2"])
                ratios.append(f"{shots} a label, {name}: {ratio['wall']:.1f} times faster from start to saved model, "
                              f"{ratio['training']:.1f} in training alone, {ratio['memory']:.1f} times less memory, "
                              f"accuracy {gain * 100:+.1f}")
                if name == "lauter":
                    met &= gain >= 0 and all(ratio[key] >= TARGETS[key] for key in TARGETS)
        print()
        print("\n".join(ratios))
        print("targets of lauter are " + ("met" if met else "NOT met") + ": " +
              ", ".join(f"{key} {times} times" for key, times in TARGETS.items()) + ", accuracy no lower")
        return met

    PARTS = ("load", "tokenize", "validation", "embedding", "forward", "backward", "optimiser", "head", "save", "total")

    def growth(self, other, many):
        print("\n| what | steps | " + " | ".join(self.PARTS) + " |")
        print("|---" * (len(self.PARTS) + 2) + "|", flush=True)

        def row(what, rows, *flags, encoder=None):
            train = write(self.scratch / "growth.jsonl", rows)
            result, _ = self.lauter(train, *flags, encoder=encoder)
            values = " | ".join(f"{result['seconds'][part]:.2f}" for part in self.PARTS)
            print(f"| {what} | {result['steps']} | {values} |", flush=True)

        for shots in (2, 4, 8, 16, 32, 64):
            row(f"{shots} a label", sample(self.train, shots))
        rows = read(many / "train.jsonl")
        labels = sorted({r["label"] for r in rows})
        for count in sorted({count for count in (2, 4, 8, 16, 32, 64, len(labels)) if count <= len(labels)}):
            row(f"{count} labels of {many.name}, 8 a label",
                sample([r for r in rows if r["label"] in labels[:count]], 8))
        rows = sample(self.train, 8)
        for times in (1, 2, 4, 8):
            row(f"texts {times} times as long", [{**r, "text": " ".join([r["text"]] * times)} for r in rows])
        for encoder in (other, self.arguments.encoder):
            layers = json.loads((encoder / "config.json").read_text())["num_hidden_layers"]
            row(f"{layers} layers", rows, encoder=encoder)
        for times in (1, 4):
            row(f"a vocabulary {times} times as long", rows, encoder=self.lengthened(times))

    def lengthened(self, times):
        """The encoder with as many words added as it has times one less, which the tokenizer never makes."""
        folder = self.scratch / f"vocabulary-{times}"
        shutil.copytree(self.arguments.encoder, folder)
        config = json.loads((folder / "config.json").read_text())
        config["vocab_size"] *= times
        (folder / "config.json").write_text(json.dumps(config))
        file = folder / "model.safetensors"
        data = file.read_bytes()
        start = 8 + int.from_bytes(data[:8], "little")
        header, body = json.loads(data[8:start]), bytearray()
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            values = data[start + entry["data_offsets"][0]:start + entry["data_offsets"][1]]
            if name.endswith("word_embeddings.weight"):
                values *= times
                entry["shape"][0] *= times
            entry["data_offsets"] = [len(body), len(body) + len(values)]
            body += values
        encoded = json.dumps(header).encode()
        encoded += b" " * (-len(encoded) % 8)
        file.write_bytes(len(encoded).to_bytes(8, "little") + encoded + body)
        return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=pathlib.Path, help="a sentence-transformers folder")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--trainer", type=pathlib.Path, default=ROOT / ".build/release/lauter-trainer")
    parser.add_argument("--shots", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--rounds", type=int, default=1, help="the best of each counts, accuracies are averaged")
    parser.add_argument("--test", type=int, default=500, help="test rows")
    parser.add_argument("--growth", type=pathlib.Path, nargs=2, metavar=("ENCODER", "DATA"))
    parser.add_argument("--no-peer", action="store_true", help="only --growth")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--predict", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--train", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--test-file", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        arguments.encoder = arguments.encoder.resolve()
        arguments.test = arguments.test_file
        return peer(arguments) or 0
    arguments.encoder = arguments.encoder.resolve()
    processor = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.processor()) if sys.platform == "linux" else platform.processor()
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}; {arguments.encoder.name}, "
          f"{arguments.data.name}, {arguments.test} test rows; best of {arguments.rounds}\n", flush=True)
    met = True
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(arguments, pathlib.Path(scratch))
        if not arguments.no_peer:
            met = bench.compare()
        if arguments.growth:
            bench.growth(*(folder.resolve() for folder in arguments.growth))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
