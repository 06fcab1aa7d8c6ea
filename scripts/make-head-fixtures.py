#!/usr/bin/env python3
"""Golden logistic regressions for Tests/TransformerTests/HeadTests.swift.

Needs numpy and scikit-learn (made with 1.9.1). Writes HeadGolden.swift beside the test: data as short
decimals, and what scikit-learn fits to it, as JSON in a string.
"""
import json
import pathlib
import re
import textwrap
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

OUT = pathlib.Path(__file__).parent.parent / "Tests/TransformerTests/HeadGolden.swift"


def case(name, seed, n, hidden, labels, C, spread, weighted=False, balanced=False):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % labels
    if balanced:  # Half of what is not the first label becomes it.
        y[(y > 0) & (rng.uniform(size=n) < 0.5)] = 0
    centres = rng.normal(size=(labels, hidden)) * spread
    x = np.round(centres[y] + rng.normal(size=(n, hidden)) * 0.5, 3).astype(np.float32)
    weights = np.round(rng.uniform(0.1, 3, size=n), 2) if weighted else None
    fit = LogisticRegression(C=C, class_weight="balanced" if balanced else None).fit(
        x.astype(np.float64), y, sample_weight=weights)
    probe = x[:3].astype(np.float64)
    return {
        "name": name, "hidden": hidden, "labels": labels, "C": C,
        "x": [round(float(v), 3) for v in x.ravel()], "y": y.tolist(),
        "weights": None if weights is None else weights.tolist(), "balanced": balanced,
        "coefficients": [round(float(v), 8) for v in fit.coef_.ravel()],
        "intercepts": [round(float(v), 8) for v in fit.intercept_],
        "iterations": int(fit.n_iter_[0]),
        "probabilities": [round(float(v), 8) for v in fit.predict_proba(probe).ravel()],
    }


def one_vs_rest(name, seed, n, hidden, labels, C):
    """Records with several labels or none; the last label is every record's, the one before nobody's."""
    rng = np.random.default_rng(seed)
    y = (rng.uniform(size=(n, labels)) < 0.35).astype(int)
    y[:, -1], y[:, -2], y[0] = 1, 0, 0
    y[0, -1] = 1
    centres = rng.normal(size=(labels, hidden)) * 0.4
    x = np.round(y @ centres + rng.normal(size=(n, hidden)) * 0.5, 3).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of the two constant labels.
        fit = OneVsRestClassifier(LogisticRegression(C=C)).fit(x.astype(np.float64), y)
    return {
        "name": name, "hidden": hidden, "labels": labels, "C": C,
        "x": [round(float(v), 3) for v in x.ravel()], "y": y.tolist(),
        # Of the labels that are not constant.
        "coefficients": [round(float(v), 8) for e in fit.estimators_[:-2] for v in e.coef_.ravel()],
        "intercepts": [round(float(e.intercept_[0]), 8) for e in fit.estimators_[:-2]],
        "probabilities": [round(float(v), 8) for v in fit.predict_proba(x[:3].astype(np.float64)).ravel()],
    }


cases = [
    case("three labels", 1, 24, 8, 3, 1.0, 0.4),
    case("two labels", 2, 16, 6, 2, 1.0, 0.4),
    case("five labels, C 10", 3, 40, 9, 5, 10.0, 0.3),
    case("three labels, weighted", 4, 21, 8, 3, 1.0, 0.3, weighted=True),
    case("two labels, weighted, C 0.1", 5, 20, 5, 2, 0.1, 0.3, weighted=True),
    case("separable, C 100", 6, 12, 16, 3, 100.0, 2.0),
    case("overlapping, C 1000", 7, 60, 4, 4, 1000.0, 0.1),
    case("three labels, balanced", 8, 30, 5, 3, 1.0, 0.3, balanced=True),
    case("two labels, balanced", 9, 20, 4, 2, 1.0, 0.3, balanced=True),
]
several = [one_vs_rest("five labels", 10, 24, 6, 5, 1.0), one_vs_rest("four labels, C 10", 11, 30, 4, 4, 10.0)]
text = json.dumps({"scikit_learn": sklearn.__version__, "cases": cases, "several": several})
# A line's end within a string would not be JSON.
text = re.sub(r'"[^"]*"', lambda found: found.group().replace(" ", "\\u0020"), text)
lines = textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False)
OUT.write_text(
    "// Written by scripts/make-head-fixtures.py.\n\nlet headGolden = #\"\"\"\n"
    + "".join(f"  {line}\n" for line in lines) + '  """#\n')
print(OUT, OUT.stat().st_size, "bytes;", ", ".join(f"{c['name']}: {c['iterations']}" for c in cases))
