"""One encoder's part of check-setfit.sh: models to setfit and back, compared on the example's texts."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import setfit_head

EXAMPLE = pathlib.Path(__file__).parent / "example/test.jsonl"
TRAINER = os.environ["LAUTER_TRAINER"]
INFERENCE = pathlib.Path(TRAINER).with_name("lauter-inference")


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def predict(model, texts, scratch):
    """[texts, labels] by lauter-trainer predict, and the labels; or what it said when it refused."""
    source = write(scratch / "texts.jsonl", [{"text": text} for text in texts])
    run = subprocess.run([TRAINER, "predict", "--model", model, "--input", source], capture_output=True, text=True)
    if run.returncode:
        return None, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    labels = json.loads((model / "lauter.json").read_text())["labels"]
    return np.array([[row["scores"][label] for label in labels] for row in rows]), labels


def embed(folder, texts):
    """[texts, dimensions] by lauter-inference embed."""
    run = subprocess.run([INFERENCE, "embed", folder], capture_output=True, text=True, check=True,
                         input="".join(json.dumps({"text": text}) + "\n" for text in texts))
    return np.array([json.loads(line)["embedding"] for line in run.stdout.splitlines()])


def same(what, ours, theirs, limit=1e-5):
    worst = float(np.abs(np.asarray(ours) - np.asarray(theirs)).max())
    print(f"  {what}: largest difference {worst:.2e}")
    if not worst <= limit:
        sys.exit(f"error: {what}: {worst} is more than {limit}")


def main(encoder):
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from datasets import Dataset

    print(encoder.name)
    rows = [{"text": row["text"], "label": row["label"]} for row in read(EXAMPLE)]
    # Long, short and odd texts too.
    texts = [row["text"] for row in rows] + ["ok", "😀 ½ naïve", " ".join(row["text"] for row in rows)]
    names = sorted({row["label"] for row in rows})
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for labels, extra in [(names, []), (names[:2], ["--max-length", "24"])]:
            ours = scratch / f"ours-{len(labels)}"
            train = write(scratch / "train.jsonl", [row for row in rows if row["label"] in labels])
            subprocess.run([TRAINER, "fit", "--train", train, "--encoder", encoder, "--output", ours,
                            "--max-steps", "4", *extra], check=True, capture_output=True)
            probabilities, order = predict(ours, texts, scratch)
            model = setfit_head.load(ours)
            same(f"to setfit, {len(labels)} labels", probabilities, model.predict_proba(texts))
            assert list(model.predict(texts)) == [order[i] for i in probabilities.argmax(axis=1)]
            # The folder alone, as whoever does not care for the head would read it.
            body = SentenceTransformer(str(ours), device="cpu")
            same("the body alone", embed(ours, texts), body.encode(texts))
            same("the body alone and in setfit", body.encode(texts), model.model_body.encode(texts), 0)

        # A text is of its label and of every second one's neighbour.
        sets = [sorted({row["label"], names[i % len(names)]} if i % 2 else {row["label"]})
                for i, row in enumerate(rows)]
        ours = scratch / "ours-several"
        train = write(scratch / "several.jsonl",
                      [{"text": row["text"], "labels": labels} for row, labels in zip(rows, sets)])
        subprocess.run([TRAINER, "fit", "--train", train, "--encoder", encoder, "--output", ours],
                       check=True, capture_output=True)
        probabilities, order = predict(ours, texts, scratch)
        model = setfit_head.load(ours)
        same("to setfit, several labels", probabilities, model.predict_proba(texts, as_numpy=True))
        thresholds = load_file(ours / "head.safetensors")["thresholds"]
        assert (np.asarray(model.predict(texts)) == (probabilities >= thresholds)).all()
        theirs = scratch / "theirs-several"
        model = SetFitModel.from_pretrained(
            str(encoder), labels=names, device="cpu", multi_target_strategy="one-vs-rest")
        arguments = TrainingArguments(output_dir=str(scratch / "checkpoints"), max_steps=4, report_to="none",
                                      show_progress_bar=False, save_strategy="no")
        Trainer(model=model, args=arguments, train_dataset=Dataset.from_list(
            [{"text": row["text"], "label": [int(name in labels) for name in names]}
             for row, labels in zip(rows, sets)])).train()
        model.save_pretrained(str(theirs))
        setfit_head.convert(theirs)
        (theirs / "model_head.pkl").unlink()
        probabilities, order = predict(theirs, texts, scratch)
        assert list(order) == names, order
        same("from setfit, several labels", probabilities, model.predict_proba(texts, as_numpy=True))

        train = scratch / "train.jsonl"
        for labels, differentiable in [(names, False), (names[:2], False), (names, True)]:
            theirs = scratch / f"theirs-{len(labels)}-{differentiable}"
            chosen = [row for row in rows if row["label"] in labels]
            chosen = [{**row, "label": labels.index(row["label"])} for row in chosen]
            head = {"use_differentiable_head": True, "head_params": {"out_features": len(labels)}}
            model = SetFitModel.from_pretrained(
                str(encoder), labels=labels, device="cpu", **(head if differentiable else {}))
            arguments = TrainingArguments(
                output_dir=str(scratch / "checkpoints"), max_steps=4, num_epochs=(1, 2), report_to="none",
                show_progress_bar=False, save_strategy="no")
            Trainer(model=model, args=arguments, train_dataset=Dataset.from_list(chosen)).train()
            model.save_pretrained(str(theirs))
            _, refusal = predict(theirs, texts, scratch)
            assert refusal and "setfit_head.py convert" in refusal, refusal
            setfit_head.convert(theirs)
            (theirs / "model_head.pkl").unlink()
            probabilities, order = predict(theirs, texts, scratch)
            assert list(order) == labels, order
            same(f"from setfit, {len(labels)} labels{', SetFitHead' * differentiable}", probabilities,
                 model.predict_proba(texts, as_numpy=True))
            # Its body is an encoder like any other, and what is trained from it holds no pickle.
            again = scratch / "again"
            subprocess.run([TRAINER, "fit", "--train", train, "--encoder", theirs, "--output", again,
                            "--freeze-body"], check=True, capture_output=True)
            assert not list(again.rglob("*.pkl"))
            shutil.rmtree(again)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
