# SPDX-License-Identifier: BSD-3-Clause
"""
Co-occurrence counts and PPMI
=============================

Before anything is learned, words have company, and company can be counted.
:class:`~sklearn_embed.CooccurrenceCounts` counts exactly, in bounded memory, and counts
of parts of a corpus add up. Their positive pointwise mutual information

.. math::

   \\operatorname{PPMI}(i, j) = \\max\\left(0, \\log
   \\frac{X_{ij} \\sum_{kl} X_{kl}}{\\sum_l X_{il} \\, \\sum_k X_{kj}} - \\log s\\right)

says how much more often two words stand together than independent words would. Its
singular vectors are word vectors, without any training (Levy and Goldberg 2014).
"""

# %%
# From counts to associations
# ---------------------------
# Raw counts show which words are frequent. PPMI shows which belong together.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_embed import CooccurrenceCounts, TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

texts = load_docstrings(subset="train").data
X = TokenizedDocuments.from_documents(texts)
counts = CooccurrenceCounts.from_documents(X, window=5, min_count=5)
print(len(counts.words), "words,", counts.n_pairs, "pairs")

words = ["row", "column", "file", "path", "random", "seed", "matrix", "the", "of"]
rows = [counts.words.index(word) for word in words]
raw = counts.to_scipy()[rows][:, rows].toarray()
ppmi = counts.ppmi()[rows][:, rows].toarray()
figure, axes = plt.subplots(1, 2, figsize=(7, 4))
for ax, table, title in zip(axes, (raw, ppmi), ("counts", "PPMI"), strict=True):
    ax.imshow(np.sqrt(table), cmap="Blues")
    ax.set_title(title)
    ax.set_xticks(range(len(words)), words, rotation=60)
    ax.set_yticks(range(len(words)), words)
    ax.spines[:].set_visible(False)

# %%
# Vectors by factorising
# ----------------------
# :class:`~sklearn_embed.PPMIVectorizer` counts, takes the logarithms and factorises: no
# epochs, no learning rate, nothing drawn at random. `fit_counts` takes counts as they
# are.

from sklearn_embed import PPMIVectorizer

model = PPMIVectorizer().fit(X)
pd.DataFrame(
    {
        word: [f"{near} {cosine:.2f}" for near, cosine in model.most_similar(word)[:6]]
        for word in ("row", "minimum", "gaussian", "thread", "file")
    }
)

# %%
# Parameters that matter, and those that do not
# ---------------------------------------------

from _measure import one_at_a_time

one_at_a_time(
    PPMIVectorizer(),
    {
        "vector_size": [50, 400],
        "window": [3, "document"],
        "shift": [5.0],
        "eigenvalue_exponent": [1.0],
        "combine": ["sum"],
    },
)

# %%
# Parts that add up
# -----------------
# Parts can be counted apart, on other machines if need be, with one vocabulary; the sum
# is what counting all at once gives, to the bit.

vocabulary = counts.words
parts = [
    CooccurrenceCounts.from_documents(part, window=5, vocabulary=vocabulary)
    for part in (X[:8000], X[8000:])
]
difference = abs(sum(parts[1:], parts[0]).to_scipy() - counts.to_scipy())
print("largest difference:", difference.max())

# %%
# What goes wrong
# ---------------
# - **Rare words have the largest values**: two words seen once, together, look like a
#   perfect pair. `min_count` leaves them out; `shift` takes :math:`\log s` off.
# - **Memory** grows with the pairs that occur, not with the square of the vocabulary.
#   `max_memory` bounds it while counting; more goes to a temporary file.
# - **A window wider than a text** counts whole texts.
#
# References
# ----------
# Church and Hanks (1990), "Word association norms, mutual information, and
# lexicography". Levy and Goldberg (2014), "Neural word embedding as implicit matrix
# factorization". Levy, Goldberg and Dagan (2015), "Improving distributional similarity
# with lessons learned from word embeddings".
