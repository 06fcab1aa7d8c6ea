#!/usr/bin/env python3
"""Plants wrong labels among right ones, and prints as Markdown how many of them `lauter-trainer fit` lists.

  scripts/label-errors.py --data FOLDER --encoder FOLDER [--sets NAME...] [--shots K...] [--rates R...]
                          [--seeds N] [--others N] [--trainer FILE]

FOLDER holds a folder per data set with train.jsonl ({"text", "label"} a line). K records a label are given their
label or, with probability R, another; further texts of the set come without one. What the data sets themselves
have wrong counts as listed for nothing.

Needs a release build (scripts/build.sh) and nothing but Python's standard library.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def plant(rows, shots, rate, others, seed):
    """Records without and with a label, and which of the labels are wrong."""
    chance = random.Random(seed)
    labels = sorted({row["label"] for row in rows})
    answered = []
    for label in labels:
        own = [row["text"] for row in rows if row["label"] == label]
        answered += [{"text": text, "label": label} for text in chance.sample(own, min(shots, len(own)))]
    wrong = set()
    for i, record in enumerate(answered):
        record["id"] = str(i)
        if chance.random() < rate:
            record["label"] = chance.choice([label for label in labels if label != record["label"]])
            wrong.add(record["id"])
    rest = chance.sample(rows, min(others, len(rows)))
    return answered + [{"id": f"other-{i}", "text": row["text"], "label": None} for i, row in enumerate(rest)], wrong


def listed(arguments, records, scratch):
    """The ids of the records whose label is probably wrong."""
    file = scratch / "train.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    command = [arguments.trainer, "fit", "--train", file, "--encoder", arguments.encoder, "--freeze-body", "--json"]
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if found.returncode:
        sys.exit(f"label-errors: {found.stderr.strip()}")
    return [suspect["id"] for suspect in json.loads(found.stdout)["cross_validation"]["label_errors"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--trainer", default=ROOT / ".build/release/lauter-trainer")
    parser.add_argument("--sets", nargs="+", default=["product-reviews-3", "cr", "sst2", "tweet-emotion-4", "trec6"])
    parser.add_argument("--shots", nargs="+", type=int, default=[8, 16, 50])
    parser.add_argument("--rates", nargs="+", type=float, default=[0, 0.05, 0.1, 0.2])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--others", type=int, default=600)
    arguments = parser.parse_args()

    print(f"{pathlib.Path(arguments.encoder).name}, {', '.join(arguments.sets)}, {arguments.shots} answers a label, "
          f"{arguments.seeds} seeds\n")
    print("| wrong | records | planted | listed | of them planted | precision | recall |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for rate in arguments.rates:
            records = planted = suspects = hits = 0
            for name in arguments.sets:
                rows = [json.loads(line) for line in (arguments.data / name / "train.jsonl").open() if line.strip()]
                for shots in arguments.shots:
                    for seed in range(1, arguments.seeds + 1):
                        material, wrong = plant(rows, shots, rate, arguments.others, seed)
                        found = listed(arguments, material, pathlib.Path(scratch))
                        records += sum(record["label"] is not None for record in material)
                        planted += len(wrong)
                        suspects += len(found)
                        hits += len(wrong.intersection(found))
            print(f"| {rate:.0%} | {records} | {planted} | {suspects} | {hits} | "
                  f"{hits / suspects if suspects else 0:.2f} | {hits / planted if planted else 0:.2f} |", flush=True)


if __name__ == "__main__":
    main()
