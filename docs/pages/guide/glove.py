# SPDX-License-Identifier: BSD-3-Clause
"""
GloVe
=====

:class:`~sklearn_embed.GloVeVectorizer` counts first and learns from the counts: dot
products of word and context vectors are fitted to the logarithms of the counts
:math:`X_{ij}`, in which a word at distance :math:`k` counts :math:`1/k`.

.. math::

   \\sum_{X_{ij} > 0} f(X_{ij})
   \\left(w_i^\\top \\tilde w_j + b_i + \\tilde b_j - \\log X_{ij}\\right)^2,
   \\qquad f(x) = \\min\\left(1, \\left(\\frac{x}{x_{\\max}}\\right)^\\alpha\\right)

The vector of a word is the sum :math:`w_i + \\tilde w_i`. Training visits counted pairs
and not tokens, so that epochs cost the same however long the text was, and its result
is the same, bit for bit, for any `n_jobs`.
"""

# %%
# The weight
# ----------
# Pairs seen once say little and are most of all pairs; *of the* is seen thousands of
# times and says little, too. :math:`f` holds both down.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from _measure import X, one_at_a_time

from sklearn_embed import CooccurrenceCounts, GloVeVectorizer

counts = CooccurrenceCounts.from_documents(X, window=10, min_count=2)
seen = counts.to_scipy().data
figure, axes = plt.subplots(1, 2, figsize=(7, 3.2))
x = np.linspace(0, 30, 200)
for x_max in (5, 10, 20):
    axes[0].plot(x, np.minimum(1, (x / x_max) ** 0.75), label=f"x_max = {x_max}")
axes[0].set(xlabel="count", title="weight f(x)")
axes[0].legend()
axes[1].hist(seen, bins=np.geomspace(seen.min(), seen.max(), 40))
axes[1].set(xscale="log", yscale="log", xlabel="count", title="pairs with this count")
print(f"{100 * np.mean(seen <= 1):.0f} % of the pairs have a count of 1 or less")

# %%
# Logarithms, fitted
# ------------------
# After training, what the model predicts lies on the logarithm of the count where the
# weight is large:

from sklearn_embed.plotting import LossCurveDisplay

model = GloVeVectorizer(random_state=0).fit(X)
_ = LossCurveDisplay.from_estimator(model)

# %%
# Neighbours
# ----------

pd.DataFrame(
    {
        word: [f"{near} {cosine:.2f}" for near, cosine in model.most_similar(word)[:6]]
        for word in ("row", "minimum", "random", "thread", "file")
    }
)

# %%
# Parameters that matter, and those that do not
# ---------------------------------------------

one_at_a_time(
    GloVeVectorizer(),
    {
        "vector_size": [25, 300],
        "window": [5, 20],
        "epochs": [10, 60],
        "learning_rate": [0.02, 0.1],
        "x_max": [100, None],
        "weighting": ["flat"],
        "combine": ["word"],
        "min_count": [1, 5],
    },
)

# %%
# What goes wrong
# ---------------
# - **x_max=100**, the paper's, is for corpora of billions of words. On a few thousand
#   texts every pair is rare, and every weight nearly zero: "auto" follows from the
#   counts.
# - **Rates**: a `learning_rate` that is much too high makes the loss explode, and `fit`
#   says so.
# - **Counting twice**: candidates of a search share their counts if `memory` is given;
#   see :doc:`/howto/recipes`.
#
# References
# ----------
# Pennington, Socher and Manning (2014), "GloVe: Global vectors for word
# representation". Dingwall and Potts (2018), "Mittens: an extension of GloVe for
# learning domain-specialized representations", for `pretrained` with a penalty.
