"""Words as bags of input rows, whose means are held while the words are near.

Sizes: V words, R input rows, D columns (a multiple of 16), H slots.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numba
import numpy as np

from sklearn_embed._kernels import lanes
from sklearn_embed._kernels.common import aligned_zeros
from sklearn_embed._kernels.lanes import PART


class Bags(NamedTuple):
    """The input rows of each word, at least one; both arrays read-only."""

    offsets: np.ndarray  # (V + 1,) int64
    rows: np.ndarray  # int32: word i has rows[offsets[i]:offsets[i + 1]]


class Held(NamedTuple):
    """Sums of the bags of the words of a window; H slots, a power of two."""

    words: np.ndarray  # (H,) int32: whose they are
    sizes: np.ndarray  # (H,) int32: rows of the bag; 0: nobody's
    sums: np.ndarray  # (H * D,): of the bag's rows, as moved since
    starts: np.ndarray  # (H * D,): the sums when they were taken up
    slots: np.ndarray  # (H,) int64: of the words of one window


def make_held(window, width):
    """Return a Held for the words of a window, of rows of some width."""
    n_slots = 1 << int(2 * window).bit_length()
    return Held(
        np.zeros(n_slots, np.int32),
        np.zeros(n_slots, np.int32),
        aligned_zeros(n_slots * width),
        aligned_zeros(n_slots * width),
        np.zeros(n_slots, np.int64),
    )


@numba.njit(**PART)
def take_up(inputs, bags, row, slot, held, width, n):
    """Let a slot hold the sum of a word's bag."""
    start, stop = bags.offsets[row], bags.offsets[row + 1]
    held.words[slot], held.sizes[slot] = row, stop - start
    at = np.int64(slot) * width
    for d in range(0, n, lanes.WIDTH):
        lanes.store(held.sums, at + d, lanes.fill(np.float32(0)))
    for e in range(start, stop, 2):
        x = np.int64(bags.rows[e]) * width
        y = np.int64(bags.rows[min(e + 1, stop - 1)]) * width
        part = lanes.fill(np.float32(e + 1 < stop))
        for d in range(0, n, lanes.WIDTH):
            both = lanes.add_product(
                lanes.load(inputs, x + d), lanes.load(inputs, y + d), part
            )
            total = lanes.add(lanes.load(held.sums, at + d), both)
            lanes.store(held.sums, at + d, total)
    for d in range(0, n, lanes.WIDTH):
        lanes.store(held.starts, at + d, lanes.load(held.sums, at + d))


@numba.njit(**PART)
def put_back(inputs, bags, slot, held, width, n):
    """Move the rows of the word in a slot by what its sum has moved, and empty it."""
    row, at = held.words[slot], np.int64(slot) * width
    share = lanes.fill(np.float32(1) / np.float32(held.sizes[slot]))
    for d in range(0, n, lanes.WIDTH):
        moved = lanes.subtract(
            lanes.load(held.sums, at + d), lanes.load(held.starts, at + d)
        )
        lanes.store(held.sums, at + d, lanes.multiply(moved, share))
    for e in range(bags.offsets[row], bags.offsets[row + 1]):
        x = np.int64(bags.rows[e]) * width
        for d in range(0, n, lanes.WIDTH):
            y = lanes.add(lanes.load(inputs, x + d), lanes.load(held.sums, at + d))
            lanes.store(inputs, x + d, y)
    held.sizes[slot] = 0


@numba.njit(**PART)
def put_all_back(inputs, bags, first, last, held, learn, width, n):
    """Empty the slots of the words [first, last) of the buffer's history."""
    mask = len(held.sizes) - 1
    for j in range(first, min(last, first + len(held.sizes))):
        slot = j & mask
        if held.sizes[slot] > 0:
            if learn:
                put_back(inputs, bags, slot, held, width, n)
            held.sizes[slot] = 0


@numba.njit(**PART)
def gather_held(inputs, bags, rows, i, left, right, base, held, scratch, width, n):
    """Set hidden to the mean of the rows around word i; return how many words."""
    m, total, mask = 0, 0, len(held.sizes) - 1
    for j in range(left, right):
        if j == i:
            continue
        slot = (base + j) & mask
        if held.sizes[slot] == 0:
            take_up(inputs, bags, rows[j], slot, held, width, n)
        held.slots[m] = slot
        total += held.sizes[slot]
        m += 1
    scale = lanes.fill(np.float32(1) / np.float32(total))
    for d in range(0, n, lanes.WIDTH):
        h = lanes.load(held.sums, held.slots[0] * width + d)
        for e in range(1, m):
            h = lanes.add(h, lanes.load(held.sums, held.slots[e] * width + d))
        h = lanes.multiply(h, scale)
        lanes.store(scratch.hidden, d, h)
        lanes.store(scratch.start, d, h)
    return m


@numba.njit(**PART)
def spread_held(m, held, scratch, width, n):
    """Move the sums of m words by what their rows are to move by."""
    for d in range(0, n, lanes.WIDTH):
        step = lanes.subtract(
            lanes.load(scratch.hidden, d), lanes.load(scratch.start, d)
        )
        lanes.store(scratch.change, d, step)
    for e in range(m):
        slot = held.slots[e]
        size, at = lanes.fill(np.float32(held.sizes[slot])), slot * width
        for d in range(0, n, lanes.WIDTH):
            x = lanes.load(held.sums, at + d)
            x = lanes.add_product(x, lanes.load(scratch.change, d), size)
            lanes.store(held.sums, at + d, x)
