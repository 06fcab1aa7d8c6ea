#!/usr/bin/env python3
"""Writes Tests/TrainerServerTests/Fixtures/setfit.json: what the real setfit and sentence-transformers do.

Three parts. `losses`: values and gradients of the three losses on fixed embeddings. `pairs`: what setfit's
ContrastiveDataset makes of fixed labels. `runs`: trainings of a real encoder without dropout by setfit's own
Trainer and SetFitHead, with every batch, learning rate and loss, and the embeddings that come out; the test
takes the same batches. Needs setfit's environment (scripts/check-setfit.sh makes it) and an encoder that
install.sh --tests has put there:

    .build-tests/setfit/bin/python scripts/make-setfit-fixtures.py .build-tests/encoders/all-MiniLM-L6-v2
"""
import json
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import torch
from datasets import Dataset
from sentence_transformers import losses
from sentence_transformers.losses import SiameseDistanceMetric
from setfit import SetFitModel, Trainer, TrainingArguments
from setfit.losses import SupConLoss
from setfit.modeling import SetFitHead
from setfit.sampler import ContrastiveDataset
from transformers import TrainerCallback

OUT = pathlib.Path(__file__).parent.parent / "Tests/TrainerServerTests/Fixtures/setfit.json"
TEXTS = [
    ("The soup needs more salt and a slow simmer.", 0), ("Bake the bread until the crust is brown.", 0),
    ("Chop the onions finely before frying them.", 0), ("This recipe calls for two eggs and butter.", 0),
    ("The striker scored twice in the second half.", 1), ("She won the marathon in record time.", 1),
    ("Our goalkeeper saved a late penalty.", 1), ("The coach changed the line-up after the defeat.", 1),
    ("Heavy rain is expected along the coast tonight.", 2), ("A cold front brings snow to the hills.", 2),
    ("It will be sunny with a light breeze.", 2), ("The storm left the town without power.", 2),
]
rounded = lambda values, digits=7: [float(f"{v:.{digits}g}") for v in np.asarray(values, dtype=np.float64).ravel()]


def loss_cases():
    """Each loss on embeddings of its own, in double precision."""
    generator = np.random.default_rng(3)
    width, count = 6, 8
    x = np.round(generator.normal(size=(count, width)), 3)
    pairs = [(0, 1, 1), (1, 2, 0), (0, 3, 0), (2, 2, 1), (3, 2, 1), (4, 5, 0), (6, 7, 0), (5, 6, 1)]
    labels = [0, 1, 0, 2, 1, 2, 0, 1]
    model = lambda features: {"sentence_embedding": features}
    cases = []

    def case(name, compute, **extra):
        embeddings = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = compute(embeddings)
        value.backward()
        cases.append({"loss": name, "value": float(value), "gradient": rounded(embeddings.grad), **extra})

    def paired(loss):
        first, second, target = (list(column) for column in zip(*pairs))
        return lambda e: loss([e[first], e[second]], torch.tensor(target, dtype=torch.float64))

    case("CosineSimilarityLoss", paired(losses.CosineSimilarityLoss(model)))
    case("ContrastiveLoss", paired(losses.ContrastiveLoss(model)), distance="cosine_distance", margin=0.5)
    for name, metric, margin in [("cosine_distance", SiameseDistanceMetric.COSINE_DISTANCE, 1.25),
                                 ("euclidean_distance", SiameseDistanceMetric.EUCLIDEAN, 4.0),
                                 ("manhattan_distance", SiameseDistanceMetric.MANHATTAN, 9.0)]:
        case("ContrastiveLoss", paired(losses.ContrastiveLoss(model, metric, margin)), distance=name, margin=margin)
    case("SupConLoss", lambda e: SupConLoss(model)([e], torch.tensor(labels)))
    return {"width": width, "embeddings": rounded(x), "pairs": pairs, "labels": labels, "cases": cases}


def pair_cases():
    cases = []
    for labels in [[0, 1, 2], [2, 0, 1, 0, 2, 2, 1], [0] * 8 + [1] * 4 + [2] * 8, [0, 0, 1, 1]]:
        for strategy, iterations, limit in [
            ("oversampling", None, -1), ("undersampling", None, -1), ("unique", None, -1),
            ("oversampling", 3, -1), ("oversampling", None, 10), ("unique", None, 10),
        ]:
            made = list(ContrastiveDataset(
                [str(i) for i in range(len(labels))], labels, False, iterations, strategy, max_pairs=limit))
            counts = {}
            for pair in made:
                key = f"{pair['sentence_1']} {pair['sentence_2']}"
                counts[key] = counts.get(key, 0) + 1
            cases.append({
                "labels": labels, "strategy": strategy, "iterations": iterations,
                "limit": None if limit < 0 else limit // 2,
                "positives": sum(pair["label"] == 1 for pair in made),
                "negatives": sum(pair["label"] == 0 for pair in made),
                # A limit takes the first of a random order, which is setfit's own.
                "pairs": counts if limit < 0 else None,
                "repeats": sorted(counts.values()),
            })
    return cases


def without_dropout(model):
    for module in model.model_body.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if hasattr(module, "dropout_prob"):
            module.dropout_prob = 0.0
    return model


class Rates(TrainerCallback):
    def __init__(self):
        self.rates = []

    def on_pre_optimizer_step(self, args, state, control, **others):
        self.rates.append(others["optimizer"].param_groups[0]["lr"])


def run(encoder, **arguments):
    """Ten steps on the body by setfit's Trainer."""
    torch.manual_seed(1)
    model = without_dropout(SetFitModel.from_pretrained(encoder, device="cpu"))
    places = {}
    for place, (text, _) in enumerate(TEXTS):
        places[tuple(model.model_body.tokenizer(text)["input_ids"])] = place
    batches, values = [], []
    kind = arguments["loss"]
    original = kind.forward

    def recording(self, features, labels=None, *others):
        batches.append([[places[tuple(ids[mask.bool()].tolist())] for ids, mask in zip(f["input_ids"], f["attention_mask"])]
                        for f in features])
        value = original(self, features, labels, *others)
        values.append(float(value))
        return value

    kind.forward = recording
    rates = Rates()
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model=model, callbacks=[rates],
            args=TrainingArguments(output_dir=folder, report_to="none", show_progress_bar=False,
                                   save_strategy="no", body_learning_rate=1e-4, **arguments),
            train_dataset=Dataset.from_list([{"text": t, "label": l} for t, l in TEXTS])).train()
    kind.forward = original
    embeddings = model.model_body.encode([text for text, _ in TEXTS])
    return {"loss": kind.__name__, "batch_size": arguments["batch_size"][0], "batches": batches,
            "rates": rounded(rates.rates), "values": rounded(values), "max_steps": arguments.get("max_steps"),
            "embeddings": rounded(embeddings[:, :24], 6),
            "coefficients": rounded(model.model_head.coef_[:, :24], 6),
            "intercepts": rounded(model.model_head.intercept_, 6)}


def run_head(encoder, end_to_end, epochs, temperature):
    """SetFitHead by SetFitModel.fit, on the encoder as it comes."""
    torch.manual_seed(2)
    model = without_dropout(SetFitModel.from_pretrained(
        encoder, device="cpu", use_differentiable_head=True,
        head_params={"out_features": 3, "temperature": temperature}))
    with torch.no_grad():  # Few digits, so that the fixture is small.
        model.model_head.linear.weight.copy_((model.model_head.linear.weight * 1e3).round() / 1e3)
    initial = rounded(model.model_head.linear.weight.detach(), 4)
    places = {tuple(model.model_body.tokenizer(text)["input_ids"]): i for i, (text, _) in enumerate(TEXTS)}
    order, values = [], []
    model.model_body.register_forward_pre_hook(lambda module, inputs: order.extend(
        places[tuple(ids[mask.bool()].tolist())]
        for ids, mask in zip(inputs[0]["input_ids"], inputs[0]["attention_mask"])))
    criterion = torch.nn.CrossEntropyLoss()

    def recording(logits, labels):
        value = criterion(logits, labels)
        values.append(float(value))
        return value

    model.model_head.get_loss_fn = lambda: recording
    arguments = TrainingArguments(batch_size=(16, 5), num_epochs=(1, epochs), body_learning_rate=(2e-5, 1e-4),
                                  end_to_end=end_to_end, show_progress_bar=False, report_to="none")
    trainer = Trainer(model=model, args=arguments)
    trainer.train_classifier([t for t, _ in TEXTS], [l for _, l in TEXTS])
    order = order[:epochs * len(TEXTS)]
    probabilities = model.predict_proba([text for text, _ in TEXTS], as_numpy=True)
    return {"end_to_end": end_to_end, "epochs": epochs, "batch_size": 5, "temperature": temperature,
            "initial": initial, "order": order, "values": rounded(values),
            "probabilities": rounded(probabilities, 6)}


if __name__ == "__main__":
    encoder = sys.argv[1]
    fixture = {
        "encoder": pathlib.Path(encoder).name,
        "losses": loss_cases(),
        "pairs": pair_cases(),
        "texts": [text for text, _ in TEXTS], "labels": [label for _, label in TEXTS],
        "runs": [
            run(encoder, loss=losses.CosineSimilarityLoss, batch_size=(16, 2), max_steps=10),
            run(encoder, loss=losses.ContrastiveLoss, batch_size=(16, 2), max_steps=10),
            run(encoder, loss=SupConLoss, batch_size=(12, 2), num_epochs=(10, 1)),
        ],
        "heads": [run_head(encoder, False, 7, 1.0), run_head(encoder, True, 6, 0.5)],
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"{OUT}: {OUT.stat().st_size} bytes")
