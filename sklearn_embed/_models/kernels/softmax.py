"""All output rows trained at a time: the full softmax over the vocabulary.

Sizes: V words, D columns (a multiple of 16).
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, aligned_zeros
from sklearn_embed._core.compile import inlined, inner
from sklearn_embed._core.numeric import decay
from sklearn_embed._models.kernels.blocks import SIX


class SoftmaxScratch(NamedTuple):
    """Scratch buffers for the scores of all words, with two inputs."""

    scores: np.ndarray  # float32: twice V numbers with a margin each
    change: np.ndarray  # (2 * D,) float32: what the inputs are to change by
    offsets: np.ndarray  # (6,) int64: where the rows of a group begin


def make_softmax_scratch(outputs):
    """Return a SoftmaxScratch for a SharedMatrix of output rows."""
    n_rows, width = len(outputs.values) // outputs.width, outputs.width
    return SoftmaxScratch(
        aligned_zeros(2 * (n_rows + LANES + len(SIX))),
        aligned_zeros(2 * width),
        np.zeros(len(SIX), np.int64),
    )


@inner
def softmax_steps(scores, first, stop, target, rate):
    """Turn scores [first, stop) into the steps of their softmax, in place.

    Return the loss, -log(softmax of the target).
    """
    top = scores[first + target]
    for i in range(first, stop):
        top = scores[i] if scores[i] > top else top
    gap = top - scores[first + target]
    total = 0.0
    for i in range(first, stop):
        scores[i] = decay(top - scores[i])
        total += np.float64(scores[i])
    share = np.float32(1 / total) * rate
    for i in range(first, stop):
        scores[i] *= -share
    scores[first + target] += rate
    return np.log(total) + np.float64(gap)


@inlined
def set_rows(offsets, first, n_rows, width):
    """Let a group be the rows from ``first`` on; past the end, the last one."""
    for o in range(len(SIX)):
        row = first + o if first + o < n_rows else n_rows - 1
        offsets[o] = row * width


@inner
def train_all(values, vectors, alone, outputs, target, scratch, step):
    """Move the vectors at two offsets and all output rows along each other.

    All from old values: what the vectors are to change by is gathered apart.
    ``alone`` leaves out the second one.  Return the loss.  Changes the vectors and
    the rows in place.
    """
    scores, change, offsets = scratch
    width, half = outputs.width, len(scores) // 2
    n_rows = len(outputs.values) // width
    for first in range(0, n_rows, len(SIX)):
        set_rows(offsets, first, n_rows, width)
        totals = simd.zero_products(vectors, SIX)
        for d in range(0, width, simd.WIDTH):
            c = simd.load_rows(outputs.values, offsets, 0, d, SIX)
            totals = simd.add_pairwise(totals, simd.load_each(values, vectors, d), c)
        # The next group overwrites what is beyond this one.
        simd.store_sums(scores, first, totals[:6])
        simd.store_sums(scores, half + first, totals[6:])
    loss = softmax_steps(scores, 0, n_rows, target, step.rate)
    if not alone:
        loss += softmax_steps(scores, half, half + n_rows, target, step.rate)
    if not step.learn:
        return loss
    for at in range(0, 2 * width):
        change[at] = np.float32(0)
    for at in range(n_rows, half):  # a repeated last row does not move
        scores[at] = scores[half + at] = np.float32(0)
    for at in range(half, half + n_rows * alone):
        scores[at] = np.float32(0)
    both = np.int64(0), np.int64(width)
    for first in range(0, n_rows, len(SIX)):
        set_rows(offsets, first, n_rows, width)
        one = simd.fill_many(scores, first, SIX)
        factors = one + simd.fill_many(scores, half + first, SIX)
        for d in range(0, width, simd.WIDTH):
            c = simd.load_rows(outputs.values, offsets, 0, d, SIX)
            total = simd.load_each(change, both, d)
            simd.store_each(change, both, d, simd.add_rows(total, factors, c))
            c = simd.add_inputs(c, factors, simd.load_each(values, vectors, d))
            simd.store_rows(outputs.values, offsets, 0, d, c)
    for d in range(width):
        values[vectors[0] + d] += change[d]
        values[vectors[1] + d] += change[width + d]
    return loss
