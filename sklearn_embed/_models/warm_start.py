"""What a model takes over from one that was trained before."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np


class Before(NamedTuple):
    """A trained model, and the words that its rows belong to."""

    model: Any
    index: dict[str, int]  # type: ignore[assignment]
    counts: np.ndarray

    def rows(self, vocabulary):
        """Return the rows, old and new, of the words that both vocabularies have.

        Parameters
        ----------
        vocabulary : Vocabulary
            The new one.

        Returns
        -------
        old, new : ndarray, int64
        """
        words = list(self.index)
        if vocabulary.words[: len(words)] == words:  # as in a further batch
            return np.arange(len(words)), np.arange(len(words))
        index = vocabulary.index
        found = np.array([index.get(word, -1) for word in words], np.int64)
        old = np.fromiter(self.index.values(), np.int64, len(words))
        return old[found >= 0], found[found >= 0]

    def is_same(self, vocabulary):
        """Tell whether a vocabulary has the same words, and their counts."""
        return vocabulary.words == list(self.index) and np.array_equal(
            vocabulary.counts, self.counts
        )


def take_over(matrix, rows, old_matrix, old_rows, vector_size):
    """Copy rows of a trained matrix, without padding, into a new one.

    Raises
    ------
    ValueError
        If the vectors have another size.
    """
    width = old_matrix.shape[1]
    if width != vector_size:
        raise ValueError(
            f"vector_size={vector_size} differs from the {width} dimensions trained "
            "before: it cannot change with warm_start=True or partial_fit."
        )
    matrix[rows, :width] = old_matrix[old_rows]
