# SPDX-License-Identifier: BSD-3-Clause
"""
FastText
========

:class:`~sklearn_embed.FastTextVectorizer` is word2vec in which the vector of a word is
the mean of its own row and the rows of its character n-grams,

.. math::

   v_w = \\frac{1}{1 + |G_w|} \\left(z_w + \\sum_{g \\in G_w} z_g\\right),

where :math:`G_w` are the n-grams of ``<word>``, with brackets for beginning and end. So
*normalize* and *normalization* share rows, and a word that was never seen has a vector
from the n-grams that it shares with others.
"""

# %%
# Words of one family lie together
# --------------------------------

import pandas as pd
from _measure import X, one_at_a_time

from sklearn_embed import FastTextVectorizer, Word2VecVectorizer
from sklearn_embed.evaluation import most_similar
from sklearn_embed.plotting import SimilarityDisplay

model = FastTextVectorizer(random_state=0).fit(X)
family = [
    "index",
    "indices",
    "indexed",
    "indexing",
    "normalize",
    "normalized",
    "random",
]
_ = SimilarityDisplay.from_estimator(model, family, order="given")

# %%
# Words never seen
# ----------------

unseen = ["indexerror2", "unnormalized", "pseudorandomly"]
unseen = [word for word in unseen if word not in model.vocabulary_]
pd.DataFrame(
    {word: [near for near, _ in most_similar(model, word, topn=6)] for word in unseen}
)

# %%
# Rows of texts whose words were not seen in training: zeros with word2vec, something
# with FastText.

plain = Word2VecVectorizer(random_state=0).fit(X)
odd = ["dataframes groupby-ing", "normalizers", "vectorizes", "unindexed", "the index"]
pd.DataFrame(
    {
        "word2vec knows": [abs(plain.transform([text])).sum() > 0 for text in odd],
        "FastText knows": [abs(model.transform([text])).sum() > 0 for text in odd],
    },
    index=odd,
)

# %%
# Parameters that matter, and those that do not
# ---------------------------------------------

one_at_a_time(
    FastTextVectorizer(),
    {
        "vector_size": [25],
        "window": [5],
        "epochs": [15],
        "learning_rate": [0.1],
        "min_n": [2, 4],
        "max_n": [4],
        "bucket": [50_000],
    },
)

# %%
# What goes wrong
# ---------------
# - **Spelling is not meaning**: *form* and *platform* share n-grams.
# - **Memory**: Facebook's program makes 2,000,000 rows of n-grams unless told
#   otherwise. Here rows that always occur together are kept once, and none that does
#   not occur.
# - **Chinese**: characters are few and words short; n-grams of 3 to 6 characters hardly
#   occur. Use ``min_n=1, max_n=2`` on words, or word2vec on characters.
#
# References
# ----------
# Bojanowski, Grave, Joulin and Mikolov (2017), "Enriching word vectors with subword
# information".
