"""A few output rows trained at a time, on one input row or on two.

Sizes: V words, D columns (a multiple of 16), K output rows: a *block*.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, aligned_zeros, padded_width
from sklearn_embed._core.compile import inlined
from sklearn_embed._core.numeric import prefetch
from sklearn_embed._models.kernels.replicas import place_of

#: Numbers of a row that are asked for ahead.
FETCHED = 128

#: Output rows that are trained at a time: at most, and of a code tree.
MOST_ROWS, NODES = 12, 6


class Scratch(NamedTuple):
    """Room to work in, of one call at a time; K output rows make a block."""

    places: np.ndarray  # (K,) int64: where the block's rows begin in outputs
    times: np.ndarray  # (K,): how often each row counts
    signs: np.ndarray  # (2 * K rounded up,): 1 to be predicted, -1 not
    both: np.ndarray  # as signs: times of two inputs
    single: np.ndarray  # as signs: times of one input
    sums: np.ndarray  # as signs: dot products, then slopes
    losses: np.ndarray  # as signs
    change: np.ndarray  # (2 * D,): what two inputs are to change by
    hidden: np.ndarray  # (D,): mean or sum of several input rows
    start: np.ndarray  # (D,): the same before it is trained


def block_size(loss, negative):
    """Return how many output rows are trained at a time: as fit the registers."""
    if loss != "negative_sampling":
        return NODES
    n_blocks = -(-(negative + 1) // MOST_ROWS)
    return -(-(negative + 1) // n_blocks)


def make_scratch(K, width):
    """Return a Scratch for blocks of K rows of some width."""
    lane = padded_width(2 * K)
    return Scratch(
        np.zeros(K, np.int64),
        np.ones(K, np.float32),
        *(aligned_zeros(lane) for _ in range(5)),
        aligned_zeros(2 * width),
        aligned_zeros(width),
        aligned_zeros(width),
    )


@inlined
def set_times(scratch):
    """Spread ``times`` over the lanes of one input and of two."""
    K = len(scratch.times)
    for o in range(K):
        scratch.single[o] = scratch.both[o] = scratch.both[K + o] = scratch.times[o]


@inlined
def set_negatives(pool, q, first, draws, target, width, scratch, like, own, step):
    """Let the block be K of the target and its draws, the pool's numbers from q on.

    Number 0 is the target.  A draw equal to it is left out (as in word2vec.c), a
    repeated one counts as often as it was drawn, through the row where it stands
    first.
    """
    K, mask = len(like), len(pool) - 1
    places, times = scratch.places, scratch.times
    aim, again = place_of(target, own, step, width), False
    for o in range(K):
        places[o] = aim
        if 0 < first + o <= draws:
            places[o] = place_of(pool[(q + first + o) & mask], own, step, width)
        elif first + o > 0:
            again = True  # past the last draw
        again |= first > 0 and places[o] == aim
        for u in range(o):
            again |= places[u] == places[o]
        times[o] = np.float32(1)
    if again:
        for o in range(K):
            if first + o > 0 and places[o] == aim:
                times[o] = np.float32(0)
            for u in range(o):
                if places[u] == places[o]:
                    times[u] += times[o]
                    times[o] = np.float32(0)
                    break
    if draws >= K:
        sign = np.float32(1 if first == 0 else -1)
        scratch.signs[0] = scratch.signs[K] = sign
    set_times(scratch)


@inlined
def set_nodes(tree, first, last, width, scratch, like, own, step):
    """Let the block be the nodes [first, last) of a path, at most K of them."""
    K = len(like)
    for o in range(K):
        at = min(first + o, last - 1)  # the rest repeats the last one, uncounted
        scratch.places[o] = place_of(tree.nodes[at], own, step, width)
        scratch.times[o] = np.float32(first + o < last)
        sign = np.float32(1 - 2 * np.int64(tree.codes[at]))
        scratch.signs[o] = scratch.signs[K + o] = sign
    set_times(scratch)


@inlined
def slopes(scratch, weights, rate):
    """Turn dot products into steps, in place, and add to the losses."""
    sums, signs, losses = scratch.sums, scratch.signs, scratch.losses
    one, most = simd.fill(np.float32(1)), simd.fill(np.float32(87))
    step = simd.fill(rate)
    for i in range(0, len(sums), simd.WIDTH):
        sign, weight = simd.load(signs, i), simd.load(weights, i)
        z = simd.multiply(simd.load(sums, i), sign)  # > 0: predicted right
        z = simd.greatest(simd.subtract(simd.fill(np.float32(0)), most), z)
        up, down = simd.exp(simd.least(most, z))
        doubt = simd.divide(one, simd.add(one, up))  # sigmoid(-z), exact if small
        weight_step = simd.multiply(simd.multiply(sign, weight), step)
        simd.store(sums, i, simd.multiply(doubt, weight_step))
        # log(1 + exp(-z)); the second term is -z where z < 0, else 0.
        loss = simd.subtract(
            simd.log1p(simd.least(up, down)),
            simd.least(z, simd.fill(np.float32(0))),
        )
        total = simd.add_product(simd.load(losses, i), loss, weight)
        simd.store(losses, i, total)


@inlined
def take_losses(losses):
    """Return the sum of the losses and set them to zero."""
    total = 0.0
    for i in range(len(losses)):
        total += np.float64(losses[i])
        losses[i] = np.float32(0)
    return total


@inlined
def fetch(matrix, at, n):
    """Ask for a row ahead of its use; what is long, the processor goes on with."""
    for d in range(0, min(n, FETCHED), LANES):
        prefetch(matrix, at + d)


@inlined
def train_two(inputs, x, y, outputs, scratch, rate, n, like, learn):
    """Move the rows at x and y and the block along each other, from old values."""
    places = scratch.places
    f = simd.zero_many(like)
    g = simd.zero_many(like)
    for d in range(0, n, simd.WIDTH):
        c = simd.load_rows(outputs, places, d, like)
        f = simd.add_products(f, simd.load(inputs, x + d), c)
        g = simd.add_products(g, simd.load(inputs, y + d), c)
    simd.store_sums(scratch.sums, 0, f + g)
    slopes(scratch, scratch.both, rate)
    if learn:
        f = simd.fill_many(scratch.sums, 0, like)
        g = simd.fill_many(scratch.sums, len(like), like)
        for d in range(0, n, simd.WIDTH):
            a = simd.load(inputs, x + d)
            b = simd.load(inputs, y + d)
            c = simd.load_rows(outputs, places, d, like)
            simd.store(inputs, x + d, simd.add_dot(a, f, c))
            simd.store(inputs, y + d, simd.add_dot(b, g, c))
            c = simd.add_products(simd.add_products(c, a, f), b, g)
            simd.store_rows(outputs, places, d, c)


@inlined
def train_one(inputs, x, outputs, scratch, rate, n, like, learn):
    """Move the row at x and the block along each other, from old values."""
    places = scratch.places
    f = simd.zero_many(like)
    for d in range(0, n, simd.WIDTH):
        c = simd.load_rows(outputs, places, d, like)
        f = simd.add_products(f, simd.load(inputs, x + d), c)
    simd.store_sums(scratch.sums, 0, f + simd.zero_many(like))
    slopes(scratch, scratch.single, rate)
    if learn:
        f = simd.fill_many(scratch.sums, 0, like)
        for d in range(0, n, simd.WIDTH):
            a = simd.load(inputs, x + d)
            c = simd.load_rows(outputs, places, d, like)
            simd.store(inputs, x + d, simd.add_dot(a, f, c))
            simd.store_rows(outputs, places, d, simd.add_products(c, a, f))


@inlined
def train_pairs(inputs, xs, m, outputs, scratch, ahead, rate, n, like, learn):
    """Train the m rows at xs on the block, two at a time.

    In between ask for the output rows ahead: all at once would be more than a core
    can wait for.
    """
    for j in range(0, m, 2):
        for o in range(j, min(j + 2, len(ahead))):
            fetch(outputs, ahead[o], n)
        x, y = xs[j], xs[j + 1]
        if x != y:
            train_two(inputs, x, y, outputs, scratch, rate, n, like, learn)
        else:  # without a partner, or meeting itself
            for _ in range(min(2, m - j)):
                train_one(inputs, x, outputs, scratch, rate, n, like, learn)
    for o in range(m + m % 2, len(ahead)):
        fetch(outputs, ahead[o], n)


@inlined
def list_ahead(pool, q, row, width, ahead, own, step):
    """List where the row and the first of the draws at q begin."""
    ahead[0] = place_of(row, own, step, width)
    for o in range(1, len(ahead)):
        ahead[o] = place_of(pool[(q + o) & (len(pool) - 1)], own, step, width)


@inlined
def train_drawn(
    pool, q, first, draws, target, inputs, xs, m, outputs, scratch, ahead, own, step,
    rate, width, n, like, learn,
):  # fmt: skip
    """Train the m rows at xs, no two alike, each two on draws of their own."""
    for j in range(0, m, 2):
        set_negatives(pool, q, first, draws, target, width, scratch, like, own, step)
        q += draws
        list_ahead(pool, q, target, width, ahead, own, step)
        for o in range(1, len(ahead)):
            fetch(outputs, ahead[o], n)
        if j + 1 < m:
            x, y = xs[j], xs[j + 1]
            train_two(inputs, x, y, outputs, scratch, rate, n, like, learn)
        else:
            train_one(inputs, xs[j], outputs, scratch, rate, n, like, learn)


@inlined
def fetch_path(outputs, tree, row, width, n, own, step):
    """Ask for the nodes of a word."""
    for e in range(tree.offsets[row], tree.offsets[row + 1]):
        fetch(outputs, place_of(tree.nodes[e], own, step, width), n)


@inlined
def some_node(tree, row, p):
    """Return one of the nodes of a word, another one at the next position.

    -1 if it has none: the only word of a vocabulary.
    """
    start, stop = tree.offsets[row], tree.offsets[row + 1]
    if start == stop:
        return np.int32(-1)
    return tree.nodes[start + p % (stop - start)]
