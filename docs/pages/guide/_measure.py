"""What the guide measures a parameter by: accuracy on paragraphs of documentation.

3,000 labelled paragraphs to learn from, 2,000 to be judged by, of six libraries.  Rows
of a model go through a scaler into a logistic regression.  Means over two seeds.
"""
# SPDX-License-Identifier: BSD-3-Clause

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

N_TRAIN, N_TEST, SEEDS = 3000, 2000, (0, 1)


def load(subset, n_texts):
    """Return some paragraphs, cut into tokens, and their libraries."""
    texts, labels = load_docstrings(subset=subset, return_X_y=True)
    some = np.random.default_rng(0).choice(len(texts), n_texts, replace=False)
    return TokenizedDocuments.from_documents([texts[i] for i in some]), labels[some]


X, y = load("train", N_TRAIN)
X_test, y_test = load("test", N_TEST)


def accuracy(model, seeds=SEEDS):
    """Return the mean accuracy on held-out paragraphs."""
    scores = []
    for seed in seeds:
        one = clone(model)
        if "random_state" in one.get_params():
            one.set_params(random_state=seed)
        if is_classifier(one):
            scores.append(one.fit(X, y).score(X_test, y_test))
            continue
        rows = one.fit_transform(X, y)
        head = make_pipeline(
            StandardScaler(with_mean=not sp.issparse(rows)),
            LogisticRegression(C=0.1, max_iter=1000),
        )
        scores.append(head.fit(rows, y).score(one.transform(X_test), y_test))
    return float(np.mean(scores))


def one_at_a_time(model, changes):
    """Change one parameter at a time; draw and return what it does to the accuracy."""
    start = accuracy(model)
    rows = [
        (f"{name}={value!r}", accuracy(clone(model).set_params(**{name: value})))
        for name, values in changes.items()
        for value in values
    ]
    table = pd.DataFrame(rows, columns=["changed", "accuracy"]).set_index("changed")
    table["difference"] = table["accuracy"] - start
    _figure, axes = plt.subplots(figsize=(6.4, 1 + 0.3 * len(table)))
    points = 100 * table["difference"][::-1]
    bars = axes.barh(points.index, points, color=np.where(points < 0, "C1", "C0"))
    axes.bar_label(bars, fmt="%+.1f", padding=3)
    axes.axvline(0, color="0.3", linewidth=1)
    axes.margins(x=0.15)
    axes.set_title(f"Points of accuracy beside the defaults ({100 * start:.1f})")
    # The name over the columns, not in a row of its own.
    return table.rename_axis(index=None, columns="changed").round(3)
