# SPDX-License-Identifier: BSD-3-Clause
"""
FastTextClassifier
==================

:class:`~sklearn_embed.FastTextClassifier` is the smallest network for text: add the
vectors of words and pairs of words, multiply by a matrix, softmax,

.. math::

   p(c \\mid d) \\propto \\exp\\left(u_c^\\top \\sum_{f \\in d} x_f v_f\\right),
   \\qquad x_f \\propto (1 + \\ln tf_f) \\, w_f,

with all vectors learned from the labels. Weights :math:`w_f` are those of idf, and the
:math:`x_f` of a document have length one, as a row of TF-IDF. fastText's own model, the
plain mean of words, is ``normalization="l1", weights=None``. It is a classifier like
any other: `predict_proba`, `class_weight`, several labels a text, `partial_fit`, early
stopping.
"""

# %%
# Training
# --------

import matplotlib.pyplot as plt
from _measure import X, X_test, one_at_a_time, y, y_test

from sklearn_embed import FastTextClassifier
from sklearn_embed.plotting import LossCurveDisplay

model = FastTextClassifier(random_state=0).fit(X, y)
_ = LossCurveDisplay.from_estimator(model)

# %%
# Where it errs
# -------------

from sklearn.metrics import ConfusionMatrixDisplay

from sklearn_embed.datasets import load_docstrings

names = load_docstrings(subset="test").target_names
_ = ConfusionMatrixDisplay.from_estimator(
    model,
    X_test,
    y_test,
    display_labels=names,
    normalize="true",
    values_format=".2f",
    cmap="Blues",
    xticks_rotation=30,
)

# %%
# Parameters that matter, and those that do not
# ---------------------------------------------

one_at_a_time(
    FastTextClassifier(),
    {
        "vector_size": [10, 300],
        "word_ngrams": [1, 3],
        "normalization": ["l1"],
        "weights": [None],
        "alpha": [0],
        "min_count": [2],
        "loss": ["one_vs_all"],
    },
)

# %%
# What its probabilities are worth
# --------------------------------
# Of the texts to which it gives a probability, so many are right:

from sklearn.calibration import CalibrationDisplay

best = model.predict_proba(X_test).max(axis=1)
right = model.predict(X_test) == y_test
figure, axes = plt.subplots(figsize=(5, 4))
_ = CalibrationDisplay.from_predictions(
    right, best, n_bins=8, strategy="quantile", ax=axes, name="FastTextClassifier"
)
