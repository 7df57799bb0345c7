"""Static models: vectors of pieces of words, and words made of them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._text.encoding import offsets_of
from sklearn_embed._vectors.pooling import PoolingSpec, make_words, pool
from sklearn_embed._vectors.word_vectors import WordVectors


def composed(source, words):
    """Return vectors of words: the means of their pieces.

    Parameters
    ----------
    source : WordVectors
        With a tokenizer.
    words : iterable of str
        The words; each is cut as if it were a text.

    Returns
    -------
    WordVectors
        Of the words that have pieces, in their order.
    """
    words = list(dict.fromkeys(words))
    ids, lengths = source.tokenizer.encode(words)
    rows = source.rows(source.tokenizer.built().words)[ids]
    offsets = offsets_of(lengths)
    out = np.empty((len(words), source.vector_size), np.float32)
    where = rows, offsets[:-1], offsets
    pool(PoolingSpec(), *where, None, make_words(source.vectors), out)
    found = np.flatnonzero(lengths)
    chosen = [words[i] for i in found]
    return WordVectors(chosen, out[found], check_finite=False)
