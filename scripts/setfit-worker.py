"""The real SetFit with its defaults, for recipe-grid.py: one training per line on standard input, its result on
standard output. Runs in the Python environment that check-setfit.sh makes.

In: {"encoder": folder, "train": [{"text", "label"}], "test": [the same], "seed": number}.
Out: {"accuracy", "macro_f1", "steps", "seconds"} ("seconds" of the training alone)."""

import contextlib
import json
import os
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.metrics import accuracy_score, f1_score


def train(job, scratch):
    names = sorted({row["label"] for row in job["train"]})
    # Loading from a folder turns SetFit's model card on, which wants the hub; nothing else differs.
    model = SetFitModel.from_pretrained(job["encoder"], labels=names, device="cpu")
    rows = [{"text": row["text"], "label": names.index(row["label"])} for row in job["train"]]
    arguments = TrainingArguments(
        output_dir=scratch, seed=job["seed"], report_to="none", show_progress_bar=False, save_strategy="no")
    trainer = Trainer(model=model, args=arguments, train_dataset=Dataset.from_list(rows))
    start = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - start
    actual = [row["label"] for row in job["test"]]
    predicted = list(model.predict([row["text"] for row in job["test"]], show_progress_bar=False))
    return {
        "accuracy": accuracy_score(actual, predicted),
        "macro_f1": f1_score(actual, predicted, average="macro", zero_division=0),
        "steps": trainer.st_trainer.state.global_step,
        "seconds": seconds,
    }


def main():
    torch.set_num_threads(int(os.environ.get("SETFIT_THREADS", os.cpu_count() or 1)))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Libraries print; only results go to standard output.
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
            result = train(json.loads(line), scratch)
        print(json.dumps(result), file=answers, flush=True)


main()
