"""Word2vec over a range of token positions: skip-gram or CBOW, one source for all.

Sizes: V words, D columns (a multiple of 16), K negatives.  A *position* is a
token's number within the corpus.  Whatever chance decides about a token (is it
kept, how wide is its window, which negatives does it meet) is a hash of seed
and position, so that any cut of the positions into ranges trains the same.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import lru_cache
from typing import NamedTuple

import numba
import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem

from sklearn_embed._kernels.common import (
    FASTMATH,
    decay,
    hash64,
    log1p_unit,
    prefetch,
)

#: Compiled without the lock of Python; sums may be reordered, NaN stays NaN.
FAST = {"nogil": True, "error_model": "numpy", "fastmath": set(FASTMATH)}

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


class Plan(NamedTuple):
    """Numbers that stay the same for a pass over the corpus."""

    window: int  # words on each side, at least 1
    shrink: bool  # draw each window's width from 1..window
    mean: bool  # CBOW: mean of the context, or its sum
    seed: np.uint64  # of this pass: another one for every epoch
    rate: float  # learning rate at the beginning of the whole training
    min_rate: float  # and at its end
    done: float  # positions trained before this pass
    planned: float  # positions of the whole training


@numba.njit(cache=True, **FAST)
def kept_row(corpus, seed, p, at):
    """Return the vocabulary row of the token ids[at] at position p, or -1."""
    t = np.int64(corpus.ids[at])
    if t < 0 or t >= len(corpus.row_of):
        return np.int32(-1)
    row = corpus.row_of[t]
    if row >= 0 and (hash64(seed, p) >> np.uint64(32)) > corpus.keep[row]:
        return np.int32(-1)
    return row


@numba.njit(cache=True, **FAST)
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


@numba.njit(cache=True, **FAST)
def reach(corpus, plan, first, last):
    """Return the range of positions that the windows of [first, last) look at."""
    # A range without a kept token looks nowhere: this bounds the search over
    # all ranges together, however rare kept tokens are.
    s = document_of(corpus.offsets, first)
    begin = first
    shift = corpus.starts[s] - corpus.offsets[s]
    p, stop = first, min(last, corpus.offsets[s + 1])
    while p < stop and kept_row(corpus, plan.seed, p, p + shift) < 0:
        p += 1
    if p < stop:
        found = 0
        while begin > corpus.offsets[s] and found < plan.window:
            begin -= 1
            found += kept_row(corpus, plan.seed, begin, begin + shift) >= 0
    s = document_of(corpus.offsets, last - 1)
    end = last
    shift = corpus.starts[s] - corpus.offsets[s]
    p, stop = last - 1, max(first, corpus.offsets[s])
    while p >= stop and kept_row(corpus, plan.seed, p, p + shift) < 0:
        p -= 1
    if p >= stop:
        found = 0
        while end < corpus.offsets[s + 1] and found < plan.window:
            found += kept_row(corpus, plan.seed, end, end + shift) >= 0
            end += 1
    return begin, end


@numba.njit(cache=True, **FAST)
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
            row = kept_row(corpus, plan.seed, p, p + shift)
            if row >= 0:
                width = plan.window
                if plan.shrink:
                    bits = hash64(plan.seed, p) & np.uint64(0xFFFFFFFF)
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


@numba.njit(cache=True, **FAST)
def rate_at(plan, p):
    """Return the learning rate at position p: linear, in steps of STEADY."""
    progress = (plan.done + (p // STEADY) * STEADY) / plan.planned
    rate = plan.rate - (plan.rate - plan.min_rate) * progress
    return np.float32(max(plan.min_rate, rate))


@numba.njit(cache=True, **FAST)
def draw_negatives(pool, q, centre, targets, times, zeros):
    """Set the window's output rows: the centre, then draws from the pool at q.

    A draw equal to the centre is left out (as in word2vec.c), a repeated one
    counts as often as it was drawn, through the row where it stands first:
    ``times`` says how often each counts.
    """
    mask = len(pool) - 1
    targets[0] = centre
    again = False
    for o in range(1, len(zeros)):
        targets[o] = pool[(q + o) & mask]
        for u in range(o):
            again |= targets[u] == targets[o]
    for o in range(len(zeros)):
        times[o] = np.float32(1)
    if again:
        for o in range(1, len(zeros)):
            for u in range(o):
                if targets[u] == targets[o]:
                    times[o] = np.float32(0)
                    times[u] += np.float32(u > 0)
                    break


@numba.njit(cache=True, **FAST)
def slopes(sums, labels, weights, losses, rate):
    """Turn dot products into steps, in place; set each one's loss."""
    for i in range(len(sums)):
        f = sums[i]
        e = decay(abs(f))
        share = np.float32(1) / (np.float32(1) + e)
        probability = share if f >= 0 else e * share
        sums[i] = (labels[i] - probability) * weights[i] * rate
        wrong = f if labels[i] == 0 else -f
        wrong = np.float32(0) if wrong < 0 else wrong
        losses[i] = (wrong + log1p_unit(e)) * weights[i]


@numba.njit(cache=True, **FAST)
def dots_one(x, block, n, zeros):
    """Return the dot products of x with the rows of the block."""
    f = zeros
    for d in range(n):
        for o in range(len(zeros)):
            f = tuple_setitem(f, o, f[o] + x[d] * block[o, d])
    return f


@numba.njit(cache=True, **FAST)
def dots_two(x, y, block, n, zeros):
    """Return the dot products of x and of y with the rows of the block."""
    f = zeros
    g = zeros
    for d in range(n):
        for o in range(len(zeros)):
            c = block[o, d]
            f = tuple_setitem(f, o, f[o] + x[d] * c)
            g = tuple_setitem(g, o, g[o] + y[d] * c)
    return f, g


@numba.njit(cache=True, **FAST)
def move_one(x, block, change, n, f):
    """Move the rows of the block along x; set what x is to change by."""
    for d in range(n):
        a = x[d]
        step = np.float32(0)
        for o in range(len(f)):
            c = block[o, d]
            step += f[o] * c
            block[o, d] = c + f[o] * a
        change[d] = step


@numba.njit(cache=True, **FAST)
def move_two(x, y, block, n, f, g):
    """Move x, y and the rows of the block along each other, all from old values."""
    for d in range(n):
        a, b = x[d], y[d]
        step_a, step_b = a, b
        for o in range(len(f)):
            c = block[o, d]
            step_a += f[o] * c
            step_b += g[o] * c
            block[o, d] = c + f[o] * a + g[o] * b
        x[d] = step_a
        y[d] = step_b


@numba.njit(cache=True, **FAST)
def fetch(matrix, row):
    """Ask for a row of a matrix ahead of its use."""
    flat = matrix.reshape(-1)
    at = np.int64(row) * matrix.shape[1]
    for d in range(0, matrix.shape[1], 16):
        prefetch(flat, at + d)


@numba.njit(cache=True, **FAST)
def copy_in(outputs, targets, block, n, zeros):
    """Copy the window's output rows into the block."""
    for o in range(len(zeros)):
        row = outputs[targets[o]]
        for d in range(n):
            block[o, d] = row[d]


@numba.njit(cache=True, **FAST)
def copy_out(outputs, targets, block, n, zeros):
    """Copy the block back; a repeated row is written last from its first place."""
    for o in range(len(zeros) - 1, -1, -1):
        row = outputs[targets[o]]
        for d in range(n):
            row[d] = block[o, d]


@numba.njit(cache=True, **FAST)
def set_weights(weights, times, second):
    """Weigh the terms of one context, or of two, by how often a row counts."""
    for o in range(len(times)):
        weights[o] = times[o]
        weights[len(times) + o] = times[o] * second


@numba.njit(cache=True, **FAST)
def store(f, sums, at):
    """Write a tuple into an array."""
    for o in range(len(f)):
        sums[at + o] = f[o]


@numba.njit(cache=True, **FAST)
def load(sums, at, zeros):
    """Read a tuple from an array."""
    f = zeros
    for o in range(len(zeros)):
        f = tuple_setitem(f, o, sums[at + o])
    return f


@numba.njit(cache=True, **FAST)
def one_window(x, block, scratch, rate, n, zeros):
    """Train one input on the block; set its change and return the loss."""
    sums, labels, weights, losses, times, change = scratch
    set_weights(weights, times, np.float32(0))
    store(dots_one(x, block, n, zeros), sums, 0)
    store(zeros, sums, len(zeros))
    slopes(sums, labels, weights, losses, rate)
    move_one(x, block, change, n, load(sums, 0, zeros))
    return np.float64(np.sum(losses))


@numba.njit(cache=True, **FAST)
def one_context(x, block, scratch, rate, n, zeros):
    """Train one word's row on the block; return the loss."""
    loss = one_window(x, block, scratch, rate, n, zeros)
    change = scratch[-1]
    for d in range(n):
        x[d] += change[d]
    return loss


@numba.njit(cache=True, **FAST)
def skipgram_window(inputs, contexts, m, block, scratch, rate, n, zeros):
    """Train m contexts, two at a time, on the block; return the loss."""
    K = len(zeros)
    sums, labels, weights, losses, times, _ = scratch
    set_weights(weights, times, np.float32(1))
    loss = 0.0
    for j in range(0, m - 1, 2):
        if contexts[j] == contexts[j + 1]:  # one row must not be changed as two
            for _ in range(2):
                loss += one_context(inputs[contexts[j]], block, scratch, rate, n, zeros)
            set_weights(weights, times, np.float32(1))
            continue
        x = inputs[contexts[j]]
        y = inputs[contexts[j + 1]]
        f, g = dots_two(x, y, block, n, zeros)
        store(f, sums, 0)
        store(g, sums, K)
        slopes(sums, labels, weights, losses, rate)
        move_two(x, y, block, n, load(sums, 0, zeros), load(sums, K, zeros))
        loss += np.sum(losses)
    if m % 2:
        loss += one_context(inputs[contexts[m - 1]], block, scratch, rate, n, zeros)
    return loss


@numba.njit(cache=True, **FAST)
def cbow_window(inputs, contexts, m, mean, hidden, block, scratch, rate, n, zeros):
    """Train the mean or sum of m contexts on the block; return the loss.

    As in gensim, each context takes the whole step of the mean, but a
    1/m-th of the step of the sum.
    """
    change = scratch[-1]
    share = np.float32(1) / np.float32(m)
    for d in range(n):
        hidden[d] = np.float32(0)
    for j in range(m):
        x = inputs[contexts[j]]
        for d in range(n):
            hidden[d] += x[d]
    if mean:
        for d in range(n):
            hidden[d] *= share
        share = np.float32(1)
    loss = one_window(hidden, block, scratch, rate, n, zeros)
    for j in range(m):
        x = inputs[contexts[j]]
        for d in range(n):
            x[d] += share * change[d]
    return loss


@lru_cache(maxsize=None)
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
    skipgram = architecture == "skipgram"
    zeros = (np.float32(0),) * (negative + 1)

    @numba.njit(cache=True, **FAST)
    def epoch(corpus, plan, first, last, inputs, outputs, guide, bag):
        """Train on the positions [first, last); return (loss, predictions).

        Parameters
        ----------
        corpus : Corpus
        plan : Plan
        first, last : int
            Range of positions, 0 <= first <= last <= offsets[-1].
        inputs, outputs : ndarray of shape (V, D), float32
            Word rows and context rows.  Changed in place.
        guide : ndarray, int32
            With negative sampling: rows drawn ahead, as many as a power of two.
        bag : None
        """
        if first >= last:
            return 0.0, 0
        window, n = plan.window, (inputs.shape[1] >> 4) << 4
        K = len(zeros)
        size = STRETCH + 4 * window
        rows = np.zeros(size + window + 2, np.int32)
        where = np.empty(size, np.int64)
        before = np.empty(size, np.int32)
        after = np.empty(size, np.int32)
        contexts = np.empty(2 * window + 1, np.int32)
        targets = np.empty(K, np.int32)
        block = np.empty((K, inputs.shape[1]), np.float32)
        hidden = np.empty(inputs.shape[1], np.float32)
        scratch = (
            np.zeros(2 * K, np.float32),  # sums
            np.zeros(2 * K, np.float32),  # labels
            np.zeros(2 * K, np.float32),  # weights
            np.zeros(2 * K, np.float32),  # losses
            np.ones(K, np.float32),  # times
            np.empty(inputs.shape[1], np.float32),  # change
        )
        scratch[1][0] = scratch[1][K] = np.float32(1)
        turn = np.int64(hash64(plan.seed, -1) >> np.uint64(1))
        begin, end = reach(corpus, plan, first, last)
        p, s = begin, document_of(corpus.offsets, begin)
        n_kept, start, ready = 0, 0, 0
        total, terms = 0.0, 0
        while True:
            p, s, n_kept, start = read(
                corpus, plan, p, end, s, rows, where, before, after, n_kept, start, size
            )
            done, ready = ready, n_kept if p >= end else n_kept - window
            for i in range(done, ready):
                at = where[i]
                if at < first or at >= last:
                    continue
                m = 0
                for j in range(i - before[i], i + after[i] + 1):
                    contexts[m] = rows[j]
                    m += j != i
                if m == 0:
                    continue
                q = at * (K - 1) + turn
                draw_negatives(guide, q, rows[i], targets, scratch[4], zeros)
                for o in range(K - 1):
                    fetch(outputs, guide[(q + K - 1 + o) & (len(guide) - 1)])
                fetch(inputs, rows[i + window + 1])
                fetch(outputs, rows[i + 2])
                rate = rate_at(plan, at)
                copy_in(outputs, targets, block, n, zeros)
                if skipgram:
                    total += skipgram_window(
                        inputs, contexts, m, block, scratch, rate, n, zeros
                    )
                    terms += m
                else:
                    total += cbow_window(
                        inputs, contexts, m, plan.mean, hidden, block, scratch, rate,
                        n, zeros,
                    )  # fmt: skip
                    terms += 1
                copy_out(outputs, targets, block, n, zeros)
            if p >= end:
                return total, terms
            shift = ready - window
            for i in range(shift, n_kept):
                rows[i - shift] = rows[i]
                where[i - shift] = where[i]
                before[i - shift] = before[i]
                after[i - shift] = after[i]
            n_kept, start, ready = n_kept - shift, start - shift, window

    return epoch
