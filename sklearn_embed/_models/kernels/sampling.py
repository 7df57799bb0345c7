"""What word2vec's kernels are given: keep thresholds, drawn negatives, code trees."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import kernel

#: Draws in a pool: at least, and at most (64 MB).
POOL_SIZES = 2**20, 2**24

#: Draws of a small batch, at least.
LEAST_DRAWS = 256

#: Times that a row is drawn before long, where it is drawn that often.
REPEATS = 8

#: Bytes of rows that draws near each other speak of: what a core keeps near it.
NEAR = 640 * 1024


class Tree(NamedTuple):
    """Huffman codes: word i goes through nodes[offsets[i]:offsets[i + 1]]."""

    offsets: np.ndarray  # (V + 1,) int64
    nodes: np.ndarray  # int32: rows of the output matrix, from the root down
    codes: np.ndarray  # uint8: the turn taken at each node, 0 or 1


def keep_thresholds(counts, sample, total=None):
    """Return uint32 (V,): a word stays where 32 random bits are <= its threshold.

    The probability is sqrt(t / f) + t / f for a word of frequency f (word2vec.c;
    the paper leaves out the second term).  ``sample`` is t; 0 keeps everything.
    As there, a ``sample`` of 1 or more counts words instead of a share of them.
    ``total`` is the sum of all counts, if these are not all.
    """
    counts = np.asarray(counts, np.float64)
    if not sample:
        return np.full(len(counts), 2**32 - 1, np.uint32)
    total = counts.sum() if total is None else float(total)
    often = sample * total if sample < 1 else sample
    share = np.minimum(often / np.maximum(counts, 1), 1)  # more keeps no more
    return np.minimum((np.sqrt(share) + share) * 2**32, 2**32 - 1).astype(np.uint32)


def draw_pool(counts, exponent, rng, width=100):
    """Return int32: rows drawn with probability ~ counts ** exponent, shuffled.

    Their number is a power of two, large enough (within POOL_SIZES) that no word
    is missing: drawn at equal steps along the cumulative distribution, a word
    occurs as often as expected, rounded down or up.

    A row comes back REPEATS times among some thousand draws, so that a matrix of
    ``width`` columns is fetched that many times less from far away, and the next
    time after a random while.
    """
    weights = _weights(counts, exponent)
    cumulative = np.cumsum(weights / weights.sum())
    smallest = weights.min() / weights.sum()
    size = POOL_SIZES[0]
    while size < POOL_SIZES[1] and size * smallest < 1:
        size *= 2
    last = np.floor(cumulative * size + rng.random()).astype(np.int64)
    last[-1] = size
    times = np.diff(np.minimum(last, size), prepend=0)
    groups = -(-times // REPEATS)
    rows = np.repeat(np.arange(len(weights), dtype=np.int32), groups)
    sizes = np.full(len(rows), REPEATS)
    last = np.cumsum(groups)[times > 0] - 1
    sizes[last] -= (groups * REPEATS - times)[times > 0]
    order = rng.permutation(len(rows))
    pool = np.repeat(rows[order], sizes[order])
    n_near = max(256, NEAR // (4 * width)) * REPEATS
    stretch = min(size, 2 ** int(np.log2(n_near)))
    return rng.permuted(pool.reshape(-1, stretch), axis=1).ravel()


def draw_few(counts, exponent, n_draws, rng):
    """Return int32: as many rows as a small batch draws, a power of two, or None.

    They are drawn at equal steps as by `draw_pool`, in random order, so that rare words
    may be missing; other random numbers bring other ones.  None: so many that
    `draw_pool` should draw them.
    """
    size = 1 << max(int(n_draws) - 1, LEAST_DRAWS - 1).bit_length()
    if size >= POOL_SIZES[0]:
        return None
    cumulative = np.cumsum(_weights(counts, exponent))
    places = (np.arange(size) + rng.random()) * (cumulative[-1] / size)
    rows = np.searchsorted(cumulative, places, side="right")
    return rng.permutation(np.minimum(rows, len(cumulative) - 1).astype(np.int32))


def _weights(counts, exponent):
    """Return how often rows are drawn, relative to each other."""
    return np.maximum(np.asarray(counts, np.float64), 1e-9) ** exponent


def huffman_tree(counts):
    """Return the Tree of words in order of falling counts (as in word2vec.c)."""
    counts = np.ascontiguousarray(counts, np.int64)
    order = np.argsort(-counts, kind="stable")
    parents, turns, lengths = join_lightest(counts[order])
    offsets = np.zeros(len(counts) + 1, np.int64)
    place = np.empty(len(counts), np.int64)
    place[order] = np.arange(len(counts))
    np.cumsum(lengths[place], out=offsets[1:])
    nodes = np.empty(offsets[-1], np.int32)
    codes = np.empty(offsets[-1], np.uint8)
    write_paths(parents, turns, place, offsets, nodes, codes)
    return Tree(offsets, nodes, codes)


@kernel
def join_lightest(counts):
    """Join the two lightest nodes again and again; counts fall.

    Return parents and turns of all nodes (words first, then inner nodes in the
    order of their making) and the length of each word's path.
    """
    V = len(counts)
    weights = np.empty(max(2 * V - 1, 1), np.int64)
    weights[:V] = counts
    parents = np.zeros(len(weights), np.int64)
    turns = np.zeros(len(weights), np.uint8)
    word, inner = V - 1, V
    for made in range(V, 2 * V - 1):
        weights[made] = 0
        for turn in range(2):
            # A tie goes to the inner node, as in word2vec.c.
            if word >= 0 and (inner >= made or weights[word] < weights[inner]):
                chosen = word
                word -= 1
            else:
                chosen = inner
                inner += 1
            weights[made] += weights[chosen]
            parents[chosen] = made
            turns[chosen] = turn
    lengths = np.zeros(len(weights), np.int64)
    for node in range(len(weights) - 2, -1, -1):
        lengths[node] = lengths[parents[node]] + 1
    return parents, turns, lengths[:V]


@kernel
def write_paths(parents, turns, place, offsets, nodes, codes):
    """Write each word's path from the root down; inner nodes count from 0."""
    V = len(place)
    for i in range(V):
        node = place[i]
        for at in range(offsets[i + 1] - 1, offsets[i] - 1, -1):
            codes[at] = turns[node]
            node = parents[node]
            nodes[at] = node - V
