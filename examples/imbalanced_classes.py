# SPDX-License-Identifier: BSD-3-Clause
"""
Imbalanced classes
==================

One class in twenty. Accuracy says nothing then; weights, thresholds and the right score
do.
"""

# %%
# Paragraphs of gensim's documentation among all others
# -----------------------------------------------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import (
    PrecisionRecallDisplay,
    balanced_accuracy_score,
    f1_score,
)
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from sklearn_embed import FastTextClassifier, TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

bunch, held_out = load_docstrings(subset="train"), load_docstrings(subset="test")
draw = np.random.default_rng(0)
some = draw.choice(len(bunch.data), 8000, replace=False)
X = TokenizedDocuments.from_documents([bunch.data[i] for i in some])
y = bunch.target[some] == bunch.target_names.index("gensim")
X_test = TokenizedDocuments.from_documents(held_out.data)
y_test = held_out.target == held_out.target_names.index("gensim")
print(f"{y.mean():.1%} of the training texts are of the class")

# %%
# Plain, weighted, and with a threshold of its own
# ------------------------------------------------
# `class_weight` makes each class count the same in training. A threshold can be chosen
# after it, by cross-validation, with scikit-learn's tool; both work on this classifier
# as on every other.

plain = FastTextClassifier(random_state=0)
models = {
    "plain": plain,
    "class_weight='balanced'": FastTextClassifier(
        class_weight="balanced", random_state=0
    ),
    "threshold tuned for F1": TunedThresholdClassifierCV(plain, scoring="f1", cv=3),
    "threshold of 0.2": FixedThresholdClassifier(plain, threshold=0.2),
}
rows = []
for model in models.values():
    predicted = model.fit(X, y).predict(X_test)
    rows.append(
        {
            "accuracy": np.mean(predicted == y_test),
            "balanced accuracy": balanced_accuracy_score(y_test, predicted),
            "F1": f1_score(y_test, predicted),
            "found": np.mean(predicted[y_test]),
        }
    )
pd.DataFrame(rows, index=models).round(3)

# %%
# "found" is the share of the class's texts that were found. Nobody is always ahead: a
# weight or threshold moves along a curve, on which you choose the place.

figure, axes = plt.subplots(figsize=(6, 4.5))
for name in list(models)[:2]:
    scores = models[name].predict_proba(X_test)[:, 1]
    PrecisionRecallDisplay.from_predictions(y_test, scores, ax=axes, name=name)
_ = axes.legend(loc="lower left")
