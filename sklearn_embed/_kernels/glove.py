"""Train GloVe on pairs that were dealt out so that threads never meet.

Sizes: V words, D padded width, P pairs, G groups, a power of two.  Words, the most
frequent first, are dealt out to the groups as cards are, to and fro, so that every
group gets as many pairs.  Pairs of the groups a and b touch no row of another group:
what has no group in common may be trained at the same time, with one result.

A row of the state holds, side by side, the word vector, the sums of its squared
gradients, the context vector and the sums of its own, each of width D:

    word (D) | squares (D) | context (D) | squares (D)

The biases are two more columns of the vectors: (w, b, 1) · (c, 1, b̃) = w·c + b + b̃.
The columns of ones stay so because the sums behind them are as good as infinite.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, errors
from numba.extending import intrinsic

from sklearn_embed._kernels.common import (
    FASTMATH,
    LANES,
    aligned_zeros,
    padded_width,
    prefetch,
)

#: What AdaGrad's sums start with; 1, as in the original.
FIRST_SQUARE = 1.0

#: Makes every step of a column of ones vanish in float32.
FROZEN_SQUARE = 1e30

#: Bytes of the state that one block of rows may take: about half an L2 cache.
BLOCK_BYTES = 1 << 20

#: Rows whose vectors stay in L1 while a block of contexts passes by; 2**3.
_STRIP_BITS = 3

#: Pairs that lie between asking for a row and using it.
_AHEAD = 3

_SPLAT = (0,) * LANES


def state_width(vector_size):
    """Return D: the vector, its bias, a column of ones, and padding."""
    return padded_width(vector_size + 2)


def new_state(n_words, vector_size):
    """Return a state whose parameters are zero: (V, 4 D), float32, aligned."""
    width = state_width(vector_size)
    state = aligned_zeros((n_words, 4 * width))
    parts = state.reshape(n_words, 4, width)
    parts[:, 1::2] = FIRST_SQUARE
    parts[:, 0, vector_size + 1] = parts[:, 2, vector_size] = 1
    parts[:, 1, vector_size + 1] = parts[:, 3, vector_size] = FROZEN_SQUARE
    return state


def state_views(state, vector_size):
    """Return the parameters and their sums of squares by name: a dict of views."""
    n_words, size = len(state), vector_size
    word, word_squares, context, context_squares = np.moveaxis(
        state.reshape(n_words, 4, -1), 1, 0
    )
    return {
        "word": word[:, :size],
        "context": context[:, :size],
        "word_bias": word[:, size],
        "context_bias": context[:, size + 1],
        "word_squares": word_squares[:, :size],
        "context_squares": context_squares[:, :size],
        "word_bias_squares": word_squares[:, size],
        "context_bias_squares": context_squares[:, size + 1],
    }


@intrinsic
def adagrad_step(typing_context, state, a, b, width, pull, clip):
    """Move 16 numbers of a word and of a context, with their sums of squares.

    ``state[a:]`` and ``state[b:]`` move along each other, times ``pull``; products
    are clipped to ±``clip``; the sums of squares lie ``width`` further on.  Written
    as vectors, since LLVM cannot see that the four pieces do not overlap.
    """
    if state.dtype != types.float32 or pull != types.float32:
        raise errors.TypingError("adagrad_step takes float32")
    signature = types.void(state, a, b, width, pull, clip)
    # Square root and reciprocal may be estimates with one Newton step.
    flags = ("reassoc", "contract", "nsz", "arcp", "afn")

    def codegen(context, builder, signature, args):
        number, i32 = ir.FloatType(), ir.IntType(32)
        vector = ir.VectorType(number, LANES)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        root = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector]), f"llvm.sqrt.v{LANES}f32"
        )

        def address(index):
            return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())

        def load(pointer):
            value = builder.load(pointer)
            value.align = 4
            return value

        def store(value, pointer):
            builder.store(value, pointer).align = 4

        def splat(value):
            empty = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(empty, value, ir.Constant(i32, 0))
            mask = ir.Constant(ir.VectorType(i32, LANES), _SPLAT)
            return builder.shuffle_vector(first, empty, mask)

        def times(x, y):
            return builder.fmul(x, y, flags=flags)

        def clipped(x, low, high):
            # In this order a NaN stays what it is.
            x = builder.select(builder.fcmp_ordered(">", x, high), high, x)
            return builder.select(builder.fcmp_ordered("<", x, low), low, x)

        _, at_word, at_context, step, factor, limit = args
        squares = [builder.add(at, step) for at in (at_word, at_context)]
        pointers = [address(at) for at in (at_word, at_context, *squares)]
        word, opposite, word_sum, opposite_sum = (load(p) for p in pointers)
        factor, high = splat(factor), splat(limit)
        low = builder.fneg(high)
        moves = []
        for x, partner, total in (
            (word, opposite, word_sum),
            (opposite, word, opposite_sum),
        ):
            slope = clipped(times(factor, partner), low, high)
            norm = builder.call(root, [total], fastmath=flags)
            shift = builder.fdiv(slope, norm, flags=flags)
            total = builder.fadd(times(slope, slope), total, flags=flags)
            moves.append((builder.fsub(x, shift, flags=flags), total))
        for index, (x, total) in enumerate(moves):
            store(x, pointers[index])
            store(total, pointers[2 + index])
        return context.get_dummy_value()

    return signature, codegen


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _group_of(row, n_groups):
    """Return the group of a word."""
    turn = row // n_groups
    place = row - turn * n_groups
    return n_groups - 1 - place if turn & 1 else place


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _row_of(place, group, n_groups):
    """Return the word in a place of a group."""
    turn = np.uint64(place)
    forth, back = np.uint64(group), np.uint64(n_groups - 1 - group)
    return turn * np.uint64(n_groups) + (back if turn & np.uint64(1) else forth)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def deal_pairs(indptr, tiles, records, scale, n_groups, mirrored, block_bits):
    """Sort pairs, where they are, by the groups of their words.

    Parameters
    ----------
    indptr : ndarray of shape (V + 1,), int64
        Where each row begins: compressed sparse rows of counts in units.  With
        `mirrored`, of their upper half.
    tiles : ndarray of shape (P,), int32
        On entry the column of each pair, on return ``a * G + b`` of its two groups.
        Changed in place.
    records : ndarray of shape (P,), int64
        On entry the units of each pair, on return its key and its count, as
        `unpack_records` reads them: sorted as unsigned numbers, the pairs of two
        groups come block by block, and within two blocks eight words at a time.
        Changed in place.
    scale : float
        Units in 1.
    n_groups : int
        G, a power of two, such that V <= 65536 G.
    mirrored : bool
        Whether a pair stands for (i, j) and (j, i); then its group of the lower
        number comes first.
    block_bits : int
        Logarithm of the rows in a block.

    Returns
    -------
    ends : ndarray of shape (G * G + 1,), int64
        Pairs of the groups a and b: ``ends[a * G + b]`` to ``ends[a * G + b + 1]``.
    """
    n_rows, n_tiles = len(indptr) - 1, n_groups * n_groups
    ends = np.zeros(n_tiles + 1, np.int64)
    strip = np.uint32(_STRIP_BITS)
    bits = np.uint32(block_bits)
    block = (np.uint32(1) << bits) - np.uint32(1)
    for i in range(n_rows):
        group = _group_of(i, n_groups)
        for p in range(indptr[i], indptr[i + 1]):
            j = np.int64(tiles[p])
            a, b = group, _group_of(j, n_groups)
            x, y = np.uint32(i // n_groups), np.uint32(j // n_groups)
            if mirrored and a > b:
                a, b, x, y = b, a, y, x
            low, high = x & block, x >> bits
            key = (high << (np.uint32(16) - bits)) | (y >> bits)
            key = (key << (bits - strip)) | (low >> strip)
            key = (key << bits) | (y & block)
            key = (key << strip) | (low & np.uint32(7))
            count = np.float32(records[p] / scale).view(np.uint32)
            records[p] = np.int64((np.uint64(key) << np.uint64(32)) | np.uint64(count))
            tiles[p] = a * n_groups + b
            ends[tiles[p] + 1] += 1
    for tile in range(n_tiles):
        ends[tile + 1] += ends[tile]
    # Each pair is put where it belongs, and what was there is next.
    free = ends[:-1].copy()
    for tile in range(n_tiles):
        while free[tile] < ends[tile + 1]:
            record, to = records[free[tile]], np.int64(tiles[free[tile]])
            while to != tile:
                at = free[to]
                free[to] += 1
                records[at], record = record, records[at]
                tiles[at], to = to, np.int64(tiles[at])
            records[free[tile]] = record
            tiles[free[tile]] = tile
            free[tile] += 1
    return ends


def unpack_records(records, block_bits):
    """Return what records of `deal_pairs` hold.

    Returns
    -------
    places : ndarray of shape (P, 2), uint16
        The place of each word in its group.
    counts : ndarray of shape (P,), float32
    """
    counts = (records & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
    keys = (records >> 32).astype(np.uint32)
    bits, strip = block_bits, _STRIP_BITS
    low = (keys & 7) | (keys >> (bits + strip) & ((1 << (bits - strip)) - 1)) << strip
    places = np.empty((len(keys), 2), np.uint16)
    places[:, 0] = (keys >> (16 + bits)) << bits | low
    second = keys >> (2 * bits) & ((1 << (16 - bits)) - 1)
    places[:, 1] = second << bits | (keys >> strip & ((1 << bits) - 1))
    return places, counts


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=set(FASTMATH))
def _dot(state, a, b, width):
    """Return the product of a word and a context, biases included."""
    total = np.float32(0)
    for d in range(width):
        total += state[a + np.uint64(d)] * state[b + np.uint64(d)]
    return total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def train_pairs(
    state,
    width,
    places,
    terms,
    start,
    groups,
    n_groups,
    mirrored,
    rate,
    clip,
):
    """Visit the pairs of two groups once each; return their loss and number.

    Parameters
    ----------
    state : ndarray of shape (V * 4 D,), float32
        Changed in place.
    width : int
        D.
    places : ndarray of shape (P, 2), uint16
        Places of the word in the first, of the context in the second group.
    terms : ndarray of shape (P, 2), float32
        log X and f(X) of equation 8.
    start : int
        The pair to begin with; after the last comes the first.
    groups : tuple of two int
        The two groups.
    n_groups : int
        G.
    mirrored : bool
        Whether a pair of two words stands for both (i, j) and (j, i).
    rate, clip : float32
        Learning rate; largest slope.

    References
    ----------
    Pennington, Socher and Manning (2014), equation 8.
    Gemulla, Haas, Nijkamp and Sismanis (2011), section 4.
    """
    width = (width >> 4) << 4  # tells LLVM that whole vectors follow
    size, pair = np.uint64(width), np.uint64(4 * width)
    n_pairs, n_terms, loss = len(terms), 0, 0.0
    clip *= rate  # since it meets slopes times the rate
    for step in range(n_pairs):
        p = step + start
        if p >= n_pairs:
            p -= n_pairs
        i = _row_of(places[p, 0], groups[0], n_groups) * pair
        j = _row_of(places[p, 1], groups[1], n_groups) * pair
        if p + _AHEAD < n_pairs:
            # The row in the second group changes with nearly every pair.
            next_row = _row_of(places[p + _AHEAD, 1], groups[1], n_groups) * pair
            for d in range(0, 4 * width, LANES):
                prefetch(state, next_row + np.uint64(d))
        for turn in range(2 if mirrored and i != j else 1):
            a, b = (j, i) if turn else (i, j)
            b += size + size
            error = _dot(state, a, b, width) - terms[p, 0]
            pull = terms[p, 1] * error
            loss += 0.5 * np.float64(pull) * np.float64(error)
            n_terms += 1
            pull *= rate
            for d in range(0, width, LANES):
                at = np.uint64(d)
                adagrad_step(state, a + at, b + at, size, pull, clip)
    return loss, n_terms


@numba.njit(cache=True, nogil=True, error_model="numpy")
def measure_pairs(state, width, places, terms, groups, n_groups, mirrored):
    """Return the loss and the number of pairs of two groups; change nothing.

    Parameters are those of `train_pairs`.
    """
    width = (width >> 4) << 4
    pair, half = np.uint64(4 * width), np.uint64(2 * width)
    n_terms, loss = 0, 0.0
    for p in range(len(terms)):
        i = _row_of(places[p, 0], groups[0], n_groups) * pair
        j = _row_of(places[p, 1], groups[1], n_groups) * pair
        for turn in range(2 if mirrored and i != j else 1):
            a, b = (j, i) if turn else (i, j)
            error = np.float64(_dot(state, a, b + half, width) - terms[p, 0])
            loss += 0.5 * np.float64(terms[p, 1]) * error * error
            n_terms += 1
    return loss, n_terms


@numba.njit(cache=True, nogil=True, error_model="numpy")
def pull_towards(state, rows, goals, strength, rate):
    """Pull sums of word and context vector towards given vectors; return the loss.

    One AdaGrad step per word down ``strength * |w + c - r|**2``, with the slope
    taken where the step ends: that point is known in closed form, and however
    great the strength, it never lies beyond the goal.

    Parameters
    ----------
    state : ndarray of shape (V, 4, D), float32
        Changed in place.
    rows : ndarray of shape (n_rows,), int32
        Words that have a goal.
    goals : ndarray of shape (n_rows, vector_size), float32
        r.
    strength, rate : float32
        Weight of the penalty; learning rate.

    References
    ----------
    Dingwall and Potts (2018), equation 4.
    """
    loss = 0.0
    two = np.float32(2)
    for n in range(len(rows)):
        i = rows[n]
        for d in range(goals.shape[1]):
            word_rate = rate / math.sqrt(state[i, 1, d])
            context_rate = rate / math.sqrt(state[i, 3, d])
            gap = state[i, 0, d] + state[i, 2, d] - goals[n, d]
            loss += np.float64(strength) * np.float64(gap) * np.float64(gap)
            stiffness = np.float32(1) + two * strength * (word_rate + context_rate)
            slope = two * strength * (gap / stiffness)
            state[i, 0, d] -= word_rate * slope
            state[i, 2, d] -= context_rate * slope
            square = (rate * slope) * (rate * slope)
            state[i, 1, d] += square
            state[i, 3, d] += square
    return loss
