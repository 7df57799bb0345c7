# SPDX-License-Identifier: BSD-3-Clause
"""
A word map to zoom and search in
================================

:func:`~sklearn_embed.plotting.write_html` makes one file that can be sent to anybody:
it loads nothing from elsewhere.
"""

# %%
# The page
# --------

import tempfile
from pathlib import Path

from sklearn_embed import Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.plotting import write_html

texts = load_docstrings(subset="train").data
model = Word2VecVectorizer(50, random_state=0).fit(texts)
page = Path(tempfile.mkdtemp(), "words.html")
write_html(
    model,
    page,
    n_words=1500,
    stop_words="english",
    projection="pca",
    title="Documentation",
)
print(f"{page.stat().st_size / 1e6:.1f} MB")

# %%
# With ``projection="tsne"``, the default, neighbours lie closer together, and a page of
# thousands of words takes a minute to make. In the page, type a word to find it; click
# it to see its neighbours.
#
# The same words, drawn
# ---------------------

import matplotlib.pyplot as plt

from sklearn_embed.plotting import WordMapDisplay

figure, axes = plt.subplots(figsize=(9, 7))
_ = WordMapDisplay.from_estimator(
    model, n_words=160, stop_words="english", ax=axes, title=""
)
