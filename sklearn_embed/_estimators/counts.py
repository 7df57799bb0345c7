"""Counts of pairs that a fit is given in place of documents."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._models.cooccurrence import CooccurrenceCounts


def checked_counts(counts, words, direction):
    """Return counts, of a matrix with words, as CooccurrenceCounts."""
    is_matrix = hasattr(counts, "tocsr") or isinstance(counts, np.ndarray)
    if is_matrix and words is not None:
        return CooccurrenceCounts.from_scipy(counts, words, direction=direction)
    if is_matrix:
        raise ValueError("counts is a matrix: give the words of its rows, words=.")
    if not isinstance(counts, CooccurrenceCounts):
        raise TypeError(
            "counts must be CooccurrenceCounts or a sparse matrix, not "
            f"{type(counts).__name__}."
        )
    if words is not None:
        raise ValueError("CooccurrenceCounts have their own words: leave words out.")
    return counts
