"""All output rows trained at a time: the full softmax over the vocabulary.

Sizes: V words, D columns (a multiple of 16), K output rows at a time.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.compile import REORDERED, inlined, kernel
from sklearn_embed._core.numeric import decay


@kernel(fastmath=REORDERED)
def softmax_slopes(scores, target, rate):
    """Turn scores into the steps of their softmax, in place; return the loss."""
    top = scores[target]
    for i in range(len(scores)):
        top = max(top, scores[i])
    gap = top - scores[target]
    total = 0.0
    for i in range(len(scores)):
        scores[i] = decay(top - scores[i])
        total += np.float64(scores[i])
    share = np.float32(1 / total) * rate
    for i in range(len(scores)):
        scores[i] *= -share
    scores[target] += rate
    return np.log(total) + np.float64(gap)


@inlined
def set_rows(places, first, n_rows, width):
    """Let the block be the rows from ``first`` on; past the end, the last one."""
    for o in range(len(places)):
        places[o] = min(first + o, n_rows - 1) * width


@kernel(fastmath=REORDERED)
def softmax(inputs, x, y, outputs, target, scores, scratch, rate, like, learn):
    """Move the rows at x and y and all output rows along each other; y < 0: none.

    All from old values: what x and y are to change by is gathered apart.
    Returns the loss.  ``scores`` has room for two inputs, each with a margin.
    """
    K, places, change = len(like), scratch.places, scratch.change
    (n_rows, width), flat = outputs.shape, outputs.reshape(-1)
    other, half = max(y, 0), len(scores) // 2
    for first in range(0, n_rows, K):
        set_rows(places, first, n_rows, width)
        f = simd.zero_many(like)
        g = simd.zero_many(like)
        for d in range(0, width, simd.WIDTH):
            c = simd.load_rows(flat, places, d, like)
            f = simd.add_products(f, simd.load(inputs, x + d), c)
            g = simd.add_products(g, simd.load(inputs, other + d), c)
        simd.store_sums(scores, first, f)  # the next group overwrites the rest
        simd.store_sums(scores, half + first, g)
    loss = softmax_slopes(scores[:n_rows], target, rate)
    if y >= 0:
        loss += softmax_slopes(scores[half : half + n_rows], target, rate)
    else:
        scores[half:] = np.float32(0)
    if not learn:
        return loss
    change[: 2 * width] = np.float32(0)
    scores[n_rows:half] = np.float32(0)  # a repeated last row does not move
    scores[half + n_rows :] = np.float32(0)
    for first in range(0, n_rows, K):
        set_rows(places, first, n_rows, width)
        f = simd.fill_many(scores, first, like)
        g = simd.fill_many(scores, half + first, like)
        for d in range(0, width, simd.WIDTH):
            c = simd.load_rows(flat, places, d, like)
            a, b = simd.load(change, d), simd.load(change, width + d)
            simd.store(change, d, simd.add_dot(a, f, c))
            simd.store(change, width + d, simd.add_dot(b, g, c))
            c = simd.add_products(c, simd.load(inputs, x + d), f)
            c = simd.add_products(c, simd.load(inputs, other + d), g)
            simd.store_rows(flat, places, d, c)
    for d in range(width):
        inputs[x + d] += change[d]
        inputs[other + d] += change[width + d]
    return loss


@kernel(fastmath=REORDERED)
def softmax_skipgram(
    inputs, contexts, m, outputs, target, scores, scratch, rate, like, learn
):
    """Train m contexts on all output rows, two at a time; return the loss."""
    loss = 0.0
    for j in range(0, m, 2):
        x, y = contexts[j], contexts[j + 1]
        if x != y:
            loss += softmax(
                inputs, x, y, outputs, target, scores, scratch, rate, like, learn
            )
        else:
            for _ in range(min(2, m - j)):
                loss += softmax(
                    inputs, x, -1, outputs, target, scores, scratch, rate, like, learn
                )
    return loss
