"""What stands for words that have no vector."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._text.documents import shortened
from sklearn_embed._vectors.weights import asked, unit_factors


class UnknownWords:
    """Vectors and weights of words that are not in the vocabulary.

    With neither a vector nor subwords, such words are refused.

    Parameters
    ----------
    vector : ndarray of shape (n_dimensions,), float32, or None, default=None
        The one vector of all of them.
    subwords : Subwords or None, default=None
        What their vectors are made of: the mean of their n-grams.
    weigh : float or callable, default=1.0
        The weight of all, or list of words → weights.
    normalize : bool, default=False
        Whether vectors made of subwords become unit vectors.
    skip_zeros : bool, default=False
        Whether a word does not count if its n-grams add up to zeros, or only if it
        has no n-grams.

    Attributes
    ----------
    alike : bool
        Whether all have one vector and one weight.
    refused : bool
        Whether there must not be any.
    """

    def __init__(
        self,
        vector=None,
        subwords=None,
        weigh=1.0,
        *,
        normalize=False,
        skip_zeros=False,
    ):
        self._vector, self._subwords, self._weigh = vector, subwords, weigh
        self._normalize, self._skip_zeros = normalize, skip_zeros
        self.alike = vector is not None and not callable(weigh)
        self.refused = vector is None and subwords is None

    def of_all(self):
        """Return the vector and the weight of all, as arrays of one row."""
        return self._vector[None], np.array([self._weigh], np.float32)

    def of(self, table):
        """Return a vector and a weight for each token of a TokenTable.

        A weight of 0 means that the word does not count.
        """
        if self._vector is not None:
            vectors, found = np.tile(self._vector, (len(table), 1)), True
        else:
            vectors, counts = self._subwords.sums(table)
            vectors /= np.maximum(counts, 1).astype(np.float32)[:, None]
            if self._normalize:
                vectors *= unit_factors(vectors)[:, None]
            found = vectors.any(axis=1) if self._skip_zeros else counts > 0
        if callable(self._weigh):
            weights = asked(self._weigh, table.tolist())
        else:
            weights = np.full(len(table), self._weigh, np.float32)
        return vectors, weights * found

    def refuse(self, word, number):
        """Raise the error that names an unknown word and its document."""
        raise ValueError(
            f"Document {number} holds {shortened(word)}, which has no vector: set oov "
            "to something else than 'error', or leave the word out by stop_words."
        )
