# SPDX-License-Identifier: BSD-3-Clause
"""
Vectors learned from labels
===========================

FastTextClassifier on one label, on several labels a text, piece by piece, and as a file
of fastText.
"""

# %%
# One label
# ---------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_embed import FastTextClassifier, TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

train, test = load_docstrings(subset="train"), load_docstrings(subset="test")
names = train.target_names
X = TokenizedDocuments.from_documents(train.data[::3])
y = train.target[::3]
X_test = TokenizedDocuments.from_documents(test.data[::2])
y_test = test.target[::2]
models = {
    "FastTextClassifier": FastTextClassifier(random_state=0),
    "with character n-grams": FastTextClassifier(min_n=3, max_n=5, random_state=0),
    "TF-IDF, logistic regression": make_pipeline(
        TfidfVectorizer(analyzer=list, sublinear_tf=True),
        LogisticRegression(C=10, max_iter=1000),
    ),
}
scores = {name: model.fit(X, y).score(X_test, y_test) for name, model in models.items()}
pd.Series(scores, name="accuracy").round(3).to_frame()

# %%
# What the words of a text say
# ----------------------------
# The model is linear in the words: each speaks for and against classes.

model = models["FastTextClassifier"]
text = "fit the classifier on a sparse matrix of features".split()
known = [word for word in text if word in model.vocabulary_]
votes = model.vectors_[[model.vocabulary_[word] for word in known]]
votes = votes @ model.output_vectors_.T
votes -= votes.mean(axis=1, keepdims=True)
figure, axes = plt.subplots(figsize=(6.4, 3))
limit = np.abs(votes).max()
image = axes.imshow(votes.T, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
axes.set_xticks(range(len(known)), known, rotation=30)
axes.set_yticks(range(len(names)), names)
axes.spines[:].set_visible(False)
_ = figure.colorbar(image, label="against … for")

# %%
# Several labels a text
# ---------------------
# `y` is a table of zeros and ones, as scikit-learn's MultiLabelBinarizer makes it.

from sklearn.preprocessing import MultiLabelBinarizer

topics = ("array", "index", "random", "model", "file")
sets = [[topic for topic in topics if topic in document] for document in X]
binarizer = MultiLabelBinarizer()
many = FastTextClassifier(loss="one_vs_all", random_state=0)
many.fit(X, binarizer.fit_transform(sets))
print(binarizer.inverse_transform(many.predict(["read the index of a file"])))

# %%
# Piece by piece
# --------------

from sklearn.base import clone

piecewise = clone(models["FastTextClassifier"])
learned = []
for start in range(0, len(X), 1000):
    some = np.random.default_rng(start).choice(len(X), 1000, replace=False)
    piecewise.partial_fit(X[some], y[some], classes=np.unique(y))
    learned.append(piecewise.score(X_test, y_test))
print(np.round(learned, 3))

# %%
# As a file of fastText
# ---------------------
# Its files know plain means alone. Its program and its bindings read them and give the
# same answers. Labels are strings there.

import tempfile
from pathlib import Path

from sklearn_embed.io.fasttext import write_model

path = Path(tempfile.mkdtemp(), "model.bin")
plain = FastTextClassifier(
    word_ngrams=1, normalization="l1", weights=None, random_state=0
)
plain.fit(X, np.array(names)[y])
write_model(plain.to_fasttext(), path)
again = FastTextClassifier.from_fasttext(path)
print(f"{path.stat().st_size / 1e6:.1f} MB")
print("same answers:", np.mean(again.predict(X_test) == plain.predict(X_test)))
