# SPDX-License-Identifier: BSD-3-Clause
"""
Many partitions, many machines: Dask
====================================

Counting, training on sums of counts, and transforming the partitions of a collection.
Here the workers are threads of this process; with a ``distributed.Client`` they are a
cluster.
"""

# %%
# A collection
# ------------

import dask
import dask.bag
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_embed import GloVeVectorizer, distributed
from sklearn_embed.datasets import load_docstrings

dask.config.set(scheduler="threads", num_workers=2)
texts = load_docstrings(subset="train").data
bag = dask.bag.from_sequence(texts, npartitions=8)
bag

# %%
# Words, counted
# --------------

counts = distributed.count_words(bag)
pd.Series(counts.counts, index=counts.words, name="count").nlargest(5).to_frame()

# %%
# GloVe from the counts of all partitions
# ---------------------------------------
# Each partition is counted where it lies; counts are added up and are, to the bit,
# those of the whole.

glove = GloVeVectorizer(50, epochs=15, random_state=0)
distributed.fit_counts(glove, bag)
whole = GloVeVectorizer(50, epochs=15, random_state=0).fit(texts)
print("same words:", glove.words_ == whole.words_)
print("largest difference of vectors:", np.abs(glove.vectors_ - whole.vectors_).max())

# %%
# Rows of all partitions
# ----------------------
# Lazily: nothing is computed before it is asked for, and results may go to files.

rows = distributed.transform(glove, bag)
rows

# %%
from sklearn_embed.plotting import WordMapDisplay

figure, axes = plt.subplots(figsize=(7, 5.5))
_ = WordMapDisplay.from_estimator(
    glove, n_words=80, stop_words="english", ax=axes, title=""
)
