# SPDX-License-Identifier: BSD-3-Clause
"""
Word classes
============

:class:`~sklearn_embed.WordClassVectorizer` trains nothing. It counts how words, runs of
words and character n-grams go with the classes, and gives each a vector with one number
a class. With ``association="log_odds"`` that number is

.. math::

   v_{wc} = \\ln\\frac{q}{1 - q} - \\ln\\frac{p_c}{1 - p_c},
   \\qquad q = \\frac{n_{wc} + a\\, p_c}{n_w + a}

where :math:`n_w` documents have the word, :math:`n_{wc}` of them are of the class, and
:math:`p_c` is the share of the class among all documents. A row has a few columns for
each class in place of tens of thousands for words.
"""

# %%
# What words speak for
# --------------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from _measure import X, X_test, one_at_a_time, y, y_test

from sklearn_embed import WordClassVectorizer
from sklearn_embed.datasets import load_docstrings

names = load_docstrings(subset="test").target_names
model = WordClassVectorizer(random_state=0).fit(X, y)
words = ["dataframe", "cuda", "estimator", "corpus", "spline", "axis", "array", "the"]
table = model.vectors_[[model.vocabulary_[word] for word in words]]
figure, axes = plt.subplots(figsize=(7, 4))
limit = np.abs(table).max()
image = axes.imshow(table, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
axes.set_xticks(range(len(names)), names, rotation=20)
axes.set_yticks(range(len(words)), words)
axes.spines[:].set_visible(False)
_ = figure.colorbar(image, label="log-odds: against … for")

# %%
# Why training rows are cross-fitted
# ----------------------------------
# The words of a training text have seen its label. Rows made with these vectors tell
# the label better than rows of new texts do, and a classifier that learns from them
# trusts them too much. `fit_transform`, which a pipeline calls, makes each row from
# vectors counted in the other folds, as scikit-learn's `TargetEncoder` does.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
ways = {
    "rows of fit(X, y).transform(X)": model.transform(X),
    "rows of fit_transform(X, y)": WordClassVectorizer(random_state=0).fit_transform(
        X, y
    ),
}
new = model.transform(X_test)
pd.DataFrame(
    {
        name: {
            "accuracy on its own rows": head.fit(rows, y).score(rows, y),
            "accuracy on new texts": head.score(new, y_test),
        }
        for name, rows in ways.items()
    }
).T.round(3)

# %%
# Parameters that matter, and those that do not
# ---------------------------------------------

one_at_a_time(
    WordClassVectorizer(),
    {
        "association": ["pmi", "chi2", "difference"],
        "smoothing": [0.5, 30.0],
        "word_ngrams": [1, 3],
        "max_n": [0],
        "weights": [None],
        "normalization": ["l1"],
        "cv": [3, 10],
    },
)

# %%
# What goes wrong
# ---------------
# - ``fit(X, y).transform(X)`` for training rows; see above. In a
#   :class:`~sklearn.pipeline.Pipeline` it cannot happen.
# - **Few labels**: what was not seen with a label has a vector of zeros. Unlabelled
#   text does not help it; see :doc:`word2vec` and :doc:`/auto_examples/few_labels`.
# - **Columns have different scales**: put a scaler behind it.
#
# References
# ----------
# Moreo, Esuli and Sebastiani (2021), "Word-class embeddings for multiclass text
# classification". Wang and Manning (2012), "Baselines and bigrams: simple, good
# sentiment and topic classification".
