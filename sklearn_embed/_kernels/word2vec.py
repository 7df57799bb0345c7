"""Word2vec over a range of token positions: skip-gram or CBOW, one source for all.

Sizes: V words, D columns (a multiple of 16), K negatives.  A *position* is a
token's number within the corpus.  Whatever chance decides about a token (is it
kept, how wide is its window, which negatives does it meet) is a hash of seed
and position, so that any cut of the positions into ranges trains the same.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import cache
from typing import NamedTuple

import numba
import numpy as np

from sklearn_embed._kernels import lanes
from sklearn_embed._kernels.common import (
    FASTMATH,
    LANES,
    aligned_zeros,
    decay,
    hash64,
    padded_width,
    prefetch,
)
from sklearn_embed._kernels.replicas import (
    distance,
    exchange,
    place_of,
    share,
    take_over,
)

#: Compiled without the lock of Python; sums may be reordered, NaN stays NaN.
FAST = {"nogil": True, "error_model": "numpy", "fastmath": set(FASTMATH)}

#: The same for a part of a loop, which only kernels call: no call that hands over
#: every array in pieces, no counting of references, no door for Python.
PART = {**FAST, **lanes.INLINE}

#: Tokens that a window buffer holds besides the two windows it carries over.
STRETCH = 1024

#: Positions (a power of two) over which the learning rate stays the same.
STEADY = 1024


class Corpus(NamedTuple):
    """Documents as numbers; all arrays read-only."""

    ids: np.ndarray  # (n_ids,) int32: all documents end to end
    starts: np.ndarray  # (n,) int64: where each document begins in ids
    offsets: np.ndarray  # (n + 1,) int64: position of each document's first token
    row_of: np.ndarray  # (T,) int32: token id to vocabulary row, -1 for none
    keep: np.ndarray  # (V,) uint32: a row is kept where 32 random bits are <= keep


#: Numbers of a row that are asked for ahead.
FETCHED = 128

#: Output rows that are trained at a time: at most, and of a code tree.
MOST_ROWS, NODES = 12, 6


class Plan(NamedTuple):
    """Numbers that stay the same for a pass over the corpus."""

    window: int  # words on each side, at least 1
    shrink: bool  # draw each window's width from 1..window
    mean: bool  # CBOW: mean of the context, or its sum
    learn: bool  # train, or only measure the loss
    seed: np.uint64  # of this pass: another one for every epoch
    rate: float  # learning rate at the beginning of the whole training
    min_rate: float  # and at its end
    done: float  # positions trained before this pass
    planned: float  # positions of the whole training


@numba.njit(**PART)
def kept_row(corpus, seed, p, at):
    """Return the row of the token ids[at] at position p, or -1, and 64 random bits."""
    bits = hash64(seed, p)
    t = np.int64(corpus.ids[at])
    if t < 0 or t >= len(corpus.row_of):
        return np.int32(-1), bits
    row = corpus.row_of[t]
    if row >= 0 and (bits >> np.uint64(32)) > corpus.keep[row]:
        row = np.int32(-1)
    return row, bits


@numba.njit(**FAST, **lanes.INNER)
def document_of(offsets, p):
    """Return the number of the document that holds position p."""
    low, high = 0, len(offsets) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if offsets[middle] <= p:
            low = middle
        else:
            high = middle
    return low


@numba.njit(**FAST, **lanes.INNER)
def seek(corpus, seed, p, stop, step, s, enough):
    """Walk through document s, from p to before ``stop``, until enough are kept.

    Return (where to go on, how many kept tokens there were).
    """
    shift, found = corpus.starts[s] - corpus.offsets[s], 0
    while p != stop and found < enough:
        found += kept_row(corpus, seed, p, p + shift)[0] >= 0
        p += step
    return p, found


@numba.njit(**FAST, **lanes.INNER)
def reach(corpus, plan, first, last):
    """Return the range of positions that the windows of [first, last) look at."""
    # A range without a kept token looks nowhere: this bounds the search over
    # all ranges together, however rare kept tokens are.
    begin, end, seed, offsets = first, last, plan.seed, corpus.offsets
    one = np.int64(1)  # a literal would be compiled for by itself
    s = document_of(offsets, first)
    start, stop = offsets[s], offsets[s + 1]
    if seek(corpus, seed, first, min(last, stop), one, s, one)[1]:
        begin = seek(corpus, seed, first - 1, start - 1, -one, s, plan.window)[0] + 1
    s = document_of(offsets, last - 1)
    start, stop = offsets[s], offsets[s + 1]
    if seek(corpus, seed, last - 1, max(first, start) - 1, -one, s, one)[1]:
        end = seek(corpus, seed, last, stop, one, s, plan.window)[0]
    return begin, end


@numba.njit(**PART)
def read(corpus, plan, p, end, s, rows, where, before, after, n, start, size):
    """Append kept tokens from position p of document s until the buffer is full.

    ``start`` is where the present document begins in the buffer (negative if
    that has been moved out).  Returns (p, s, n, start) to go on from.
    """
    while p < end and n < size:
        while p >= corpus.offsets[s + 1]:
            s += 1
            start = n
        stop = min(end, corpus.offsets[s + 1])
        shift = corpus.starts[s] - corpus.offsets[s]
        while p < stop and n < size:
            row, bits = kept_row(corpus, plan.seed, p, p + shift)
            if row >= 0:
                width = plan.window
                if plan.shrink:
                    bits &= np.uint64(0xFFFFFFFF)
                    width -= np.int64((bits * np.uint64(width)) >> np.uint64(32))
                rows[n] = row
                where[n] = p
                before[n] = min(width, n - start)
                after[n] = width
                n += 1
            p += 1
        if p == stop:  # what has been read last has fewer words behind it
            for i in range(max(start, n - plan.window, 0), n):
                after[i] = min(after[i], n - 1 - i)
    return p, s, n, start


@numba.njit(**PART)
def rate_at(plan, p):
    """Return the learning rate at position p: linear, in steps of STEADY."""
    progress = (plan.done + (p // STEADY) * STEADY) / plan.planned
    rate = plan.rate - (plan.rate - plan.min_rate) * progress
    return np.float32(max(plan.min_rate, rate))


class Bags(NamedTuple):
    """The input rows of each word, at least one; both arrays read-only."""

    offsets: np.ndarray  # (V + 1,) int64
    rows: np.ndarray  # int32: word i has rows[offsets[i]:offsets[i + 1]]


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


class Held(NamedTuple):
    """Sums of the bags of the words of a window; H slots, a power of two."""

    words: np.ndarray  # (H,) int32: whose they are
    sizes: np.ndarray  # (H,) int32: rows of the bag; 0: nobody's
    sums: np.ndarray  # (H * D,): of the bag's rows, as moved since
    starts: np.ndarray  # (H * D,): the sums when they were taken up
    slots: np.ndarray  # (H,) int64: of the words of one window


class Buffer(NamedTuple):
    """Kept tokens of a stretch of text, with the windows carried over; int32."""

    rows: np.ndarray
    before: np.ndarray  # words in the window before each
    after: np.ndarray  # and behind it
    where: np.ndarray  # int64: positions
    spots: np.ndarray  # int64: where their rows begin, of inputs that are no bags


class Workspace(NamedTuple):
    """What one thread works with; made outside, for a kernel is slow to compile."""

    scratch: Scratch
    buffer: Buffer
    places: np.ndarray  # (2 * window + 2,) int64: where input rows begin
    ahead: np.ndarray  # int64: where output rows begin that are wanted soon
    scores: np.ndarray  # float32: full softmax, of two inputs
    held: Held  # CBOW with bags


def block_size(loss, negative):
    """Return how many output rows are trained at a time: as fit the registers."""
    if loss != "negative_sampling":
        return NODES
    n_blocks = -(-(negative + 1) // MOST_ROWS)
    return -(-(negative + 1) // n_blocks)


def make_workspace(loss, negative, window, outputs, bags=False):
    """Return a Workspace for a loss, a number of negatives, a window and a matrix."""
    K, (n_outputs, width) = block_size(loss, negative), outputs.shape
    lane, size = padded_width(2 * K), STRETCH + 4 * window
    draws = negative if loss == "negative_sampling" else 0
    scratch = Scratch(
        np.zeros(K, np.int64),
        np.ones(K, np.float32),
        *(aligned_zeros(lane) for _ in range(5)),
        aligned_zeros(2 * width),
        aligned_zeros(width),
        aligned_zeros(width),
    )
    n_held = 1 << int(2 * window).bit_length()
    held = Held(
        np.zeros(n_held, np.int32),
        np.zeros(n_held, np.int32),
        aligned_zeros(n_held * width * bags),
        aligned_zeros(n_held * width * bags),
        np.zeros(n_held, np.int64),
    )
    return Workspace(
        scratch,
        Buffer(
            np.zeros(size + window + 2, np.int32),
            np.zeros(size, np.int32),
            np.zeros(size, np.int32),
            np.zeros(size + 1, np.int64),
            np.zeros(size + window + 2, np.int64),
        ),
        np.zeros(3 * window + 2, np.int64),
        np.zeros(min(draws + 1, MOST_ROWS), np.int64),
        aligned_zeros(2 * (n_outputs + LANES + K) * (loss == "softmax")),
        held,
    )


@numba.njit(**PART)
def set_times(scratch):
    """Spread ``times`` over the lanes of one input and of two."""
    K = len(scratch.times)
    for o in range(K):
        scratch.single[o] = scratch.both[o] = scratch.both[K + o] = scratch.times[o]


@numba.njit(**PART)
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


@numba.njit(**PART)
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


@numba.njit(**PART)
def slopes(scratch, weights, rate):
    """Turn dot products into steps, in place, and add to the losses."""
    sums, signs, losses = scratch.sums, scratch.signs, scratch.losses
    one, most = lanes.fill(np.float32(1)), lanes.fill(np.float32(87))
    step = lanes.fill(rate)
    for i in range(0, len(sums), lanes.WIDTH):
        sign, weight = lanes.load(signs, i), lanes.load(weights, i)
        z = lanes.multiply(lanes.load(sums, i), sign)  # > 0: predicted right
        z = lanes.greatest(lanes.subtract(lanes.fill(np.float32(0)), most), z)
        up, down = lanes.exp(lanes.least(most, z))
        doubt = lanes.divide(one, lanes.add(one, up))  # sigmoid(-z), exact if small
        weight_step = lanes.multiply(lanes.multiply(sign, weight), step)
        lanes.store(sums, i, lanes.multiply(doubt, weight_step))
        # log(1 + exp(-z)); the second term is -z where z < 0, else 0.
        loss = lanes.subtract(
            lanes.log1p(lanes.least(up, down)),
            lanes.least(z, lanes.fill(np.float32(0))),
        )
        total = lanes.add_product(lanes.load(losses, i), loss, weight)
        lanes.store(losses, i, total)


@numba.njit(**PART)
def take_losses(losses):
    """Return the sum of the losses and set them to zero."""
    total = 0.0
    for i in range(len(losses)):
        total += np.float64(losses[i])
        losses[i] = np.float32(0)
    return total


@numba.njit(**PART)
def fetch(matrix, at, n):
    """Ask for a row ahead of its use; what is long, the processor goes on with."""
    for d in range(0, min(n, FETCHED), LANES):
        prefetch(matrix, at + d)


@numba.njit(**PART)
def train_two(inputs, x, y, outputs, scratch, rate, n, like, learn):
    """Move the rows at x and y and the block along each other, from old values."""
    places = scratch.places
    f = lanes.zero_many(like)
    g = lanes.zero_many(like)
    for d in range(0, n, lanes.WIDTH):
        c = lanes.load_rows(outputs, places, d, like)
        f = lanes.add_products(f, lanes.load(inputs, x + d), c)
        g = lanes.add_products(g, lanes.load(inputs, y + d), c)
    lanes.store_sums(scratch.sums, 0, f + g)
    slopes(scratch, scratch.both, rate)
    if learn:
        f = lanes.fill_many(scratch.sums, 0, like)
        g = lanes.fill_many(scratch.sums, len(like), like)
        for d in range(0, n, lanes.WIDTH):
            a = lanes.load(inputs, x + d)
            b = lanes.load(inputs, y + d)
            c = lanes.load_rows(outputs, places, d, like)
            lanes.store(inputs, x + d, lanes.add_dot(a, f, c))
            lanes.store(inputs, y + d, lanes.add_dot(b, g, c))
            c = lanes.add_products(lanes.add_products(c, a, f), b, g)
            lanes.store_rows(outputs, places, d, c)


@numba.njit(**PART)
def train_one(inputs, x, outputs, scratch, rate, n, like, learn):
    """Move the row at x and the block along each other, from old values."""
    places = scratch.places
    f = lanes.zero_many(like)
    for d in range(0, n, lanes.WIDTH):
        c = lanes.load_rows(outputs, places, d, like)
        f = lanes.add_products(f, lanes.load(inputs, x + d), c)
    lanes.store_sums(scratch.sums, 0, f + lanes.zero_many(like))
    slopes(scratch, scratch.single, rate)
    if learn:
        f = lanes.fill_many(scratch.sums, 0, like)
        for d in range(0, n, lanes.WIDTH):
            a = lanes.load(inputs, x + d)
            c = lanes.load_rows(outputs, places, d, like)
            lanes.store(inputs, x + d, lanes.add_dot(a, f, c))
            lanes.store_rows(outputs, places, d, lanes.add_products(c, a, f))


@numba.njit(**PART)
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


@numba.njit(**PART)
def gather(inputs, places, m, mean, scratch, n):
    """Set hidden to the mean or the sum of m input rows."""
    scale = lanes.fill(np.float32(1) / np.float32(m if mean else 1))
    for d in range(0, n, lanes.WIDTH):
        h = lanes.load(inputs, places[0] + d)
        for j in range(1, m):
            h = lanes.add(h, lanes.load(inputs, places[j] + d))
        h = lanes.multiply(h, scale)
        lanes.store(scratch.hidden, d, h)
        lanes.store(scratch.start, d, h)


@numba.njit(**PART)
def spread(inputs, places, m, mean, scratch, n):
    """Move m input rows by what hidden has moved.

    As in gensim, each takes the whole step of the mean, but a 1/m-th of the
    step of the sum; the hidden vector moves by its own step either way.
    """
    part = lanes.fill(np.float32(1) / np.float32(1 if mean else m))
    for d in range(0, n, lanes.WIDTH):
        h, start = lanes.load(scratch.hidden, d), lanes.load(scratch.start, d)
        step = lanes.multiply(lanes.subtract(h, start), part)
        for j in range(m):
            x = lanes.load(inputs, places[j] + d)
            lanes.store(inputs, places[j] + d, lanes.add(x, step))


@numba.njit(cache=True, **FAST)
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


@numba.njit(**PART)
def set_rows(places, first, n_rows, width):
    """Let the block be the rows from ``first`` on; past the end, the last one."""
    for o in range(len(places)):
        places[o] = min(first + o, n_rows - 1) * width


@numba.njit(cache=True, **FAST)
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
        f = lanes.zero_many(like)
        g = lanes.zero_many(like)
        for d in range(0, width, lanes.WIDTH):
            c = lanes.load_rows(flat, places, d, like)
            f = lanes.add_products(f, lanes.load(inputs, x + d), c)
            g = lanes.add_products(g, lanes.load(inputs, other + d), c)
        lanes.store_sums(scores, first, f)  # the next group overwrites the rest
        lanes.store_sums(scores, half + first, g)
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
        f = lanes.fill_many(scores, first, like)
        g = lanes.fill_many(scores, half + first, like)
        for d in range(0, width, lanes.WIDTH):
            c = lanes.load_rows(flat, places, d, like)
            a, b = lanes.load(change, d), lanes.load(change, width + d)
            lanes.store(change, d, lanes.add_dot(a, f, c))
            lanes.store(change, width + d, lanes.add_dot(b, g, c))
            c = lanes.add_products(c, lanes.load(inputs, x + d), f)
            c = lanes.add_products(c, lanes.load(inputs, other + d), g)
            lanes.store_rows(flat, places, d, c)
    for d in range(width):
        inputs[x + d] += change[d]
        inputs[other + d] += change[width + d]
    return loss


@numba.njit(cache=True, **FAST)
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


@numba.njit(**PART)
def list_ahead(pool, q, row, width, ahead, own, step):
    """List where the row and the first of the draws at q begin."""
    ahead[0] = place_of(row, own, step, width)
    for o in range(1, len(ahead)):
        ahead[o] = place_of(pool[(q + o) & (len(pool) - 1)], own, step, width)


@numba.njit(**PART)
def fetch_path(outputs, tree, row, width, n, own, step):
    """Ask for the nodes of a word."""
    for e in range(tree.offsets[row], tree.offsets[row + 1]):
        fetch(outputs, place_of(tree.nodes[e], own, step, width), n)


@numba.njit(**PART)
def some_node(tree, row, p):
    """Return one of the nodes of a word, another one at the next position."""
    start, stop = tree.offsets[row], tree.offsets[row + 1]
    return tree.nodes[start + p % (stop - start)]


@numba.njit(**PART)
def list_rows(spots, i, before, after, window, places):
    """List where the rows of the words around i begin; return their number."""
    # A whole window each time: loops as long as chance has it are mispredicted.
    for k in range(window):
        places[k] = spots[i - before + k]
    for k in range(window):
        places[before + k] = spots[i + 1 + k]
    m = np.int64(before) + after
    places[m] = places[m - 1]  # an odd one finds itself beside it
    return m


@numba.njit(cache=True, **FAST)
def list_bag(bags, row, width, places):
    """List where the input rows of a word begin.

    Return (places, their number): places grows where it is too small.
    """
    start, m = bags.offsets[row], bags.offsets[row + 1] - bags.offsets[row]
    if m > len(places):
        places = np.empty(2 * m, np.int64)
    for e in range(m):
        places[e] = np.int64(bags.rows[start + e]) * width
    return places, m


@cache
def make_epoch(architecture, loss, negative=5, bags=False):
    """Return the kernel ``epoch`` for one kind of model.

    Parameters
    ----------
    architecture : {"skipgram", "cbow"}
    loss : {"negative_sampling", "hierarchical_softmax", "softmax"}
    negative : int
        Negatives a window draws, at least 1 (with negative sampling).
    bags : bool
        Whether an input is the mean of a bag of rows, instead of one row.
    """
    is_skipgram = architecture == "skipgram"
    is_pairs = is_skipgram and not bags  # every input is a row by itself
    is_around = is_skipgram and bags
    is_held = bags and not is_skipgram
    is_tree = loss == "hierarchical_softmax"
    is_softmax = loss == "softmax"
    is_sampling = loss == "negative_sampling"
    draws = negative if is_sampling else 0
    K = block_size(loss, negative)
    like = (np.float32(0),) * K

    @numba.njit(cache=True, **FAST)
    def epoch(corpus, plan, first, last, inputs, outputs, guide, bag, space, replicas):
        """Train on the positions [first, last); return (loss, predictions).

        Parameters
        ----------
        corpus : Corpus
        plan : Plan
        first, last : int
            Range of positions, 0 <= first <= last <= offsets[-1].
        inputs, outputs : ndarray of shape (V, D), float32
            Word rows and context rows (or nodes).  Changed in place.
        guide : ndarray, int32, or Tree
            Negative sampling: rows drawn ahead, as many as a power of two.
            Hierarchical softmax: the codes of the words.
        bag : Bags or None
            With ``bags``: the input rows of each word.  ``inputs`` then has as
            many rows as they speak of.
        space : Workspace
            Made for the same kind of model.
        replicas : Replicas
            The thread's own copies: of output rows (not with the full softmax) and
            of input rows (not with bags).
        """
        if first >= last:
            return 0.0, 0
        window, width = plan.window, inputs.shape[1]
        n = (width >> 4) << 4
        flat_in, flat_out = inputs.reshape(-1), outputs.reshape(-1)
        scratch, buffer, places, ahead, scores, held = space
        rows, before, after, where, spots = buffer
        size = len(before)
        scratch.signs[:] = np.float32(-1)
        scratch.signs[0] = scratch.signs[K] = np.float32(1)
        base, oldest, stretch = np.int64(0), np.int64(0), np.int64(-1)
        turn = np.int64(hash64(plan.seed, -1) >> np.uint64(1))
        own_in, own_out, every = replicas
        step_in = distance(flat_in, own_in, width)
        step_out = distance(flat_out, own_out, width)
        take_over(flat_in, own_in, width)
        take_over(flat_out, own_out, width)
        due_in, due_out = np.int32(-1), np.int32(-1)  # rows to share next
        begin, end = reach(corpus, plan, first, last)
        p, s = begin, document_of(corpus.offsets, begin)
        n_kept, start, ready = np.int64(0), np.int64(0), np.int64(0)
        total, terms = 0.0, 0
        while True:
            p, s, n_kept, start = read(
                corpus, plan, p, end, s, rows, where, before, after, n_kept, start, size
            )
            done, ready = ready, n_kept if p >= end else n_kept - window
            if not bags:
                for i in range(done, n_kept):
                    spots[i] = place_of(rows[i], own_in, step_in, width)
            for i in range(done, ready):
                at = where[i]
                if before[i] + after[i] == 0 or at < first or at >= last:
                    continue
                rate = rate_at(plan, at)
                left, right = i - before[i], i + after[i] + 1
                # What is to be predicted, from what: with bags, skip-gram
                # predicts the words around from the one in the middle.
                target, targets_end = i, i + 1
                if not bags:
                    m = list_rows(spots, i, before[i], after[i], window, places)
                    fetch(flat_in, spots[i + window + 1], n)
                elif is_skipgram:
                    places, m = list_bag(bag, rows[i], width, places)
                    target, targets_end = left, right
                    soon = place_of(rows[i + window + 1], own_out, step_out, width)
                    fetch(flat_out, soon, n)
                    coming = bag.offsets[rows[i + 1]]
                else:
                    # All is put back where the positions begin another stretch:
                    # a cut there changes nothing.
                    stop = base + i - window
                    if at // STEADY != stretch:
                        stretch, stop = at // STEADY, base + i + window + 1
                    put_all_back(flat_in, bag, oldest, stop, held, plan.learn, width, n)
                    oldest = base + i - window
                if is_sampling and not is_around:  # what the next windows need
                    q = where[i + 1] * draws + turn
                    list_ahead(guide, q, rows[i + 2], width, ahead, own_out, step_out)
                    if not is_skipgram:
                        for o in range(len(ahead)):
                            fetch(flat_out, ahead[o], n)
                if not is_softmax and every > 0 and i % every == 0:
                    due_in = exchange(flat_in, own_in, due_in, rows[i], width)
                    if is_tree:
                        soon = some_node(guide, rows[i], at)
                    else:
                        soon = guide[(at * draws + turn) & (len(guide) - 1)]
                    due_out = exchange(flat_out, own_out, due_out, soon, width)
                if is_pairs:
                    terms += m
                elif is_held:
                    m = gather_held(
                        flat_in, bag, rows, i, left, right, base, held, scratch,
                        width, n,
                    )  # fmt: skip
                else:
                    gather(flat_in, places, m, bags or plan.mean, scratch, n)
                for j in range(target, targets_end):
                    if is_around and j == i:
                        continue
                    if not is_pairs:
                        terms += 1
                    if is_softmax and is_pairs:
                        total += softmax_skipgram(
                            flat_in, places, m, outputs, rows[j], scores, scratch,
                            rate, like, plan.learn,
                        )  # fmt: skip
                        continue
                    if is_softmax:
                        total += softmax(
                            scratch.hidden, 0, -1, outputs, rows[j], scores, scratch,
                            rate, like, plan.learn,
                        )  # fmt: skip
                        continue
                    if is_around:
                        # The next word's rows, a few a time: all at once would be
                        # more than a core can wait for.
                        coming_end = bag.offsets[rows[i + 1] + 1]
                        for e in range(coming, min(coming + 4, coming_end)):
                            fetch(flat_in, np.int64(bag.rows[e]) * width, n)
                        coming += 4
                    block, blocks_end = 0, draws + 1
                    if is_tree:
                        block = guide.offsets[rows[j]]
                        blocks_end = guide.offsets[rows[j] + 1]
                        fetch_path(
                            flat_out, guide, rows[j + 1], width, n, own_out, step_out
                        )
                    elif is_around:
                        q = (at * window + j - left - (j > i)) * draws + turn
                        list_ahead(
                            guide, q + draws, rows[i + 1], width, ahead,
                            own_out, step_out,
                        )  # fmt: skip
                    else:
                        q = at * draws + turn
                    for b in range(block, blocks_end, K):
                        if is_tree:
                            set_nodes(
                                guide, b, blocks_end, width, scratch, like,
                                own_out, step_out,
                            )  # fmt: skip
                        else:
                            set_negatives(
                                guide, q, b, draws, rows[j], width, scratch, like,
                                own_out, step_out,
                            )  # fmt: skip
                        if is_pairs:
                            train_pairs(
                                flat_in, places, m, flat_out, scratch,
                                ahead if b == 0 else ahead[:0], rate, n, like,
                                plan.learn,
                            )  # fmt: skip
                        else:
                            train_one(
                                scratch.hidden, 0, flat_out, scratch, rate, n, like,
                                plan.learn,
                            )  # fmt: skip
                total += take_losses(scratch.losses)
                if is_held and plan.learn:
                    spread_held(m, held, scratch, width, n)
                elif not is_pairs and plan.learn:
                    spread(flat_in, places, m, bags or plan.mean, scratch, n)
            if p >= end:
                if is_held:
                    stop = oldest + len(held.sizes)
                    put_all_back(flat_in, bag, oldest, stop, held, plan.learn, width, n)
                share(flat_in, own_in, np.int32(0), len(inputs), width)
                share(flat_out, own_out, np.int32(0), len(outputs), width)
                return total, terms
            shift = ready - window
            base += shift
            for i in range(shift, n_kept):
                rows[i - shift] = rows[i]
                where[i - shift] = where[i]
                spots[i - shift] = spots[i]
                before[i - shift] = before[i]
                after[i - shift] = after[i]
            n_kept, start, ready = n_kept - shift, start - shift, window

    return epoch
