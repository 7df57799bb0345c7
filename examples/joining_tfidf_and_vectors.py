# SPDX-License-Identifier: BSD-3-Clause
"""
TF-IDF and vectors side by side
===============================

A union of both is easy to write and easy to get wrong: columns of vectors that are not
of TF-IDF's scale drown it, or are drowned.
"""

# %%
# The same union at many scales
# -----------------------------
# Rows of TF-IDF have length one. Rows of vectors are brought to length one and
# multiplied by a number.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, Normalizer
from sklearn.svm import LinearSVC

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings

train, test = load_docstrings(subset="train"), load_docstrings(subset="test")
everything = TokenizedDocuments.from_documents(train.data)
X_test = TokenizedDocuments.from_documents(test.data[::3])
y_test = test.target[::3]
model = Word2VecVectorizer(random_state=0).fit(everything)
draw = np.random.default_rng(0)


def scaled(rows, scale):
    """Multiply rows by a number."""
    return rows * scale


def union(scale):
    """Return TF-IDF beside vectors of length `scale`."""
    vectors = make_pipeline(
        MeanPoolEmbedder(model, weights="idf"),
        Normalizer(),
        FunctionTransformer(scaled, kw_args={"scale": scale}),
    )
    tfidf = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    return make_pipeline(make_union(tfidf, vectors), LinearSVC(C=0.5))


# %%
scales = [0, 0.3, 1, 3]
table = {}
for n_labels in (200, 1000, 4000):
    some = draw.choice(len(everything), n_labels, replace=False)
    table[n_labels] = [
        union(scale).fit(everything[some], train.target[some]).score(X_test, y_test)
        for scale in scales
    ]
table = pd.DataFrame(table, index=scales)
figure, axes = plt.subplots()
for n_labels, color in zip(table.columns, ("C0", "C1", "C2"), strict=True):
    gain = 100 * (table[n_labels] - table[n_labels].iloc[0])
    axes.plot(
        range(len(scales)), gain, marker="o", color=color, label=f"{n_labels} labels"
    )
axes.set_xticks(range(len(scales)), ["none", *scales[1:]])
axes.axhline(0, color="0.4", linewidth=1)
axes.set(
    xlabel="length of the vectors beside TF-IDF's 1", ylabel="points of accuracy gained"
)
_ = axes.legend()

# %%
# The gain is large with few labels and small with many. Rows of about TF-IDF's own
# length give most of it. Here the vectors had five times as many texts to learn from as
# the largest of the labelled samples; trained on these alone, they add much less.

table.rename_axis(columns="length of the vectors").round(3)
