# SPDX-License-Identifier: BSD-3-Clause
"""
Few labels, much text
=====================

Fifty labelled texts and thousands without a label: vectors learned from all of them
carry what the labelled ones cannot say.
"""

# %%
# The texts
# ---------
# 21,000 paragraphs of documentation, of six libraries. We pretend to know the library
# of a few.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings

train, y = load_docstrings(subset="train", return_X_y=True)
test, y_test = load_docstrings(subset="test", return_X_y=True)
X = TokenizedDocuments.from_documents(train)
X_test = TokenizedDocuments.from_documents(test)
print(X)

# %%
# Three ways
# ----------
# `unlabeled` gives further texts to a vectorizer in a pipeline: vectors are learned
# from them and from the labelled ones, rows are made of the labelled ones alone. To
# compare many small samples, train the vectors once and let
# :class:`~sklearn_embed.MeanPoolEmbedder` make the rows.

everything = Word2VecVectorizer(random_state=0).fit(X)
head = LogisticRegression(C=0.1, max_iter=1000)
models = {
    "TF-IDF": make_pipeline(
        TfidfVectorizer(analyzer=list, sublinear_tf=True), LogisticRegression(C=10)
    ),
    "vectors from the labelled texts": make_pipeline(
        Word2VecVectorizer(random_state=0), StandardScaler(), head
    ),
    "vectors from all texts": make_pipeline(
        MeanPoolEmbedder(everything), StandardScaler(), head
    ),
}

# %%
# Accuracy by number of labels, each the mean of three samples
# ------------------------------------------------------------

import warnings

sizes = [25, 50, 100, 300, 1000]
draw = np.random.default_rng(0)
samples = {
    size: [draw.choice(len(X), size, replace=False) for _ in range(3)] for size in sizes
}
rows = []
with warnings.catch_warnings():
    # Of 25 texts alone nothing can be learned, and a fit says so.
    warnings.simplefilter("ignore")
    for name, model in models.items():
        for size in sizes:
            for some in samples[size]:
                score = model.fit(X[some], y[some]).score(X_test, y_test)
                rows.append((name, size, score))
scores = pd.DataFrame(rows, columns=["model", "labels", "accuracy"])
table = scores.pivot_table("accuracy", "labels", "model")[list(models)]
spread = scores.pivot_table("accuracy", "labels", "model", aggfunc="std")[list(models)]
figure, axes = plt.subplots()
for name in models:
    axes.errorbar(sizes, table[name], spread[name], marker="o", capsize=3, label=name)
axes.set(xscale="log", xlabel="labelled texts", ylabel="accuracy")
axes.set_xticks(sizes, sizes)
axes.minorticks_off()
_ = axes.legend()

# %%
table.rename_axis(index=None, columns="labels").round(3)
