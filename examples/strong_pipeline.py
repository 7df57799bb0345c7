# SPDX-License-Identifier: BSD-3-Clause
"""
A strong classifier in one line
===============================

:func:`~sklearn_embed.text_pipeline` returns a plain scikit-learn pipeline: TF-IDF of
words and of characters, vectors counted from labels, vectors trained on the texts, and
a linear model. Every step can be looked at, searched and left out.
"""

# %%
# The pipeline
# ------------

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sklearn_embed import text_pipeline
from sklearn_embed.datasets import load_docstrings

train, test = load_docstrings(subset="train"), load_docstrings(subset="test")
some = np.random.default_rng(0).choice(len(train.data), 2000, replace=False)
X, y = [train.data[i] for i in some], train.target[some]
X_test, y_test = test.data[::4], test.target[::4]
model = text_pipeline(random_state=0)
model

# %%
# Beside a plain baseline, and with texts that have no labels
# -----------------------------------------------------------

tfidf = make_pipeline(
    TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)), LinearSVC()
)
rows = {}
for n_labels in (100, 500, 2000):
    candidates = {
        "TF-IDF (1, 2), LinearSVC": tfidf,
        "text_pipeline()": model,
        "text_pipeline(unlabeled=...)": text_pipeline(
            unlabeled=train.data[:8000], random_state=0
        ),
    }
    rows[n_labels] = {
        name: candidate.fit(X[:n_labels], y[:n_labels]).score(X_test, y_test)
        for name, candidate in candidates.items()
    }
table = pd.DataFrame(rows).T.rename_axis("labels")
axes = table.plot.bar(rot=0, ylabel="accuracy", ylim=(0.4, 0.85), figsize=(6.4, 3.8))
_ = axes.legend(loc="upper left", fontsize=9)

# %%
table.rename_axis(index=None, columns="labels").round(3)

# %%
# What each block is worth
# ------------------------
# Leave one out at a time:

drops = {"all blocks": {}}
for block in ("words", "characters", "classes", "vectors"):
    drops[f"without {block}"] = {f"blocks__{block}": "drop"}
scores = {
    name: text_pipeline(random_state=0)
    .set_params(**left)
    .fit(X, y)
    .score(X_test, y_test)
    for name, left in drops.items()
}
pd.Series(scores, name="accuracy").round(3).to_frame()
