# SPDX-License-Identifier: BSD-3-Clause
"""
From texts to a searched classifier
===================================

You know pandas and scikit-learn. In a quarter of an hour you will have a classifier of
texts whose word vectors were learned from these texts, whose parameters were searched,
and whose vectors open in gensim. All output on this page comes from running it.
"""

# %%
# The texts
# ---------
# The corpus that comes with the package is the documentation of the libraries on your
# disk. A paragraph's label is its library.

from sklearn_embed.datasets import load_docstrings

train = load_docstrings(subset="train", as_frame=True)
names = train.target_names
frame = train.frame.sample(4000, random_state=0)
held_out = load_docstrings(subset="test", as_frame=True).frame.sample(
    2000, random_state=0
)
frame.head()

# %%
# How many paragraphs there are of each:

counts = frame["target"].map(dict(enumerate(names))).value_counts()
counts.rename_axis(None).to_frame("paragraphs")

# %%
# Tokens, once
# ------------
# A search trains many candidates. Cut the texts into tokens before it, and none of them
# has to do it again. The result behaves like an array of documents: cross-validation
# slices it without copying a token.

from sklearn_embed import TokenizedDocuments

everything = TokenizedDocuments.from_documents(train.data)
X = TokenizedDocuments.from_documents(frame["text"])
y = frame["target"].to_numpy()
print(X)
print(X[0][:12])

# %%
# Rows from words
# ---------------
# An embedding gives each word a vector, and each document the mean of its words'
# vectors: a row of 100 numbers, whatever the length of the document.

from sklearn_embed import Word2VecVectorizer

embedding = Word2VecVectorizer(random_state=0)
rows = embedding.set_output(transform="pandas").fit_transform(X)
rows.iloc[:5, :6]

# %%
# Did training get anywhere? The mean loss of each epoch, and that of some texts held
# out for `early_stopping`. While the learning rate is high, vectors follow the
# paragraph that is just being read: the training loss is low, and rises as the rate
# falls. The held-out loss is the one that counts.

from sklearn_embed.plotting import LossCurveDisplay

watched = Word2VecVectorizer(early_stopping=True, n_iter_no_change=10, random_state=0)
_ = LossCurveDisplay.from_estimator(watched.fit(X))

# %%
# Words that are used alike
# -------------------------
# Their vectors point the same way. Nobody told the model what these words mean. The
# more text, the better: words need no labels, so that these vectors are learned from
# all paragraphs, not from the sample alone.

import pandas as pd

words = Word2VecVectorizer(random_state=0).fit(everything)
neighbours = {
    word: [f"{near} {cosine:.2f}" for near, cosine in words.most_similar(word)[:6]]
    for word in ("row", "minimum", "gaussian", "thread", "file")
}
pd.DataFrame(neighbours)

# %%
# A map of words
# --------------
# t-SNE puts words with similar vectors side by side. Here are words that are much more
# frequent in one library than in the others; the libraries only colour them.

import numpy as np

from sklearn_embed import OneHotTokens
from sklearn_embed.plotting import WordMapDisplay

present = OneHotTokens("binary", vocabulary=words.words_).fit_transform(X)
shares = np.vstack([np.asarray(present[y == k].mean(axis=0)).ravel() for k in range(6)])
groups = {}
for k, name in enumerate(names):
    others = np.delete(shares, k, axis=0).max(axis=0) + 1e-3
    typical = shares[k] * np.log(shares[k] / others + 1e-9)
    best = [words.words_[i] for i in np.argsort(-typical, kind="stable")]
    groups[name] = [word for word in best if word.isalpha() and len(word) > 3][:9]

_ = WordMapDisplay.from_estimator(words, groups, title="")

# %%
# A pipeline
# ----------
# The columns have different spreads: scale them before a linear classifier. New
# documents may be plain strings; they are cut as the texts of training were.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

pipeline = Pipeline(
    [
        ("embedding", Word2VecVectorizer(random_state=0)),
        ("scale", StandardScaler()),
        ("classifier", LogisticRegression(max_iter=1000)),
    ]
)
pipeline.fit(X, y)
names[pipeline.predict(["Return the rows of the frame whose index is given."])[0]]

# %%
# The search
# ----------
# Parameters of the embedding are searched along with those of the classifier, under the
# names of their steps.

from sklearn.model_selection import GridSearchCV

from sklearn_embed.plotting import SearchDisplay

grid = {"embedding__vector_size": [25, 100], "classifier__C": [0.01, 0.1, 1.0]}
search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
columns = ["param_embedding__vector_size", "param_classifier__C"]
columns += ["mean_test_score", "std_test_score"]
results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")[columns]
results.set_axis(["vector_size", "C", "mean", "deviation"], axis=1).round(3)

# %%
_ = SearchDisplay.from_estimator(search)

# %%
# Beside what one would do otherwise
# ----------------------------------
# Always look at TF-IDF too. Vectors that were learned from nothing but the texts of the
# task often lose to it where labels are many, as they do here; joined, the two can be
# better than each.

from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import Normalizer

tfidf = TfidfVectorizer(analyzer=list, sublinear_tf=True)
best = search.best_estimator_
joined = make_union(tfidf, make_pipeline(best["embedding"], Normalizer()))
models = {
    "majority class": DummyClassifier(),
    "best of the search": best,
    "TF-IDF": make_pipeline(tfidf, LogisticRegression(C=10, max_iter=1000)),
    "TF-IDF and embedding": make_pipeline(
        joined, LogisticRegression(C=10, max_iter=1000)
    ),
}
X_test = TokenizedDocuments.from_documents(held_out["text"])
y_test = held_out["target"]
scores = {name: model.fit(X, y).score(X_test, y_test) for name, model in models.items()}
pd.Series(scores, name="test accuracy").round(3).to_frame()

# %%
# Vectors to take along
# ---------------------
# gensim gets the same memory, without a copy. Files in word2vec's format are read by
# nearly everything.

import tempfile
from pathlib import Path

model = best["embedding"]
vectors = model.to_keyed_vectors()
print(vectors)
print(vectors.most_similar(positive=["rows", "column"], negative=["row"], topn=3))

path = Path(tempfile.mkdtemp(), "vectors.txt")
vectors.save_word2vec_format(path)
print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")

# %%
# Or as a table:

model.to_frame().iloc[:5, :6]

# %%
# Where to go from here
# ---------------------
# :doc:`/choose` says which model for which data; the :doc:`guide </auto_guide/index>`
# has a page for each; :doc:`/howto/index` answers single questions.
