# SPDX-License-Identifier: BSD-3-Clause
"""
Word2vec
========

:class:`~sklearn_embed.Word2VecVectorizer` learns vectors by predicting: skip-gram the
words around a word from that word, CBOW a word from the mean of those around it. It is
fast, it is the usual choice for vectors from one's own texts, and everything else in
this guide is measured against it.

With negative sampling, a word with vector :math:`v_i` near a word with output vector
:math:`u_j` takes one step up the slope of

.. math::

   \\log \\sigma(u_j^\\top v_i) + \\sum_{k=1}^{K} \\log \\sigma(-u_k^\\top v_i),
   \\qquad k \\sim \\text{count}^{3/4}

In the end :math:`u_j^\\top v_i` approximates the pointwise mutual information of the
two words, less :math:`\\log K` (Levy and Goldberg 2014).
"""

# %%
# What comes out
# --------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from _measure import X, one_at_a_time

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.plotting import WordMapDisplay

texts = load_docstrings(subset="train").data
everything = TokenizedDocuments.from_documents(texts)
model = Word2VecVectorizer(random_state=0).fit(everything)
print("epochs:", model.n_iter_, " vectors:", model.vectors_.shape)
figure, axes = plt.subplots(figsize=(7, 6))
_ = WordMapDisplay.from_estimator(
    model, n_words=110, stop_words="english", ax=axes, title=""
)

# %%
# A number near the mutual information
# ------------------------------------
# Dot products of the two matrices beside the PMI of counted pairs: they rise together,
# loosely, as long as the text is small.

from sklearn_embed import CooccurrenceCounts

counts = CooccurrenceCounts.from_documents(
    everything, window=5, vocabulary=model.words_
)
pmi = counts.ppmi().tocoo()
frequent = (pmi.row < 300) & (pmi.col < 300)
i, j = pmi.row[frequent], pmi.col[frequent]
dots = np.einsum("ij,ij->i", model.vectors_[i], model.context_vectors_[j])
figure, axes = plt.subplots(figsize=(6, 4))
axes.scatter(pmi.data[frequent], dots, s=2, alpha=0.3)
correlation = np.corrcoef(pmi.data[frequent], dots)[0, 1]
axes.set(xlabel="PMI of the counts", ylabel="$u_j^T v_i$")
_ = axes.set_title(f"300 most frequent words: correlation {correlation:.2f}")

# %%
# Parameters that matter, and those that do not
# ---------------------------------------------

one_at_a_time(
    Word2VecVectorizer(),
    {
        "vector_size": [25, 300],
        "window": [2, 5],
        "epochs": [15, 40],
        "learning_rate": [0.01, 0.1],
        "architecture": ["cbow"],
        "loss": ["hierarchical_softmax"],
        "negative": [15],
        "sample": [0, 1e-4],
        "ns_exponent": [0.5],
        "min_count": [1, 5],
    },
)

# %%
# "auto" values follow from the number of tokens; what they became:

settled = Word2VecVectorizer(random_state=0).fit(X)
pd.Series(
    {name: getattr(settled, f"{name}_") for name in ("epochs", "learning_rate")},
    name="on 3,000 paragraphs",
).to_frame()

# %%
# What goes wrong
# ---------------
# - **Too few tokens**: a few hundred short texts make vectors that all point the same
#   way, and a fit says so. Give more texts as `unlabeled`; they need no labels.
# - **gensim's defaults on small data**: five epochs, a rate of 0.025 and
#   ``min_count=5`` are for large corpora.
# - **Opposites are close**, since they are used alike.
# - **Several cores**: with ``n_jobs=1`` the same seed gives the same bits; more threads
#   share the matrices, and results differ slightly from run to run.
#
# References
# ----------
# Mikolov, Chen, Corrado and Dean (2013), "Efficient estimation of word representations
# in vector space". Mikolov, Sutskever, Chen, Corrado and Dean (2013), "Distributed
# representations of words and phrases and their compositionality". Levy and Goldberg
# (2014), "Neural word embedding as implicit matrix factorization".
