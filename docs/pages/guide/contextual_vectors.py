# SPDX-License-Identifier: BSD-3-Clause
"""
Vectors in context
==================

*A bank is not a bank.* A table of vectors has one row for each word, whatever it means
where it stands. :class:`~sklearn_embed.ContextualVectorizer` reads the text with two
language models, from the left and from the right, and takes what both know at a word,

.. math::

   h_{k,j} = [\\overrightarrow{h}_{k,j}\\,;\\,\\overleftarrow{h}_{k,j}],
   \\qquad j = 0, \\ldots, L,

as ELMo does: layer 0 are the vectors of words, the layers above are states of recurrent
networks. A token is the sum of its layers, :math:`\\sum_j s_j h_{k,j}`, or all of them
side by side.
"""

# %%
# A word of two trades
# --------------------
# Paragraphs of documentation. In pandas a *series* is a column, in NumPy a sum of
# polynomials. Two language models, of 4,000 paragraphs:

import time

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import (
    ContextualVectorizer,
    RecurrentClassifier,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.plotting import ContextualSensesDisplay

data = load_docstrings(subset="train")
names = np.array(data.target_names)[data.target]
some = np.flatnonzero(np.isin(names, ["numpy", "pandas"]))
some = np.random.default_rng(0).permutation(some)[:4000]
X, y = TokenizedDocuments.from_documents([data.data[i] for i in some]), names[some]

start = time.process_time()
static = Word2VecVectorizer(64, random_state=0).fit(X)
model = ContextualVectorizer(
    64,
    hidden_size=64,
    pretrained=static,
    max_features=3000,
    batch_size=8,
    epochs=3,
    random_state=0,
)
_ = model.fit(X)
print(f"{X.n_tokens:,} words, {time.process_time() - start:.0f} s")
[round(one.perplexity(X[:300])) for one in model.language_models_]

# %%
# `pretrained` lets both models start from vectors that there are; `language_models`
# takes a fitted pair, trained on a larger text, say.
#
# The nearest tokens
# ------------------
# Of all places where *series* stands, those that are most like one in a new
# sentence. States have much in common, which `center` takes off:

_ = model.set_params(layers=1)
options = {"among": ["series"], "center": True}
for text in (
    "sort the values of this series by its index",
    "evaluate the hermite series at points x",
):
    print(text)
    for match in model.most_similar_in_context(text, "series", X, 3, **options):
        print(f"   {match.similarity:.2f} {y[match.document]:>7}: {match.context}")

# %%
# All places at once
# ------------------
# The colour is the library that the paragraph is from:

display = ContextualSensesDisplay.from_estimator(
    model, X, "series", labels=y, n_labels=16
)

# %%
# Which layer?
# ------------
# Is the library of a place that of its five nearest others? A share of right answers,
# beside the mean of the static vectors of the five words on both sides. Layer 0 of the
# word itself is the same everywhere:


def neighbours(rows, labels):
    """Return the share of right answers for the second half of the places."""
    n = len(rows) // 2
    learner = KNeighborsClassifier(5, metric="cosine").fit(rows[:n], labels[:n])
    return learner.score(rows[n:], labels[n:])


rows = {}
for layer in (0, 1, 2):
    found = model.set_params(layers=layer).occurrences(X, "series")
    labels = y[found.documents]
    rows[f"layer {layer}"] = neighbours(found.vectors, labels)
around = []
for document, place in zip(found.documents, found.positions, strict=True):
    tokens = X[int(document)]
    around.append(tokens[max(0, place - 5) : place] + tokens[place + 1 : place + 6])
rows["5 words on both sides"] = neighbours(static.transform(around), labels)
pd.Series(rows, name="right").round(3).to_frame()

# %%
# Rows for a classifier
# ---------------------
# `transform` pools the vectors of a document's tokens. All layers side by side let a
# linear classifier choose. Which library is a paragraph from?

X_test, y_test = X[3000:], y[3000:]
kinds = {
    "static": (static, {}),
    "layer 0": (model, {"layers": 0}),
    "layer 1": (model, {"layers": 1}),
    "layer 2": (model, {"layers": 2}),
    "all": (model, {"layers": "all"}),
    "all, greatest": (model, {"layers": "all", "pooling": "max"}),
}
rows = {}
for name, (vectorizer, params) in kinds.items():
    vectorizer.set_params(**params)
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    learner.fit(vectorizer.transform(X[:3000]), y[:3000])
    accuracy = learner.score(vectorizer.transform(X_test), y_test)
    n_columns = len(vectorizer.get_feature_names_out())
    rows[name] = {"columns": n_columns, "accuracy": accuracy}
pd.DataFrame(rows).T.round(3)

# %%
# `pooling`, `layers` and `layer_weights` can be searched: with a fitted pair in
# `language_models`, `fit` trains nothing.
#
# Weights that a task learns
# --------------------------
# ELMo's own way: a classifier on :math:`\gamma \sum_j s_j h_{k,j}`, whose weights are
# learned with the scores of the classes, and the language models stay as they are. The
# words of both directions together have 128 numbers, as their states have:

elmo = RecurrentClassifier(
    128, hidden_size=64, num_layers=2, language_model=model, layers="all",
    pooling="mean", fine_tuning="none", learning_rate=0.05, epochs=5, dropout=0.2,
    random_state=0,
)  # fmt: skip
elmo.fit(X[:3000], y[:3000])
weights = elmo.layer_weights_.round(2).tolist()
print(f"accuracy {elmo.score(X_test, y_test):.3f}, layers {weights}")

# %%
# It has found the layer that the table above says is best for this task. All layers
# and vectors moved, too:

elmo.set_params(fine_tuning="all", pooling="max", learning_rate=0.004)
elmo.fit(X[:3000], y[:3000])
weights = elmo.layer_weights_.round(2).tolist()
print(f"accuracy {elmo.score(X_test, y_test):.3f}, layers {weights}")

# %%
# Token by token
# --------------
# :meth:`~sklearn_embed.ContextualVectorizer.transform_tokens` gives one array for all
# tokens, which may be a memory map, and where each document begins in it;
# :meth:`~sklearn_embed.ContextualVectorizer.iter_tokens` some tokens at a time, in
# constant memory, however long a document is:

_ = model.set_params(layers=-1, pooling="mean")
tokens = model.transform_tokens(["the values of the series", "a series"])
print(tokens, tokens.offsets, tokens.tokens)
sum(len(part.vectors) for part in model.iter_tokens(X[:1000]))

# %%
# What goes wrong
# ---------------
# - **Too little text**: see the perplexities above. Some million words and half an hour
#   make better vectors; start from `pretrained` ones, and save the pair.
# - **The wrong layer**: layer 0 knows no context. Here layer 1 is better than the last
#   one; of models that were trained long, the last one is, most of all with
#   ``window=5``: the mean of a token's vector and those of its neighbours
#   (:doc:`/howto/language_models`).
# - **Topics**: what a paragraph is about, a mean of static vectors tells as well, as
#   both tables show, and much faster.
#
# References
# ----------
# Peters et al. (2018), "Deep contextualized word representations". Peters, Ammar,
# Bhagavatula and Power (2017), "Semi-supervised sequence tagging with bidirectional
# language models". McCann, Bradbury, Xiong and Socher (2017), "Learned in translation:
# contextualized word vectors".
