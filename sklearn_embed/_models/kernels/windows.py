"""Which words stand around a word: the text of a range of positions, read once.

Sizes: V words, T distinct tokens.  A *position* is a token's number within the
corpus.  Whether a token is kept and how wide its window is, is a hash of seed and
position, so that any cut of the positions into ranges reads the same.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inlined, inner
from sklearn_embed._core.numeric import hash64

#: Tokens that a buffer holds besides the two windows it carries over.
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

    window: int  # words on each side that may count, at least 1: sizes the buffers
    widest: int  # words on each side that were asked for, less than 2 ** 32
    shrink: bool  # draw each window's width from 1..widest
    mean: bool  # CBOW: mean of the context, or its sum
    learn: bool  # train, or only measure the loss
    seed: np.uint64  # of this pass: another one for every epoch
    rate: float  # learning rate at the beginning of the whole training
    min_rate: float  # and at its end
    done: float  # positions trained before this pass
    planned: float  # positions of the whole training


class Buffer(NamedTuple):
    """Kept tokens of a stretch of text, with the windows carried over; int32."""

    rows: np.ndarray
    before: np.ndarray  # words in the window before each
    after: np.ndarray  # and behind it
    where: np.ndarray  # int64: positions
    spots: np.ndarray  # int64: where their rows begin, of inputs that are no bags


def make_buffer(window):
    """Return a Buffer for windows of some width."""
    size = STRETCH + 4 * window
    return Buffer(
        np.zeros(size + window + 2, np.int32),
        np.zeros(size, np.int32),
        np.zeros(size, np.int32),
        np.zeros(size + 1, np.int64),
        np.zeros(size + window + 2, np.int64),
    )


@inlined
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


@inner
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


@inner
def seek(corpus, seed, p, stop, step, s, enough):
    """Walk through document s, from p to before ``stop``, until enough are kept.

    Return (where to go on, how many kept tokens there were).
    """
    shift, found = corpus.starts[s] - corpus.offsets[s], 0
    while p != stop and found < enough:
        found += kept_row(corpus, seed, p, p + shift)[0] >= 0
        p += step
    return p, found


@inner
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


@inlined
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
                width = np.int64(plan.widest)
                if plan.shrink:
                    bits &= np.uint64(0xFFFFFFFF)
                    width -= np.int64((bits * np.uint64(width)) >> np.uint64(32))
                width = min(width, np.int64(plan.window))
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


@inlined
def rate_at(plan, p):
    """Return the learning rate at position p: linear, in steps of STEADY."""
    progress = (plan.done + (p // STEADY) * STEADY) / plan.planned
    rate = plan.rate - (plan.rate - plan.min_rate) * progress
    return np.float32(max(plan.min_rate, rate))
