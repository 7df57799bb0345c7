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
from sklearn_embed._models.kernels.replicas import row_offset

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


class PassSettings(NamedTuple):
    """Numbers that stay the same for a pass over the corpus."""

    drawn_window: int  # widths of windows are drawn from 1..drawn_window
    window: int  # words on each side at most: `reachable_window` of the former
    shrink: bool  # draw the widths, or let all windows be as wide as they may
    mean: bool  # CBOW: mean of the context, or its sum
    learn: bool  # train, or only measure the loss
    seed: np.uint64  # of this pass: another one for every epoch
    rate: float  # learning rate at the beginning of the whole training
    min_rate: float  # and at its end
    done: float  # positions trained before this pass
    planned: float  # positions of the whole training


class WindowBuffer(NamedTuple):
    """Kept tokens of a stretch of text, with the windows carried over."""

    rows: np.ndarray  # int32: vocabulary rows
    offsets: np.ndarray  # int64: where their input rows begin
    before: np.ndarray  # int32: words of the context before each
    after: np.ndarray  # int32: and behind it
    positions: np.ndarray  # int64


class Cursor(NamedTuple):
    """How far the corpus has been read into the buffer."""

    position: int  # of the next token
    document: int  # which holds it
    n: int  # words in the buffer
    start: int  # where the document begins in the buffer, negative if moved out


def reachable_window(window, corpora, bags=False):
    """Return a window that no document of the corpora is too short for.

    Memory and loops grow with it.  With bags the means of words are kept for as long
    as a window could reach them, so that windows are cut where that is costly alone.
    """
    longest = max((np.diff(c.offsets).max(initial=1) for c in corpora), default=1)
    return int(min(window, max(longest, STRETCH if bags else 1)))


def make_buffer(window):
    """Return a WindowBuffer for windows of some width."""
    size = STRETCH + 4 * window
    # Rows and offsets are read ahead, a window and two words behind the last one.
    return WindowBuffer(
        np.zeros(size + window + 2, np.int32),
        np.zeros(size + window + 2, np.int64),
        np.zeros(size, np.int32),
        np.zeros(size, np.int32),
        np.zeros(size + 1, np.int64),
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
def context_range(corpus, settings, first, last):
    """Return the range of positions that the windows of [first, last) look at."""
    # A range without a kept token looks nowhere: this bounds the search over
    # all ranges together, however rare kept tokens are.
    begin, end, seed, offsets = first, last, settings.seed, corpus.offsets
    one, window = np.int64(1), np.int64(settings.window)  # literals are other types
    s = document_of(offsets, first)
    start, stop = offsets[s], offsets[s + 1]
    if seek(corpus, seed, first, last if last < stop else stop, one, s, one)[1]:
        begin = seek(corpus, seed, first - 1, start - 1, -one, s, window)[0] + 1
    s = document_of(offsets, last - 1)
    start, stop = offsets[s], offsets[s + 1]
    before = (first if first > start else start) - 1
    if seek(corpus, seed, last - 1, before, -one, s, one)[1]:
        end = seek(corpus, seed, last, stop, one, s, window)[0]
    return begin, end


@inlined
def start_reading(corpus, settings, first, last):
    """Return a Cursor where the windows of [first, last) begin, and where they end."""
    begin, end = context_range(corpus, settings, first, last)
    document, none = document_of(corpus.offsets, begin), np.int64(0)
    return Cursor(begin, document, none, none), end


@inlined
def read(corpus, settings, matrix, buffer, cursor, end):
    """Append kept tokens before position ``end`` until the buffer is full.

    Changes the buffer in place; returns the Cursor to go on from.
    """
    p, s, n, start = cursor
    size = len(buffer.before)
    while p < end and n < size:
        while p >= corpus.offsets[s + 1]:
            s += 1
            start = n
        stop = corpus.offsets[s + 1]
        stop = end if end < stop else stop
        shift = corpus.starts[s] - corpus.offsets[s]
        while p < stop and n < size:
            row, bits = kept_row(corpus, settings.seed, p, p + shift)
            if row >= 0:
                width = settings.drawn_window
                if settings.shrink:
                    bits &= np.uint64(0xFFFFFFFF)
                    width -= np.int64((bits * np.uint64(width)) >> np.uint64(32))
                width = width if width < settings.window else settings.window
                buffer.rows[n] = row
                buffer.offsets[n] = row_offset(matrix, row)
                buffer.positions[n] = p
                buffer.before[n] = width if width < n - start else n - start
                buffer.after[n] = width
                n += 1
            p += 1
        if p == stop:  # what has been read last has fewer words behind it
            first = n - settings.window
            first = first if first > start else start
            for i in range(first if first > 0 else 0, n):
                left = n - 1 - i
                buffer.after[i] = left if left < buffer.after[i] else buffer.after[i]
    return Cursor(p, s, n, start)


@inlined
def has_context(buffer, i, first, last):
    """Return whether word i has a context and a position in the range [first, last)."""
    alone = buffer.before[i] + buffer.after[i] == 0
    return not alone and first <= buffer.positions[i] < last


@inlined
def drop_words(buffer, cursor, n):
    """Remove the first n words of the buffer; changes it in place."""
    for i in range(n, cursor.n):
        buffer.rows[i - n] = buffer.rows[i]
        buffer.offsets[i - n] = buffer.offsets[i]
        buffer.positions[i - n] = buffer.positions[i]
        buffer.before[i - n] = buffer.before[i]
        buffer.after[i - n] = buffer.after[i]
    return Cursor(cursor.position, cursor.document, cursor.n - n, cursor.start - n)


@inlined
def rate_at(settings, p):
    """Return the learning rate at position p: linear, in steps of STEADY."""
    progress = (settings.done + (p // STEADY) * STEADY) / settings.planned
    rate = settings.rate - (settings.rate - settings.min_rate) * progress
    return np.float32(rate if rate > settings.min_rate else settings.min_rate)
