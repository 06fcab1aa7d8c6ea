#!/usr/bin/env python3
"""Lauter's models in Python, and SetFit's models in Lauter. A model's folder is a sentence-transformers
folder with its head in head.safetensors and its labels in lauter.json; nothing in it is a pickle. Where a
text may have several labels, the head is scikit-learn's OneVsRestClassifier, and `predict` gives a 0 or 1 for
each of `model.labels`, by the thresholds in head.safetensors instead of one half.

  from setfit_head import load
  model = load("model")            # a setfit.SetFitModel
  model.predict_proba(["Runs cool and quiet."])

  scripts/setfit_head.py convert FOLDER

`convert` reads the model_head.pkl of a folder that SetFit saved and writes head.safetensors and lauter.json
beside it. Reading a pickle runs whatever code is in it, so convert only what you have made or trust; Lauter
itself never reads one. Remove the pickle afterwards. Needs setfit (made with 1.2.0), and nothing of Lauter.
"""

import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file, save_file


def load(folder):
    """The folder's model as a setfit.SetFitModel with scikit-learn's head."""
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import LabelBinarizer

    folder = pathlib.Path(folder)
    description = json.loads((folder / "lauter.json").read_text())
    tensors = load_file(folder / "head.safetensors")
    weight, bias, thresholds = tensors["weight"], tensors["bias"], tensors.get("thresholds")

    def regression(classes, weight, bias):
        head = LogisticRegression()
        head.classes_, head.coef_, head.intercept_ = np.array(classes), weight, bias
        head.n_features_in_ = weight.shape[1]
        return head

    if thresholds is not None:
        head = thresholded()()
        head.estimators_ = [regression([0, 1], weight[i:i + 1], bias[i:i + 1]) for i in range(len(bias))]
        head.thresholds_, head.n_features_in_ = thresholds, weight.shape[1]
        head.label_binarizer_ = LabelBinarizer().fit(np.eye(len(bias), dtype=int))
    elif len(bias) == 2:  # scikit-learn has one row for two labels, the second's.
        head = regression(description["labels"], weight[1:] - weight[:1], bias[1:] - bias[:1])
    else:
        head = regression(description["labels"], weight, bias)
    body = SentenceTransformer(str(folder), device="cpu")
    body.max_seq_length = description["max_length"]
    return SetFitModel(
        model_body=body, model_head=head, labels=description["labels"],
        multi_target_strategy=None if thresholds is None else "one-vs-rest")


def thresholded():
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    class ThresholdedOneVsRest(OneVsRestClassifier):
        """OneVsRestClassifier with a threshold for each label; made by `load`, never fitted."""

        def __init__(self, estimator=LogisticRegression()):
            super().__init__(estimator)

        def predict(self, embeddings):
            return (self.predict_proba(embeddings) >= self.thresholds_).astype(int)

    return ThresholdedOneVsRest


def convert(folder):
    """Writes head.safetensors and lauter.json from model_head.pkl and config_setfit.json."""
    import joblib

    folder = pathlib.Path(folder)
    settings = folder / "config_setfit.json"
    settings = json.loads(settings.read_text()) if settings.exists() else {}
    modules = json.loads((folder / "modules.json").read_text())
    if settings.get("normalize_embeddings") and not modules[-1]["type"].endswith("Normalize"):
        sys.exit(f"{folder}: normalize_embeddings is set, but modules.json does not end in Normalize: "
                 "add sentence_transformers.models.Normalize to the body and save it again")
    head = joblib.load(folder / "model_head.pkl")
    several = hasattr(head, "estimators_") and all(hasattr(e, "coef_") for e in head.estimators_)
    if several:  # OneVsRestClassifier or MultiOutputClassifier: a row a label, and one half decides.
        weight = np.concatenate([e.coef_ for e in head.estimators_])
        bias = np.concatenate([e.intercept_ for e in head.estimators_])
        classes = list(range(len(bias)))
    elif getattr(head, "multitarget", False):
        sys.exit(f"{folder}: a SetFitHead for several labels cannot be converted; one-vs-rest can")
    elif hasattr(head, "linear"):  # setfit.SetFitHead
        scale = 1 / (head.temperature + head.eps)
        weight = head.linear.weight.detach().cpu().numpy() * scale
        bias = head.linear.bias.detach().cpu().numpy() * scale
        classes = list(range(len(bias)))
    elif hasattr(head, "coef_") and hasattr(head, "classes_"):
        weight, bias, classes = head.coef_, head.intercept_, head.classes_.tolist()
    else:
        sys.exit(f"{folder}: a head of type {type(head).__name__} cannot be converted; "
                 "LogisticRegression and SetFitHead can, and one-vs-rest of the former")
    if len(bias) == 1:  # One row for two labels: Lauter has a row for each.
        weight, bias = np.concatenate([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    names = settings.get("labels")
    labels = [names[c] if names and isinstance(c, int) else str(c) for c in classes]
    if len(labels) != len(bias):
        sys.exit(f"{folder}: the head has {len(bias)} rows for {len(labels)} labels")

    from sentence_transformers import SentenceTransformer

    length = SentenceTransformer(str(folder), device="cpu").max_seq_length
    tensors = {"weight": np.ascontiguousarray(weight, np.float32), "bias": np.asarray(bias, np.float32)}
    if several:
        tensors["thresholds"] = np.full(len(bias), 0.5, np.float32)
    save_file(tensors, folder / "head.safetensors")
    description = {"dataset": "", "encoder": folder.resolve().name, "format_version": 1, "labels": labels,
                   "max_length": length}
    (folder / "lauter.json").write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n")
    print(f"wrote head.safetensors and lauter.json; remove {folder / 'model_head.pkl'} once you need it no more")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "convert":
        sys.exit(__doc__)
    convert(sys.argv[2])
