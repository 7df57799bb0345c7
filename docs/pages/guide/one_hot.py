# SPDX-License-Identifier: BSD-3-Clause
"""
One-hot tokens
==============

:class:`~sklearn_embed.OneHotTokens` turns texts into numbers without learning anything
but the vocabulary. It is what all other models are compared with, and what a network
that has an embedding layer of its own is fed with.

A word :math:`w` with number :math:`k` is the row :math:`e_k` of the identity matrix. A
text of words :math:`w_1, \\ldots, w_n` is one of

.. math::

   \\sum_t e_{w_t} \\;\\text{(count)}, \\qquad
   \\max_t e_{w_t} \\;\\text{(binary)}, \\qquad
   (w_1, \\ldots, w_n, 0, \\ldots, 0) \\;\\text{(ids)}, \\qquad
   (e_{w_1}, \\ldots, e_{w_n}) \\;\\text{(one_hot)}
"""

# %%
# The four outputs
# ----------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_embed import OneHotTokens

texts = ["the cat saw the dog", "the dog ran", "a bird"]
figure, axes = plt.subplots(2, 2, figsize=(7, 4.6))
for ax, output in zip(axes.flat, ("count", "binary", "ids", "one_hot"), strict=True):
    length = {"max_length": 5} if output in ("ids", "one_hot") else {}
    rows = OneHotTokens(output, handle_unknown="ignore", **length).fit_transform(texts)
    table = rows.toarray() if hasattr(rows, "toarray") else rows
    ax.imshow(table, cmap="Blues", aspect="auto")
    ax.set_title(f'"{output}"  {table.shape}')
    ax.set_yticks(range(3), texts)
    ax.set_xticks([])
    if table.shape[1] < 10:
        for i, j in np.ndindex(table.shape):
            ax.text(j, i, table[i, j], ha="center", va="center", color="C1")

# %%
# Rows of "count", "binary" and "one_hot" are sparse. "ids" are dense, 0 for padding and
# 1 for a word that is not in the vocabulary, as in Keras.
#
# What the columns are
# --------------------

counts = OneHotTokens(handle_unknown="ignore").fit(texts)
pd.DataFrame(
    counts.transform(texts).toarray(),
    index=texts,
    columns=counts.get_feature_names_out(),
)

# %%
# Parameters that matter
# ----------------------

from _measure import one_at_a_time

one_at_a_time(
    OneHotTokens(),
    {
        "output": ["binary"],
        "min_count": [2, 5],
        "max_features": [1000],
        "ngram_range": [(1, 2)],
        "stop_words": ["english"],
    },
)

# %%
# What goes wrong
# ---------------
# - **Chinese, Japanese, Thai**: nothing separates the words, and the default pattern
#   takes a clause for a word. Give ``tokenizer="char"`` or a function that finds words.
# - **New words** in `transform` have no column. With ``handle_unknown="auto"``
#   sequences have a number for them and counts leave them out; "error" raises.
# - **"one_hot" rows are long**: `max_length` times the vocabulary. They are for short
#   sequences and for linear models that should know positions.
# - **Ids are names, not sizes**: a linear model on "ids" makes no sense.
