"""Static models slowly: what model2vec's and WordLlama's documentation says they do."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


def encode(texts, tokenizer, vectors, *, max_length=512, normalize=False, unknown=None):
    """Return the mean of the vectors of each text's pieces, float64.

    Parameters
    ----------
    texts : list of str
        The texts.
    tokenizer : tokenizers.Tokenizer
        Without padding.
    vectors : ndarray of shape (n_pieces, n_dimensions)
        By id.
    max_length : int or None, default=512
        Pieces that count.  Before, a text is cut after as many characters as these
        have if all are of the median length.
    normalize : bool, default=False
        Whether means get length 1.
    unknown : int or None, default=None
        The piece that does not count.
    """
    lengths = [len(piece) for piece in tokenizer.get_vocab()]
    rows = np.zeros((len(texts), vectors.shape[1]))
    for row, text in zip(rows, texts, strict=True):
        if max_length is not None:
            text = text[: max_length * int(np.median(lengths))]
        ids = tokenizer.encode(text, add_special_tokens=False).ids[:max_length]
        ids = [i for i in ids if i != unknown]
        if ids:
            row[:] = np.mean(np.asarray(vectors, float)[ids], axis=0)
        if normalize and row.any():
            row /= np.linalg.norm(row)
    return rows
