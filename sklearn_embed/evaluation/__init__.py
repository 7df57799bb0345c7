"""Questions to word vectors: neighbours, analogies, test sets, linear algebra.

The nearest words are found by gensim over the same memory.  Every function takes
whatever :func:`sklearn_embed.io.as_word_vectors` takes, and pipelines that end in an
embedding.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed.evaluation._documents import nearest_documents, wmdistance
from sklearn_embed.evaluation._queries import (
    analogy,
    doesnt_match,
    most_similar,
    most_similar_cosmul,
    n_similarity,
    rank,
    similarity,
)
from sklearn_embed.evaluation._spectrum import embedding_report, singular_values
from sklearn_embed.evaluation._test_sets import (
    AnalogyScorer,
    WordPairScorer,
    evaluate_word_analogies,
    evaluate_word_pairs,
)

__all__ = [
    "AnalogyScorer",
    "WordPairScorer",
    "analogy",
    "doesnt_match",
    "embedding_report",
    "evaluate_word_analogies",
    "evaluate_word_pairs",
    "most_similar",
    "most_similar_cosmul",
    "n_similarity",
    "nearest_documents",
    "rank",
    "similarity",
    "singular_values",
    "wmdistance",
]
