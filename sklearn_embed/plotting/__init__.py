"""Pictures of embeddings, of their training and of searches.

The Display classes follow scikit-learn's convention and need matplotlib;
:func:`write_html` makes an interactive page and needs Bokeh.  Both come with
``pip install sklearn-embed[plot]``.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed.plotting._analogy import AnalogyDisplay
from sklearn_embed.plotting._contextual_senses import ContextualSensesDisplay
from sklearn_embed.plotting._html import write_html
from sklearn_embed.plotting._loss_curve import LossCurveDisplay
from sklearn_embed.plotting._next_words import NextWordsDisplay
from sklearn_embed.plotting._search import SearchDisplay
from sklearn_embed.plotting._similarity import SimilarityDisplay
from sklearn_embed.plotting._word_map import WordMapDisplay

__all__ = [
    "AnalogyDisplay",
    "ContextualSensesDisplay",
    "LossCurveDisplay",
    "NextWordsDisplay",
    "SearchDisplay",
    "SimilarityDisplay",
    "WordMapDisplay",
    "write_html",
]
