# SPDX-License-Identifier: BSD-3-Clause
"""
Which parameters are worth a search?
====================================

A random search over the whole of a Word2Vec pipeline, and what it says about each
parameter.
"""

# %%
# Draw 24 candidates
# ------------------
# The texts are tokenised once. Distributions are SciPy's.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import loguniform, randint
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings

texts, labels = load_docstrings(subset="train", return_X_y=True)
some = np.random.default_rng(0).choice(len(texts), 1500, replace=False)
X = TokenizedDocuments.from_documents([texts[i] for i in some])
y = labels[some]
pipeline = make_pipeline(
    Word2VecVectorizer(random_state=0),
    StandardScaler(),
    LogisticRegression(max_iter=500),
)
space = {
    "word2vecvectorizer__vector_size": [20, 50, 100],
    "word2vecvectorizer__window": randint(2, 16),
    "word2vecvectorizer__epochs": randint(2, 16),
    "word2vecvectorizer__learning_rate": loguniform(0.005, 0.2),
    "word2vecvectorizer__negative": randint(2, 13),
    "logisticregression__C": loguniform(0.003, 3),
}
# Some candidates learn next to nothing, and say so: a search is there to find that out.
warnings.simplefilter("ignore", ConvergenceWarning)
search = RandomizedSearchCV(pipeline, space, n_iter=24, cv=2, random_state=0)
search.fit(X, y)
table = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
names = {f"param_{key}": key.split("__")[1] for key in space}
table = table.rename(columns=names)
table[[*names.values(), "mean_test_score"]].head(5).round(3)

# %%
# Each parameter against the score
# --------------------------------

figure, axes = plt.subplots(2, 3, figsize=(7, 5), sharey=True)
for ax, name in zip(axes.flat, names.values(), strict=True):
    ax.scatter(table[name].astype(float), table["mean_test_score"], s=18)
    ax.set_title(name, fontsize=10)
    if name in ("learning_rate", "C"):
        ax.set_xscale("log")
_ = figure.supylabel("accuracy")

# %%
# Rank correlations say the same in numbers. The learning rate decides; with a rate that
# is too low nothing is learned, which such a fit says in a warning. Search on it first,
# on the size of the vectors and the number of passes next.

ranks = table[[*names.values(), "mean_test_score"]].astype(float).rank().corr()
ranks["mean_test_score"].drop("mean_test_score").sort_values().round(2).to_frame(
    "rank correlation with accuracy"
)
