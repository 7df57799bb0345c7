# SPDX-License-Identifier: BSD-3-Clause
"""
Texts that memory does not hold
===============================

Tokens in a file that is mapped, training piece by piece, and counts of parts that add
up.
"""

# %%
# A generator of texts
# --------------------
# Here it goes through the documentation; with you it reads files, a database, a crawl.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklearn_embed import (
    CooccurrenceCounts,
    GloVeVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed.datasets import load_docstrings

folder = Path(tempfile.mkdtemp())


def texts():
    """Yield one text after the other."""
    yield from load_docstrings(subset="train").data


# %%
# Tokens in a file
# ----------------
# Written once; mapped afterwards, so that only the parts in use take memory. Slices,
# cross-validation and training work on it as on any array.

TokenizedDocuments.from_documents(texts()).save(folder / "corpus")
X = TokenizedDocuments.load(folder / "corpus", mmap=True)
print(X)
print(f"{(folder / 'corpus').stat().st_size / 1e6:.1f} MB in the file")

# %%
# Training piece by piece
# -----------------------
# `partial_fit` goes on where it stopped. New words are added as they come.

model = Word2VecVectorizer(50, random_state=0)
words, agreement = [], []
whole = Word2VecVectorizer(50, random_state=0).fit(X)
for start in range(0, len(X), 3000):
    model.partial_fit(X[start : start + 3000])
    words.append(len(model.words_))
    near = {word for word, _ in model.most_similar("array", topn=20)}
    agreement.append(
        len(near & {word for word, _ in whole.most_similar("array", topn=20)})
    )
figure, axes = plt.subplots(1, 2, figsize=(7, 3.2))
pieces = np.arange(1, len(words) + 1)
axes[0].plot(pieces, words, marker="o")
axes[0].set(xlabel="pieces seen", title="words known")
axes[1].plot(pieces, agreement, marker="o")
_ = axes[1].set(
    xlabel="pieces seen",
    ylim=(0, 20),
    title="neighbours of “array” shared with\na fit of everything, of 20",
)

# %%
# Counts of parts
# ---------------
# Exact, and added up in any order: to the bit what one machine would have counted.
# GloVe learns from the sum.

vocabulary = whole.words_
parts = []
for part in range(4):
    counts = CooccurrenceCounts.from_documents(
        X[part::4], window=10, vocabulary=vocabulary
    )
    counts.save(folder / f"part{part}")
    parts.append(folder / f"part{part}")
total = CooccurrenceCounts.load(parts[0])
for path in parts[1:]:
    total = total + CooccurrenceCounts.load(path)
at_once = CooccurrenceCounts.from_documents(X, window=10, vocabulary=vocabulary)
print("differences:", abs(total.to_scipy() - at_once.to_scipy()).max())

glove = GloVeVectorizer(50, epochs=10, random_state=0).fit_counts(total)
print([word for word, _ in glove.most_similar("array", topn=6)])
