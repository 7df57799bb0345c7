"""Count how often words stand near each other, exactly and in sorted rows.

Sizes: V words, T tokens of a stream, W the longest distance counted.  A count is a sum
of int64 multiples of a common unit (see `distance_units`), so that it depends neither
on the order of its terms nor on how the work was cut.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import NamedTuple

import numpy as np
from numba import types
from numba.core import errors
from numba.extending import intrinsic

from sklearn_embed._core.compile import inlined, inner, kernel

#: 1/k is a whole number of units for every distance k up to here.
EXACT_WINDOW = 22

#: Units in 1 beyond that window: the least common multiple of 1 ... 28.
FINE_SCALE = math.lcm(*range(1, 29))


def distance_units(window, longest, harmonic):
    """Return the weight of distances 0 ... `longest` in units, and the units in 1.

    The unit depends on `window` alone, never on the documents, so that counts made
    from different documents add up exactly.
    """
    if not harmonic:
        return np.ones(longest + 1, np.int64), 1
    small = window <= EXACT_WINDOW
    scale = math.lcm(*range(1, window + 1)) if small else FINE_SCALE
    distances = np.maximum(np.arange(longest + 1), 1)
    return (scale + distances // 2) // distances, scale


class RowPositions(NamedTuple):
    """A stream of tokens, and where the rows to count stand in it."""

    stream: np.ndarray  # (T,) int32: rows, with -1 before, between and after documents
    fresh: int  # first position that no earlier call has counted
    ends: np.ndarray  # (n + 1,) int64: how many positions come before those of a row
    positions: np.ndarray  # int32: those of each row, ascending, row after row


class ContextWeights(NamedTuple):
    """What counts as a context, and for how much."""

    units: np.ndarray  # (W + 1,) int64: by distance
    sides: int  # 1: to the left, 2: to the right, 3: both, the upper half


class RowSums(NamedTuple):
    """Scratch buffers for the contexts of one row; slot 0 stands for no context."""

    sums: np.ndarray  # (V + 1,) int64, zeros between calls
    seen: np.ndarray  # (V + 2,) int32: slots in order of appearance
    marks: np.ndarray  # uint64: a bit for each slot, zeros between calls
    tops: np.ndarray  # uint64: a bit for each word of marks, zeros between calls


def new_row_sums(n_rows):
    """Return clean `RowSums` for V contexts."""
    return RowSums(
        np.zeros(n_rows + 1, np.int64),
        np.empty(n_rows + 2, np.int32),
        np.zeros((n_rows >> 6) + 1, np.uint64),
        np.zeros((n_rows >> 12) + 1, np.uint64),
    )


@intrinsic
def lowest_bit(typing_context, word):
    """Return the place of the lowest bit set in a word that is not zero."""
    if word != types.uint64:
        raise errors.TypingError("lowest_bit takes a uint64")

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], context.get_constant(types.boolean, True))

    return types.uint64(word), codegen


@kernel
def write_stream(ids, starts, offsets, row_of, document, token, stream, n):
    """Write kept tokens, as rows, from ``stream[n]`` on; -1 between documents.

    Begins at a token of a document and ends where the documents or the stream do;
    the last position of the stream is kept free for a final -1.  Tokens whose row is
    -1 leave no gap: their neighbours become adjacent.

    Parameters
    ----------
    ids : ndarray of shape (n_ids,), int32
    starts, offsets : ndarray of shape (n_documents,) and (n_documents + 1,), int64
        Where each document begins in `ids`; the documents' lengths, summed.
    row_of : ndarray of shape (n_ids_known,), int32
        Row of each id, or -1.
    document, token : int
        Where to begin.
    stream : ndarray of shape (T,), int32
        Changed in place.  ``stream[n - 1]`` has been written already.
    n : int
        Number of positions written, at least 1.

    Returns
    -------
    document, token, n : int
        Where to go on, and the number of positions written.
    """
    most = len(stream) - 1
    while document < len(starts):
        length = offsets[document + 1] - offsets[document]
        start = starts[document]
        while token < length:
            row = row_of[ids[start + token]]
            if row >= 0:
                if n >= most:
                    return document, token, n
                stream[n] = row
                n += 1
            token += 1
        if stream[n - 1] >= 0:
            if n >= most:
                return document, token, n
            stream[n] = -1
            n += 1
        document += 1
        token = 0
    return document, token, n


@kernel
def sum_positions(stream, n, ends):
    """Count how many of n positions hold lower rows, for each row.

    Parameters
    ----------
    stream : ndarray of shape (T,), int32
    n : int
        Positions written.
    ends : ndarray of shape (V + 1,), int64
        Zeros on entry.  Changed in place.
    """
    for t in range(n):
        if stream[t] >= 0:
            ends[stream[t] + 1] += 1
    for row in range(len(ends) - 1):
        ends[row + 1] += ends[row]


@kernel
def list_positions(stream, n, begins, first, positions):
    """List where some rows stand, row after row.

    Parameters
    ----------
    stream : ndarray of shape (T,), int32
    n : int
        Positions written.
    begins : ndarray of shape (n_rows_to_list,), int64
        On entry where each row's list begins, on return where it ends.  Changed in
        place.
    first : int
        Row that comes first.
    positions : ndarray, int32
        Changed in place.
    """
    n_listed = np.uint32(len(begins))
    for t in range(n):
        r = np.uint32(stream[t] - first)  # what comes before is beyond the last
        if r < n_listed:
            positions[begins[r]] = t
            begins[r] += 1


@inner
def write_sums(shift, n_seen, row_sums, pairs, n):
    """Write the sums of one row out in order of context, and clear them."""
    sums, seen, marks, tops = row_sums
    columns, units = pairs
    sums[0] = 0
    for q in range(n_seen):
        slot = np.uint64(seen[q])
        word = slot >> np.uint64(6)
        marks[word] |= np.uint64(1) << (slot & np.uint64(63))
        tops[word >> np.uint64(6)] |= np.uint64(1) << (word & np.uint64(63))
    for top in range(len(tops)):
        words = tops[top]
        tops[top] = 0
        while words != 0:
            word = (np.uint64(top) << np.uint64(6)) + lowest_bit(words)
            words &= words - np.uint64(1)
            slots = marks[word]
            marks[word] = 0
            while slots != 0:
                slot = (word << np.uint64(6)) + lowest_bit(slots)
                slots &= slots - np.uint64(1)
                if slot > 0:
                    columns[n] = np.int64(slot) + shift
                    units[n] = sums[slot]
                    sums[slot] = 0
                    n += 1
    return n


@inlined
def add_units(row_sums, slot, units, n_seen):
    """Add to the sum of a slot; return how many slots have been seen."""
    row_sums.seen[np.uint64(n_seen)] = slot
    n_seen += row_sums.sums[slot] == 0
    row_sums.sums[slot] += units
    return n_seen


@inlined
def add_contexts(stream, t, step, nearest, units, shift, row_sums, n_seen):
    """Add the contexts on one side of position t; return how many slots were seen."""
    for k in range(nearest, len(units)):
        j = stream[np.uint64(t + step * k)]
        if j < 0:
            break
        # Slot 0 takes, unread, what the other half of the matrix counts: a branch
        # on it would be guessed wrongly every other time.
        slot = j - shift
        slot = np.uint64(slot if slot > 0 else 0)
        n_seen = add_units(row_sums, slot, units[np.uint64(k)], n_seen)
    return n_seen


@kernel
def count_rows(where, first, weights, lengths, row_sums, pairs):
    """Count the contexts of some rows; return the number of pairs found.

    A pair of positions is counted where its right one is fresh, hence once, even if
    the stream begins with positions that an earlier call has seen.

    Parameters
    ----------
    where : RowPositions
        Of the rows to count.
    first : int
        The first of them.
    weights : ContextWeights
        With both sides, of two rows only the one with the lower number counts the
        other (the upper half of the matrix).
    lengths : ndarray of shape (n_rows_to_count,), int64
        Number of contexts of each row.  Changed in place.
    row_sums : RowSums
        For V contexts.  Clean on entry and on return.
    pairs : tuple of ndarray of shape (n_pairs_at_most,), int32 and int64
        Contexts in ascending order, row after row, and their sums of units.
        Changed in place.
    """
    stream, fresh, ends, positions = where
    units, sides = weights
    left, right, one = np.int64(-1), np.int64(1), np.int64(1)
    n = np.int64(0)  # for a literal write_sums would be compiled once more
    for r in range(len(lengths)):
        shift = np.int64(first + r - 1 if sides == 3 else -1)
        n_seen = np.int64(0)
        for e in range(ends[r], ends[r + 1]):
            t = np.int64(positions[e])
            if sides & 1 and t >= fresh:
                n_seen = add_contexts(
                    stream, t, left, one, units, shift, row_sums, n_seen
                )
            if sides & 2:
                nearest = fresh - t if fresh - t > 1 else one
                n_seen = add_contexts(
                    stream, t, right, nearest, units, shift, row_sums, n_seen
                )
        before = n
        n = write_sums(shift, n_seen, row_sums, pairs, n)
        lengths[r] = n - before
    return n


@kernel
def merge_rows(begins, runs, lengths, row_sums, pairs):
    """Add up the same rows of several runs; return the number of pairs.

    Parameters
    ----------
    begins : ndarray of shape (n_runs, n_rows_to_merge + 1), int64
        Row r of run k is ``begins[k, r]`` to ``begins[k, r + 1]`` of the runs.
    runs : tuple of ndarray, int32 and int64
        Contexts and units of the runs, end to end.
    lengths, row_sums, pairs
        As in `count_rows`.  Changed in place.
    """
    run_columns, run_units = runs
    n = np.int64(0)
    for r in range(len(lengths)):
        n_seen = np.int64(0)
        for run in range(len(begins)):
            for e in range(begins[run, r], begins[run, r + 1]):
                slot = np.uint64(run_columns[e] + 1)
                n_seen = add_units(row_sums, slot, run_units[e], n_seen)
        before = n
        n = write_sums(np.int64(-1), n_seen, row_sums, pairs, n)
        lengths[r] = n - before
    return n
