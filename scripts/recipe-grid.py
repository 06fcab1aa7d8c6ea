#!/usr/bin/env python3
"""Trains every recipe on every data set, with every number of shots and every seed, and prints Markdown:
mean test accuracy, and the paired difference (same shots, same seed) to the first recipe.

  scripts/recipe-grid.py --data FOLDER --encoder FOLDER [--sets NAME...] [--shots K...] [--seeds N]
                         [--recipes NAME...] [--agent-accuracy Q] [--pool N] [--test N] [--rows FILE]
                         [--setfit-python PYTHON]

FOLDER holds a folder per data set with train.jsonl and test.jsonl ({"text", "label"} a line). A recipe is
`setfit` or `lauter`, with `:frozen` to leave the body as it is, `:use-suggestions` to learn in any case from
simulated suggestions on the rest of the pool, and `:no-suggestions` never to. Those are right with probability Q overall but not alike: each label has
its own accuracy (up to 15 points off) and its own confusions, and texts that a naive Bayes classifier finds
hard go wrong first, half of them to what that classifier would have said.

The recipe `setfit-1.2` is the real SetFit with its defaults, trained on the same answers by the Python that
--setfit-python names (scripts/check-setfit.sh makes such an environment); SETFIT_THREADS says on how many
threads. It is slow, so what it reached is kept in Tests/Benchmarks/results/setfit-1.2, a file per encoder (pool
1000, test 500; three layers also have our recipe `setfit`, 8 answers, ten seeds): start --rows from a copy of one,
and only what is missing there is trained. What `lauter` reached with suggestions (8 answers, with 75% right also none)
is in lauter-60, -75 and -90, and in lauter-75-of-2000 with a pool of 2000; without, in lauter-few-shot. What a head on all
gold labels reaches is in encoder-as-it-comes (setfit:frozen, 1000 shots).

Needs a release build (scripts/build.sh) and, but for setfit-1.2, nothing but Python's standard library. --rows keeps the single
results, and a run that finds some there does not repeat them.
"""

import argparse
import collections
import json
import math
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile

PEER = "setfit-1.2"
ROOT = pathlib.Path(__file__).resolve().parents[1]


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def naive_bayes(rows, labels, folds=5):
    """Of each row, how probable its label is and which other label is most probable, both out of fold."""
    bags = [re.findall(r"\w+|[^\w\s]", row["text"].lower()) for row in rows]
    result = [None] * len(rows)
    for fold in range(folds):
        counts = {label: collections.Counter() for label in labels}
        priors = collections.Counter()
        for i, row in enumerate(rows):
            if i % folds != fold:
                counts[row["label"]].update(bags[i])
                priors[row["label"]] += 1
        words = len(set().union(*counts.values())) + 1
        totals = {label: sum(counts[label].values()) + words for label in labels}
        for i in range(fold, len(rows), folds):
            logs = {label: math.log(priors[label] + 1) + sum(
                math.log((counts[label][word] + 1) / totals[label]) for word in bags[i]) for label in labels}
            top = max(logs.values())
            total = sum(math.exp(value - top) for value in logs.values())
            own = rows[i]["label"]
            result[i] = (math.exp(logs[own] - top) / total,
                         max((label for label in labels if label != own), key=logs.get))
    return result


def suggest(rows, accuracy, seed):
    """The rows with what an agent of that accuracy might have said of them."""
    chance = random.Random(seed)
    labels = sorted({row["label"] for row in rows})
    known = naive_bayes(rows, labels)
    share = {label: min(0.98, max(0.05, accuracy + chance.uniform(-0.15, 0.15))) for label in labels}
    count = collections.Counter(row["label"] for row in rows)
    excess = sum(share[label] * count[label] for label in labels) / len(rows) - accuracy
    said = [row["label"] for row in rows]
    for label in labels:
        own = [i for i, row in enumerate(rows) if row["label"] == label]
        own.sort(key=lambda i: known[i][0] + chance.gauss(0, 0.35))
        others = [other for other in labels if other != label]
        weights = [chance.gammavariate(0.7, 1) + 1e-9 for _ in others]
        wrong = round((1 - min(0.98, max(0.05, share[label] - excess))) * len(own))
        for i in own[:wrong]:
            said[i] = known[i][1] if chance.random() < 0.5 else chance.choices(others, weights)[0]
    right = sum(row["label"] == label for row, label in zip(rows, said)) / len(rows)
    return [{**row, "suggestions": [{"agent": "simulated", "label": label}]}
            for row, label in zip(rows, said)], right


class SetFit:
    """The real one, in a process of its own that is started when it is first needed."""

    def __init__(self, python):
        self.python, self.process = python, None

    def train(self, job):
        if not self.process:
            self.process = subprocess.Popen(
                [self.python, pathlib.Path(__file__).with_name("setfit-worker.py")], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        if not (line := self.process.stdout.readline()):
            sys.exit("recipe-grid: scripts/setfit-worker.py ended; run it by hand to see why")
        return json.loads(line)


def run(arguments, name, scratch, done, setfit):
    """New results, one dictionary a training."""
    data = pathlib.Path(arguments.data) / name
    pool = random.Random(1).sample(rows := read(data / "train.jsonl"), min(arguments.pool, len(rows)))
    test = random.Random(2).sample(rows := read(data / "test.jsonl"), min(arguments.test, len(rows)))
    pool, right = suggest(pool, arguments.agent_accuracy, name)
    train_file, test_file = scratch / f"{name}.train.jsonl", scratch / f"{name}.test.jsonl"
    train_file.write_text("".join(json.dumps(row) + "\n" for row in pool))
    test_file.write_text("".join(json.dumps(row) + "\n" for row in test))
    for shots in arguments.shots:
        seeds = range(1, arguments.seeds + 1)
        missing = {recipe: [seed for seed in seeds if (name, recipe, shots, seed) not in done]
                   for recipe in arguments.recipes}
        if PEER in missing:
            for seed in missing.pop(PEER) if shots else []:
                answers = answers_of(arguments, train_file, test_file, shots, seed)
                result = setfit.train({
                    "encoder": str(arguments.encoder), "seed": seed, "test": test,
                    "train": [{key: pool[i - 1][key] for key in ("text", "label")} for i in answers]})
                yield {"set": name, "recipe": PEER, "shots": shots, "seed": seed, **result, "answers": answers}
        wanted = [recipe for recipe, left in missing.items() if left]
        if not wanted:
            continue
        left = sorted(set().union(*(missing[recipe] for recipe in wanted)))
        command = [arguments.trainer, "compare", "--train", train_file, "--test", test_file,
                   "--encoder", arguments.encoder, "--recipe", *wanted, "--shots", str(shots),
                   "--seed", *map(str, left)]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                yield {"set": name, "agent": round(right, 4), **json.loads(line)}
        if process.returncode:
            sys.exit(f"recipe-grid: {' '.join(map(str, command))} failed")


def answers_of(arguments, train, test, shots, seed):
    """Which of the pool's records a training with so many shots and that seed takes, from 1."""
    command = [arguments.trainer, "compare", "--train", train, "--test", test, "--encoder", arguments.encoder,
               "--recipe", "setfit:frozen", "--shots", shots, "--seed", seed]
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if found.returncode:
        sys.exit(f"recipe-grid: {found.stderr.strip()}")
    return json.loads(found.stdout)["answers"]


def table(rows, recipes, seeds):
    base = recipes[0]
    cells = {(r["set"], r["recipe"], r["shots"], r["seed"]): r["accuracy"] * 100 for r in rows}
    sets = list(dict.fromkeys(r["set"] for r in rows))
    lines = ["| data | k | " + " | ".join(
        recipe if recipe == base else f"{recipe} | Δ" for recipe in recipes) + " |",
        "|---" * (2 * len(recipes) + 1) + "|"]
    means = collections.defaultdict(list)
    for name in sets:
        for shots in sorted({r["shots"] for r in rows if r["set"] == name}):
            line = [name, str(shots)]
            for recipe in recipes:
                values = [cells.get((name, recipe, shots, s)) for s in seeds]
                pairs = [(v, cells[name, base, shots, s]) for v, s in zip(values, seeds)
                         if v is not None and (name, base, shots, s) in cells]
                values = [v for v in values if v is not None]
                line.append(f"{statistics.mean(values):.1f}" if values else "")
                if recipe == base:
                    continue
                differences = [a - b for a, b in pairs]
                if len(differences) > 1:
                    mean = statistics.mean(differences)
                    error = statistics.stdev(differences) / math.sqrt(len(differences))
                    line.append(f"{mean:+.1f} ± {error:.1f}")
                    means[shots, recipe].append(mean)
                else:
                    line.append("")
            lines.append("| " + " | ".join(line) + " |")
    for shots in sorted({shots for shots, _ in means}):
        lines.append("| **mean** | " + str(shots) + " | " + " | ".join(
            "" if recipe == base else " | " + (
                f"**{statistics.mean(means[shots, recipe]):+.1f}**" if means[shots, recipe] else "")
            for recipe in recipes) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--trainer", default=ROOT / ".build/release/lauter-trainer")
    parser.add_argument("--sets", nargs="+", default=["product-reviews-3", "cr", "sst2", "tweet-emotion-4", "trec6"])
    parser.add_argument("--shots", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--recipes", nargs="+", default=["setfit", "lauter:no-suggestions", "lauter"])
    parser.add_argument("--agent-accuracy", type=float, default=0.75)
    parser.add_argument("--pool", type=int, default=1000)
    parser.add_argument("--test", type=int, default=500)
    parser.add_argument("--rows", type=pathlib.Path)
    parser.add_argument("--setfit-python", help="with setfit 1.2 installed")
    arguments = parser.parse_args()
    if PEER in arguments.recipes and not arguments.setfit_python:
        parser.error(f"the recipe {PEER} needs --setfit-python")

    rows = read(arguments.rows) if arguments.rows and arguments.rows.exists() else []
    with tempfile.TemporaryDirectory() as scratch:
        setfit = SetFit(arguments.setfit_python)
        for name in arguments.sets:
            done = {(r["set"], r["recipe"], r["shots"], r["seed"]) for r in rows}
            for row in run(arguments, name, pathlib.Path(scratch), done, setfit):
                key = (row["set"], row["recipe"], row["shots"], row["seed"])
                if key in done:
                    continue
                rows.append(row)
                if arguments.rows:
                    with arguments.rows.open("a") as file:
                        file.write(json.dumps(row) + "\n")
    print(f"{pathlib.Path(arguments.encoder).name}, pool {arguments.pool}, test {arguments.test}, "
          f"{arguments.seeds} seeds; Δ is paired, ± its standard error\n")
    print(table(rows, arguments.recipes, range(1, arguments.seeds + 1)))


if __name__ == "__main__":
    main()
