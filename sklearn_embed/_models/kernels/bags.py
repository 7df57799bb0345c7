"""Words as bags of input rows, whose means are held while the words are near.

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


class Held(NamedTuple):
    """Means of the bags of the words of a window; H slots, a power of two."""

    words: np.ndarray  # (H,) int32: whose they are
    sizes: np.ndarray  # (H,): sum of the bag's weights; 0: nobody's
    means: np.ndarray  # (H * D,): of the bag's rows, as moved since
    starts: np.ndarray  # (H * D,): the means when they were taken up
    slots: np.ndarray  # (H,) int64: of the words of one window
    parts: np.ndarray  # (H,): how often each counts in the hidden vector


def make_held(window, width):
    """Return a Held for the words of a window, of rows of some width."""
    n_slots = 1 << int(2 * window).bit_length()
    return Held(
        np.zeros(n_slots, np.int32),
        np.zeros(n_slots, np.float32),
        aligned_zeros(n_slots * width),
        aligned_zeros(n_slots * width),
        np.zeros(n_slots, np.int64),
        np.zeros(n_slots, np.float32),
    )


@inlined
def take_up(inputs, bags, row, slot, held, width, n):
    """Let a slot hold the mean of a word's bag."""
    start, stop, size = bags.offsets[row], bags.offsets[row + 1], np.float32(0)
    at = np.int64(slot) * width
    for d in range(0, n, simd.WIDTH):
        simd.store(held.means, at + d, simd.fill(np.float32(0)))
    for e in range(start, stop, 2):
        x = np.int64(bags.rows[e]) * width
        y = np.int64(bags.rows[min(e + 1, stop - 1)]) * width
        two = bags.weights[min(e + 1, stop - 1)] if e + 1 < stop else np.float32(0)
        size += bags.weights[e] + two
        one, two = simd.fill(bags.weights[e]), simd.fill(two)
        for d in range(0, n, simd.WIDTH):
            total = simd.load(held.means, at + d)
            total = simd.add_product(total, simd.load(inputs, x + d), one)
            total = simd.add_product(total, simd.load(inputs, y + d), two)
            simd.store(held.means, at + d, total)
    held.words[slot], held.sizes[slot] = row, size
    share = simd.fill(np.float32(1) / size)
    for d in range(0, n, simd.WIDTH):
        mean = simd.multiply(simd.load(held.means, at + d), share)
        simd.store(held.means, at + d, mean)
        simd.store(held.starts, at + d, mean)


@inlined
def fetch_bag(inputs, bags, row, width, n):
    """Ask for the rows of a word ahead of their use."""
    for e in range(bags.offsets[row], bags.offsets[row + 1]):
        x = np.int64(bags.rows[e]) * width
        for d in range(0, n, LANES):
            prefetch_l2(inputs, x + d)


@inlined
def put_back(inputs, bags, slot, held, width, n):
    """Move the rows of the word in a slot by what their mean has moved."""
    row, at = held.words[slot], np.int64(slot) * width
    for d in range(0, n, simd.WIDTH):
        mean, start = simd.load(held.means, at + d), simd.load(held.starts, at + d)
        simd.store(held.starts, at + d, simd.subtract(mean, start))
    for e in range(bags.offsets[row], bags.offsets[row + 1]):
        x = np.int64(bags.rows[e]) * width
        for d in range(0, n, simd.WIDTH):
            y = simd.add(simd.load(inputs, x + d), simd.load(held.starts, at + d))
            simd.store(inputs, x + d, y)


@inner
def put_all_back(inputs, bags, first, last, held, learn, width, n):
    """Empty the slots of the words [first, last) of the buffer's history."""
    mask = len(held.sizes) - 1
    for j in range(first, min(last, first + len(held.sizes))):
        slot = j & mask
        if held.sizes[slot] > 0:
            if learn:
                put_back(inputs, bags, slot, held, width, n)
            held.sizes[slot] = 0


@inlined
def list_held(inputs, bags, rows, i, left, right, base, held, places, width, n):
    """List where the means of the words around i are held; return their number."""
    m, mask = 0, len(held.sizes) - 1
    for j in range(left, right):
        if j == i:
            continue
        slot = (base + j) & mask
        if held.sizes[slot] == 0:
            take_up(inputs, bags, rows[j], slot, held, width, n)
        held.slots[m], places[m] = slot, slot * width
        m += 1
    places[m] = places[m - 1]  # an odd one finds itself beside it
    return m


@inlined
def gather_held(held, places, m, mean, scratch, n):
    """Set hidden to the mean or the sum of all rows of m bags; return their number."""
    total = np.float32(0)
    for e in range(m):
        total += held.sizes[held.slots[e]]
    for e in range(m):
        held.parts[e] = held.sizes[held.slots[e]] / (total if mean else np.float32(1))
    for d in range(0, n, simd.WIDTH):
        h = simd.fill(np.float32(0))
        for e in range(m):
            part = simd.fill(held.parts[e])
            h = simd.add_product(h, simd.load(held.means, places[e] + d), part)
        simd.store(scratch.hidden, d, h)
        simd.store(scratch.start, d, h)
    return total
