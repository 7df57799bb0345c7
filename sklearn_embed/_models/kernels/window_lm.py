"""The hidden layer of a language model that looks at a window of words before.

Sizes: N rows, C words before each, H hidden units.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.compile import CONTRACTED, kernel
from sklearn_embed._core.tiles import load_part, store_part
from sklearn_embed._models.kernels.recurrent import WIDTH, tanh


@kernel(allocates=False)
def fill_windows(ids, places, mark, words, targets):
    """Write the words before some places, the nearest first, and those there.

    Parameters
    ----------
    ids : ndarray of shape (n,), int32
        Documents end to end, each with a mark at its end.
    places : ndarray of shape (N,), int64
        Where the words to predict stand.
    mark : int
        What stands before a document.
    words : ndarray of shape (N, C), int64
    targets : ndarray of shape (N,), int64
        Overwritten.
    """
    for n in range(len(places)):
        place, ended = places[n], False
        targets[n] = ids[place]
        for c in range(words.shape[1]):
            before = place - 1 - c
            ended = ended or before < 0 or ids[before] == mark
            words[n, c] = mark if ended else np.int64(ids[before])


@kernel(fastmath=CONTRACTED, allocates=False)
def bend(sums, bias):
    """Turn sums into the hyperbolic tangents of sums and bias, row by row.

    Parameters
    ----------
    sums : ndarray of shape (N, H), float32
        Changed in place.
    bias : ndarray of shape (H,), float32
    """
    size = sums.shape[1]
    for row in range(sums.shape[0]):
        for j in range(0, size, WIDTH):
            n, at = size - j, row * size + j
            total = simd.add(load_part(sums, at, n), load_part(bias, j, n))
            store_part(sums, at, tanh(total), n)


@kernel(allocates=False)
def straighten(slopes, bent):
    """Turn slopes of tangents into those of sums; both (N, H), the first in place."""
    for n in range(slopes.shape[0]):
        for j in range(slopes.shape[1]):
            slopes[n, j] *= np.float32(1) - bent[n, j] * bent[n, j]
