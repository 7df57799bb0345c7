"""Words as bags of input rows, whose means are cached while the words are near.

Sizes: V words, R input rows, D columns (a multiple of 16), H slots.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, aligned_zeros
from sklearn_embed._core.compile import inlined, inner
from sklearn_embed._core.numeric import prefetch_l2


class Bags(NamedTuple):
    """The input rows of each word, at least one; arrays read-only."""

    offsets: np.ndarray  # (V + 1,) int64
    rows: np.ndarray  # int32: word i has rows[offsets[i]:offsets[i + 1]]
    weights: np.ndarray  # float32: how often each counts in the word's mean


class MeanCache(NamedTuple):
    """Means of the bags of the words of a window; H slots, a power of two.

    The word with number j has slot j % H; words are numbered as they are read.
    """

    words: np.ndarray  # (H,) int32: whose mean a slot holds
    sizes: np.ndarray  # (H,) float32: sum of the bag's weights; 0: the slot is empty
    means: np.ndarray  # float32: H means of (D,), as changed since
    loaded: np.ndarray  # (H * D,) float32: the means when they were loaded
    slots: np.ndarray  # (H,) int64: of the words of one window
    shares: np.ndarray  # (H,) float32: how much each counts in the hidden vector
    flushed: np.ndarray  # (2,) int64: number of the oldest word, number of its stretch


def make_mean_cache(window, width):
    """Return a MeanCache for the words of a window, of rows of some width."""
    n_slots = 1 << int(2 * window).bit_length()
    return MeanCache(
        np.zeros(n_slots, np.int32),
        np.zeros(n_slots, np.float32),
        aligned_zeros(n_slots * width),
        aligned_zeros(n_slots * width),
        np.zeros(n_slots, np.int64),
        np.zeros(n_slots, np.float32),
        np.zeros(2, np.int64),
    )


@inlined
def load_mean(inputs, bags, row, slot, cache):
    """Load the mean of a word's bag into a slot of the cache, in place."""
    start, stop, size = bags.offsets[row], bags.offsets[row + 1], np.float32(0)
    values, width = inputs.values, inputs.width
    n, at = (width >> 4) << 4, slot * width
    for d in range(0, n, simd.WIDTH):
        simd.store(cache.means, at + d, simd.fill(np.float32(0)))
    for e in range(start, stop, 2):
        last = e if e + 1 == stop else e + 1
        x, y = np.int64(bags.rows[e]) * width, np.int64(bags.rows[last]) * width
        two = bags.weights[last] if last > e else np.float32(0)
        size += bags.weights[e] + two
        one, two = simd.fill(bags.weights[e]), simd.fill(two)
        for d in range(0, n, simd.WIDTH):
            total = simd.load(cache.means, at + d)
            total = simd.add_product(total, simd.load(values, x + d), one)
            total = simd.add_product(total, simd.load(values, y + d), two)
            simd.store(cache.means, at + d, total)
    cache.words[slot], cache.sizes[slot] = row, size
    share = simd.fill(np.float32(1) / size)
    for d in range(0, n, simd.WIDTH):
        mean = simd.multiply(simd.load(cache.means, at + d), share)
        simd.store(cache.means, at + d, mean)
        simd.store(cache.loaded, at + d, mean)


@inlined
def prefetch_bag(inputs, bags, row):
    """Ask for the rows of a word ahead of their use."""
    for e in range(bags.offsets[row], bags.offsets[row + 1]):
        x = np.int64(bags.rows[e]) * inputs.width
        for d in range(0, inputs.width, LANES):
            prefetch_l2(inputs.values, x + d)


@inlined
def flush_mean(inputs, bags, slot, cache):
    """Move the rows of the word in a slot, in place, by what their mean has moved."""
    values, width = inputs.values, inputs.width
    n, row, at = (width >> 4) << 4, cache.words[slot], slot * width
    for d in range(0, n, simd.WIDTH):
        mean, loaded = simd.load(cache.means, at + d), simd.load(cache.loaded, at + d)
        simd.store(cache.loaded, at + d, simd.subtract(mean, loaded))
    for e in range(bags.offsets[row], bags.offsets[row + 1]):
        x = np.int64(bags.rows[e]) * width
        for d in range(0, n, simd.WIDTH):
            y = simd.add(simd.load(values, x + d), simd.load(cache.loaded, at + d))
            simd.store(values, x + d, y)


@inner
def flush_means(inputs, bags, cache, stop, learn):
    """Empty the slots of the words from the oldest one to before number ``stop``.

    Changes the rows (if the model is to learn) and the cache in place.
    """
    first, H = cache.flushed[0], len(cache.sizes)
    for j in range(first, stop if stop < first + H else first + H):
        slot = j & (H - 1)
        if cache.sizes[slot] > 0:
            if learn:
                flush_mean(inputs, bags, slot, cache)
            cache.sizes[slot] = 0
