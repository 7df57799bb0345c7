# SPDX-License-Identifier: BSD-3-Clause
"""
Pooling: rows from word vectors
===============================

:class:`~sklearn_embed.MeanPoolEmbedder` makes rows from word vectors of any origin: a
vectorizer of this package, gensim, a DataFrame, a dict, a file. The plain choice is the
weighted mean of the words' vectors,

.. math::

   r(d) = \\frac{\\sum_{w \\in d} a_w v_w}{\\sum_{w \\in d} a_w},

so that a row depends on its document alone, and a linear classifier on rows is one on
relative word counts whose weights are tied by the embedding.
"""

# %%
# Weights
# -------
# Many words of a text say nothing about it. Weights decide how much of the mean they
# get: all the same, by rarity among documents (idf), or by rarity in the text (SIF,
# :math:`a / (a + p_w)`).

import matplotlib.pyplot as plt
import numpy as np
from _measure import X, one_at_a_time
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_embed import MeanPoolEmbedder, Word2VecVectorizer

model = Word2VecVectorizer(random_state=0).fit(X)
text = "returns the index of the first row that has a missing value".split()
idf = TfidfVectorizer(analyzer=list).fit(X)
shares = dict(zip(model.words_, model.counts_ / model.counts_.sum(), strict=True))
known = [word for word in text if word in shares]
weights = {
    "all the same": np.ones(len(known)),
    "idf": np.array([idf.idf_[idf.vocabulary_[word]] for word in known]),
    "SIF, a = 0.001": np.array([1e-3 / (1e-3 + shares[word]) for word in known]),
    "SIF, a = 0.01": np.array([1e-2 / (1e-2 + shares[word]) for word in known]),
}
figure, axes = plt.subplots(figsize=(7, 3))
for k, (name, weight) in enumerate(weights.items()):
    bars = np.arange(len(known)) + 0.2 * k - 0.3
    axes.bar(bars, weight / weight.sum(), width=0.2, label=name)
axes.set_xticks(range(len(known)), known, rotation=30)
axes.set_ylabel("share of the mean")
_ = axes.legend()

# %%
# What matters
# ------------
# The vectors are the same throughout; only what is made of them changes.

one_at_a_time(
    MeanPoolEmbedder(model),
    {
        "pooling": ["sum", "max", "power"],
        "weights": ["idf", "sif", "usif"],
        "normalize": [True],
        "normalize_words": [True],
        "n_components_removed": [1],
        "stop_words": ["english"],
    },
)

# %%
# "power" puts several power means side by side, three times as many columns. SIF's own
# constant of 0.001 was chosen for vectors from billions of words; on a corpus of a
# task's size, a = 0.01 leaves more of the frequent words in:

one_at_a_time(
    MeanPoolEmbedder(model, weights="sif"),
    {"smoothing": [1e-4, 1e-2, 1e-1], "n_components_removed": [1]},
)

# %%
# Nearest documents
# -----------------
# Rows are also for searching: the documents nearest to a question.

from sklearn_embed.evaluation import nearest_documents

rows = MeanPoolEmbedder(model, weights="idf", normalize=True).fit(X)
texts = [" ".join(document) for document in X]
found = nearest_documents(rows, texts, ["read a csv file into a table"], topn=4)
found.assign(text=[texts[i][:70] for i in found["document"]]).round(2)

# %%
# What goes wrong
# ---------------
# - **Documents without known words** become rows of zeros (`empty`), and a fit or
#   transform in which most are so warns.
# - **Spellings that differ**: vectors of *Paris* under ``lowercase=True`` are never
#   found. A warning gives the share of words found and an example of each side.
# - **Order is lost**: "dog bites man" and "man bites dog" have one row.
# - **Long texts** have rows that are all alike, the mean of the language. Weights help,
#   or removing the first component, or cutting texts into paragraphs.
#
# References
# ----------
# Arora, Liang and Ma (2017), "A simple but tough-to-beat baseline for sentence
# embeddings". Ethayarajh (2018), "Unsupervised random walk sentence embeddings". Rücklé
# et al. (2018), "Concatenated power mean word embeddings as universal cross-lingual
# sentence representations".
