"""Train GloVe on pairs that were dealt out so that threads never meet.

Sizes: V words, D padded width, P pairs, G groups, a power of two; `deal_pairs` says
who is where.  Pairs of the groups a and b touch no row of another group: what has no
group in common may be trained at the same time, with one result.

A row of the state holds, side by side, the word vector, the sums of its squared
gradients, the context vector and the sums of its own, each of width D:

    word (D) | squares (D) | context (D) | squares (D)

The biases are two more columns of the vectors: (w, b, 1) · (c, 1, b̃) = w·c + b + b̃.
The columns of ones stay so because the sums behind them are as good as infinite.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, errors
from numba.extending import intrinsic

from sklearn_embed._core.arrays import LANES, aligned_zeros, padded_width
from sklearn_embed._core.compile import inlined, kernel, spliced
from sklearn_embed._core.numeric import prefetch
from sklearn_embed._core.simd import WIDTH, add, add_product, fill, load, total

#: What AdaGrad's sums start with; 1, as in the original.
FIRST_SQUARE = 1.0

#: Makes every step of a column of ones vanish in float32.
FROZEN_SQUARE = 1e30

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
    are clipped to ±``clip``, unless that is None; the sums of squares lie ``width``
    further on.  Written as vectors, since LLVM cannot see that the four pieces do not
    overlap.
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

        def read(pointer):
            value = builder.load(pointer)
            value.align = 4
            return value

        def write(value, pointer):
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
        word, opposite, word_sum, opposite_sum = (read(p) for p in pointers)
        factor = splat(factor)
        if clip != types.none:
            high = splat(limit)
            low = builder.fneg(high)
        moves = []
        for x, partner, squared in (
            (word, opposite, word_sum),
            (opposite, word, opposite_sum),
        ):
            slope = times(factor, partner)
            if clip != types.none:
                slope = clipped(slope, low, high)
            norm = builder.call(root, [squared], fastmath=flags)
            shift = builder.fdiv(slope, norm, flags=flags)
            squared = builder.fadd(times(slope, slope), squared, flags=flags)
            moves.append((builder.fsub(x, shift, flags=flags), squared))
        for index, (x, squared) in enumerate(moves):
            write(x, pointers[index])
            write(squared, pointers[2 + index])
        return context.get_dummy_value()

    return signature, codegen


@spliced
def _row_of(place, group, n_groups):
    """Return the word in a place of a group."""
    turn = np.uint64(place)
    forth, back = np.uint64(group), np.uint64(n_groups - 1 - group)
    return turn * np.uint64(n_groups) + (back if turn & np.uint64(1) else forth)


@inlined(fastmath=())
def _products(state, a, b, width):
    """Return the product of a word and a context, and the sum of their squares."""
    products = fill(np.float32(0))
    squares, others = fill(np.float32(0)), fill(np.float32(0))
    for d in range(0, width, WIDTH):
        word = load(state, np.int64(a) + d)
        context = load(state, np.int64(b) + d)
        products = add_product(products, word, context)
        squares = add_product(squares, word, word)
        others = add_product(others, context, context)
    return total(products), total(add(squares, others))


@kernel
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
    # Rounding and what is too small for float32 cannot make up for these margins.
    room, tiny = 0.99 * np.float64(clip) * np.float64(clip), 1e-30
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
            error, squares = _products(state, a, b, width)
            error -= terms[p, 0]
            pull = terms[p, 1] * error
            loss += 0.5 * np.float64(pull) * np.float64(error)
            n_terms += 1
            pull *= rate
            force = np.float64(pull) * np.float64(pull)
            if force * (np.float64(squares) + tiny) <= room:
                for d in range(0, width, LANES):
                    at = np.uint64(d)
                    adagrad_step(state, a + at, b + at, size, pull, None)
            else:  # a NaN gets here, too
                for d in range(0, width, LANES):
                    at = np.uint64(d)
                    adagrad_step(state, a + at, b + at, size, pull, clip)
    return loss, n_terms


@kernel
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
            product, _ = _products(state, a, b + half, width)
            error = np.float64(product - terms[p, 0])
            loss += 0.5 * np.float64(terms[p, 1]) * error * error
            n_terms += 1
    return loss, n_terms


@kernel
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
