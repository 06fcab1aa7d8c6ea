#!/usr/bin/env python3
"""Lauter's models in Python, and SetFit's models in Lauter. A model's folder is a sentence-transformers
folder with its head in head.safetensors and its labels in lauter.json; nothing in it is a pickle.

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

    folder = pathlib.Path(folder)
    description = json.loads((folder / "lauter.json").read_text())
    weight, bias = (load_file(folder / "head.safetensors")[name] for name in ("weight", "bias"))
    if len(bias) == 2:  # scikit-learn has one row for two labels, the second's.
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    head = LogisticRegression()
    head.classes_ = np.array(description["labels"])
    head.coef_, head.intercept_, head.n_features_in_ = weight, bias, weight.shape[1]
    body = SentenceTransformer(str(folder), device="cpu")
    body.max_seq_length = description["max_length"]
    return SetFitModel(model_body=body, model_head=head, labels=description["labels"])


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
    if hasattr(head, "linear"):  # setfit.SetFitHead
        scale = 1 / (head.temperature + head.eps)
        weight = head.linear.weight.detach().cpu().numpy() * scale
        bias = head.linear.bias.detach().cpu().numpy() * scale
        classes = list(range(len(bias)))
    elif hasattr(head, "coef_") and hasattr(head, "classes_"):
        weight, bias, classes = head.coef_, head.intercept_, head.classes_.tolist()
    else:
        sys.exit(f"{folder}: a head of type {type(head).__name__} cannot be converted; "
                 "LogisticRegression and SetFitHead can")
    if len(bias) == 1:  # One row for two labels: Lauter has a row for each.
        weight, bias = np.concatenate([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    names = settings.get("labels")
    labels = [names[c] if names and isinstance(c, int) else str(c) for c in classes]
    if len(labels) != len(bias):
        sys.exit(f"{folder}: the head has {len(bias)} rows for {len(labels)} labels")

    from sentence_transformers import SentenceTransformer

    length = SentenceTransformer(str(folder), device="cpu").max_seq_length
    save_file({"weight": np.ascontiguousarray(weight, np.float32), "bias": np.asarray(bias, np.float32)},
              folder / "head.safetensors")
    description = {"dataset": "", "encoder": folder.resolve().name, "format_version": 1, "labels": labels,
                   "max_length": length}
    (folder / "lauter.json").write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n")
    print(f"wrote head.safetensors and lauter.json; remove {folder / 'model_head.pkl'} once you need it no more")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "convert":
        sys.exit(__doc__)
    convert(sys.argv[2])
