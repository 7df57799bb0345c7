# SPDX-License-Identifier: BSD-3-Clause
"""
Halving: few candidates see all texts
=====================================

Scikit-learn's halving search tries all candidates on few texts and only the best on
many.
"""

# %%
# The search
# ----------

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings

texts, labels = load_docstrings(subset="train", return_X_y=True)
some = np.random.default_rng(0).choice(len(texts), 4500, replace=False)
X = TokenizedDocuments.from_documents([texts[i] for i in some])
y = labels[some]

pipeline = make_pipeline(
    Word2VecVectorizer(random_state=0),
    StandardScaler(),
    LogisticRegression(max_iter=500),
)
grid = {
    "word2vecvectorizer__window": [3, 10],
    "word2vecvectorizer__epochs": [5, 15],
    "word2vecvectorizer__learning_rate": [0.02, 0.08],
    "logisticregression__C": [0.01, 0.1],
}
# Some candidates learn next to nothing, and say so: a search is there to find that out.
warnings.simplefilter("ignore", ConvergenceWarning)
search = HalvingGridSearchCV(
    pipeline, grid, factor=3, min_resources=500, cv=2, random_state=0
).fit(X, y)

# %%
# What was tried on how many texts
# --------------------------------

results = pd.DataFrame(search.cv_results_)
results.groupby("iter").agg(
    candidates=("params", "size"),
    texts=("n_resources", "first"),
    best=("mean_test_score", "max"),
    seconds=("mean_fit_time", lambda times: 2 * times.sum()),
).rename_axis(index=None, columns="iter").round(3)

# %%
figure, axes = plt.subplots()
for _, lines in results.groupby(results["params"].astype(str)):
    reached = lines["iter"].max() == results["iter"].max()
    axes.plot(
        lines["n_resources"],
        lines["mean_test_score"],
        marker="o",
        color="C1" if reached else "0.75",
        zorder=2 if reached else 1,
    )
_ = axes.set(xlabel="texts", ylabel="accuracy", title="Those in colour reached the end")

# %%
# The best:

pd.Series(search.best_params_, name="value").to_frame()

# %%
# On few texts a candidate may look bad because it needs many: let the first round be
# large enough for an embedding to learn something (`min_resources`).

# %%
# Epochs instead of texts
# -----------------------
# All candidates are trained for a few epochs, the best for more. With a `memory` of
# their own, the vectors of those that are left go on where they were: no epoch is
# trained twice. Whitened columns keep the logistic regression from taking hundreds of
# steps on vectors that have hardly been trained.

import tempfile

from sklearn.decomposition import PCA

pipeline = make_pipeline(
    Word2VecVectorizer(learning_rate=0.1, random_state=0, memory=tempfile.mkdtemp()),
    PCA(whiten=True, random_state=0),
    LogisticRegression(max_iter=500),
)
grid = {
    "word2vecvectorizer__window": [3, 10],
    "word2vecvectorizer__vector_size": [25, 50],
    "logisticregression__C": [0.01, 0.1],
}
epochs = HalvingGridSearchCV(
    pipeline,
    grid,
    resource="word2vecvectorizer__epochs",
    min_resources=5,
    max_resources=15,
    cv=2,
).fit(X[:1500], y[:1500])

# %%
results = pd.DataFrame(epochs.cv_results_)
results.groupby("iter").agg(
    candidates=("params", "size"),
    epochs=("n_resources", "first"),
    best=("mean_test_score", "max"),
    seconds=("mean_fit_time", lambda times: 2 * times.sum()),
).round(3)

# %%
# See :doc:`/howto/search` for what else makes a search fast, with figures.
