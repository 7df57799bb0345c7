"""Train GloVe on tiles of pairs: those of two groups of words.

Sizes: V words, D padded width, P pairs of a tile; `partition_pairs` says which pairs
make a tile.  A tile touches no row of another group: tiles that have no group in common
may be trained at the same time, with one result.

A row of the state holds, side by side, the word vector, the sums of its squared
gradients, the context vector and the sums of its own, each of width D:

    word (D) | squares (D) | context (D) | squares (D)

The biases are two more columns of the vectors: (w, b, 1) · (c, 1, b̃) = w·c + b + b̃.
The columns of ones stay so because the sums behind them are as good as infinite.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, errors
from numba.extending import intrinsic

from sklearn_embed._core.arrays import LANES, aligned_zeros, padded_width
from sklearn_embed._core.compile import inlined, kernel, spliced
from sklearn_embed._core.numeric import prefetch
from sklearn_embed._core.simd import FLAGS, WIDTH, add, add_product, fill, load, total

#: What AdaGrad's sums start with; 1, as in the original.
FIRST_SQUARE = 1.0

#: Makes every step of a column of ones vanish in float32.
FROZEN_SQUARE = 1e30

#: Pairs that lie between asking for a row and using it.
_AHEAD = 3


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


class PairTile(NamedTuple):
    """The pairs of two groups of words; both arrays read-only."""

    local_rows: np.ndarray  # (P, 2) uint16: of the word and of the context
    terms: np.ndarray  # (P, 2) float32: log X and f(X) of equation 8
    groups: tuple[int, int]  # of the words and of the contexts


# Square root and reciprocal may be estimates with one Newton step.
_STEP_FLAGS = (*FLAGS, "arcp", "afn")
_STEP_VECTOR = ir.VectorType(ir.FloatType(), LANES)


@intrinsic
def adagrad_step(typing_context, state, a, b, width, gradient, clip):
    """Move 16 numbers of a word and of a context, with their sums of squares.

    ``state[a:]`` and ``state[b:]`` move along each other, times ``gradient``; products
    are clipped to ±``clip``, unless that is None; the sums of squares lie ``width``
    further on.  Written as vectors, since LLVM cannot see that the four pieces do not
    overlap.
    """
    if state.dtype != types.float32 or gradient != types.float32:
        raise errors.TypingError("adagrad_step takes float32")
    signature = types.void(state, a, b, width, gradient, clip)

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        word, opposite = args[1:3]
        starts = [word, opposite, *(builder.add(at, args[3]) for at in args[1:3])]
        pointers = [
            builder.bitcast(builder.gep(data, [at]), _STEP_VECTOR.as_pointer())
            for at in starts
        ]
        word, opposite, *squares = (builder.load(p, align=4) for p in pointers)
        factor = _splat(builder, args[4])
        limit = None if clip == types.none else _splat(builder, args[5])
        moves = [
            _moved(builder, pair, square, factor, limit)
            for pair, square in zip(
                [(word, opposite), (opposite, word)], squares, strict=True
            )
        ]
        for (x, squared), at, at_square in zip(
            moves, pointers[:2], pointers[2:], strict=True
        ):
            builder.store(x, at, align=4)
            builder.store(squared, at_square, align=4)
        return context.get_dummy_value()

    return signature, codegen


def _splat(builder, number):
    """Return a vector of one number."""
    i32 = ir.IntType(32)
    empty = ir.Constant(_STEP_VECTOR, ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(i32, 0))
    mask = ir.Constant(ir.VectorType(i32, LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, mask)


def _moved(builder, pair, squared, factor, limit):
    """Return x after one step of AdaGrad along its partner, and its sum of squares."""
    x, partner = pair
    gradient = builder.fmul(factor, partner, flags=_STEP_FLAGS)
    if limit is not None:
        # In this order a NaN stays what it is.
        low, above = builder.fneg(limit), builder.fcmp_ordered(">", gradient, limit)
        gradient = builder.select(above, limit, gradient)
        below = builder.fcmp_ordered("<", gradient, low)
        gradient = builder.select(below, low, gradient)
    kind = ir.FunctionType(_STEP_VECTOR, [_STEP_VECTOR])
    name = f"llvm.sqrt.v{LANES}f32"
    root = cgutils.get_or_insert_function(builder.module, kind, name)
    norm = builder.call(root, [squared], fastmath=_STEP_FLAGS)
    step = builder.fdiv(gradient, norm, flags=_STEP_FLAGS)
    square = builder.fmul(gradient, gradient, flags=_STEP_FLAGS)
    return (
        builder.fsub(x, step, flags=_STEP_FLAGS),
        builder.fadd(square, squared, flags=_STEP_FLAGS),
    )


@spliced
def row_of(local_row, group, n_groups):
    """Return the word that a local row of a group stands for."""
    turn = np.uint64(local_row)
    forth, back = np.uint64(group), np.uint64(n_groups - 1 - group)
    return turn * np.uint64(n_groups) + (back if turn & np.uint64(1) else forth)


@inlined(fastmath=())
def products_of(state, a, b, width):
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
def train_pairs(state, width, tile, start, partition, rate, clip):
    """Visit the pairs of a tile once each; return their loss and number.

    Parameters
    ----------
    state : ndarray of shape (V * 4 D,), float32
        Changed in place.
    width : int
        D.
    tile : PairTile
    start : int
        The pair to begin with; after the last comes the first.
    partition : Partition
    rate, clip : float32
        Learning rate; largest gradient.

    References
    ----------
    Pennington, Socher and Manning (2014), equation 8.
    Gemulla, Haas, Nijkamp and Sismanis (2011), section 4.
    """
    width = (width >> 4) << 4  # tells LLVM that whole vectors follow
    size, pair = np.uint64(width), np.uint64(4 * width)
    local_rows, terms, (group, context_group) = tile
    (n_groups, mirrored), n_pairs, n_terms, loss = partition, len(terms), 0, 0.0
    clip *= rate  # since it meets gradients times the rate
    # Rounding and what is too small for float32 cannot make up for these margins.
    most, tiny = 0.99 * np.float64(clip) * np.float64(clip), 1e-30
    for step in range(n_pairs):
        p = step + start
        if p >= n_pairs:
            p -= n_pairs
        i = row_of(local_rows[p, 0], group, n_groups) * pair
        j = row_of(local_rows[p, 1], context_group, n_groups) * pair
        if p + _AHEAD < n_pairs:
            # The row in the second group changes with nearly every pair.
            next_row = row_of(local_rows[p + _AHEAD, 1], context_group, n_groups) * pair
            for d in range(0, 4 * width, LANES):
                prefetch(state, next_row + np.uint64(d))
        for turn in range(2 if mirrored and i != j else 1):
            a, b = (j, i) if turn else (i, j)
            b += size + size
            residual, squares = products_of(state, a, b, width)
            residual -= terms[p, 0]
            gradient = terms[p, 1] * residual
            loss += 0.5 * np.float64(gradient) * np.float64(residual)
            n_terms += 1
            gradient *= rate
            squared = np.float64(gradient) * np.float64(gradient)
            if squared * (np.float64(squares) + tiny) <= most:
                for d in range(0, width, LANES):
                    at = np.uint64(d)
                    adagrad_step(state, a + at, b + at, size, gradient, None)
            else:  # a NaN gets here, too
                for d in range(0, width, LANES):
                    at = np.uint64(d)
                    adagrad_step(state, a + at, b + at, size, gradient, clip)
    return loss, n_terms


@kernel
def measure_pairs(state, width, tile, partition):
    """Return the loss and the number of pairs of a tile; change nothing.

    Parameters are those of `train_pairs`.
    """
    width = (width >> 4) << 4
    pair, half = np.uint64(4 * width), np.uint64(2 * width)
    local_rows, terms, (group, context_group) = tile
    (n_groups, mirrored), n_terms, loss = partition, 0, 0.0
    for p in range(len(terms)):
        i = row_of(local_rows[p, 0], group, n_groups) * pair
        j = row_of(local_rows[p, 1], context_group, n_groups) * pair
        for turn in range(2 if mirrored and i != j else 1):
            a, b = (j, i) if turn else (i, j)
            product, _ = products_of(state, a, b + half, width)
            residual = np.float64(product - terms[p, 0])
            loss += 0.5 * np.float64(terms[p, 1]) * residual * residual
            n_terms += 1
    return loss, n_terms


@kernel
def step_towards(state, rows, goals, strength, rate):
    """Move sums of word and context vector towards given vectors; return the loss.

    One AdaGrad step per word down ``strength * |w + c - r|**2``, with the gradient
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
            residual = state[i, 0, d] + state[i, 2, d] - goals[n, d]
            loss += np.float64(strength) * np.float64(residual) * np.float64(residual)
            stiffness = np.float32(1) + two * strength * (word_rate + context_rate)
            gradient = two * strength * (residual / stiffness)
            state[i, 0, d] -= word_rate * gradient
            state[i, 2, d] -= context_rate * gradient
            square = (rate * gradient) * (rate * gradient)
            state[i, 1, d] += square
            state[i, 3, d] += square
    return loss
