"""Questions to word vectors: neighbours, analogies, test sets, linear algebra.

The queries and the test sets are computed by gensim over the same memory.  Every
function takes whatever :func:`sklearn_embed.io.as_word_vectors` takes, and pipelines
that end in an embedding.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed.evaluation._queries import (
    analogy,
    doesnt_match,
    most_similar,
    nearest_documents,
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
    "nearest_documents",
    "similarity",
    "singular_values",
]
