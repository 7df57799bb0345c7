"""A block of output rows trained at a time, on one input vector or on two.

All rows of a block, and the input vectors, move from their old values.  A block may
have any number of rows: they are trained in groups of six, which fill the registers,
and the rest in groups of two, so that no number of rows is compiled in.

Sizes: V words, D columns (a multiple of 16), K rows of a block, R of its groups.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, aligned_zeros, padded_width
from sklearn_embed._core.compile import inlined

#: Tuples that say how many rows a group has.
SIX, TWO = (np.float32(0),) * 6, (np.float32(0),) * 2

#: Rows of a block, at most, and of a block of a code tree.
MOST_ROWS, NODES = 12, 6


class OutputBlock(NamedTuple):
    """Output rows that are trained together.

    The score of a row (its product with an input vector) has a lane: those of a
    group with the first input follow each other, then those with the second.
    """

    n_rows: int  # K
    width: int  # D
    offsets: np.ndarray  # (R,) int64: where the rows begin; the last ones pad a group
    lanes: np.ndarray  # (2 * R,) int64: of each row with one input, with the other
    signs: np.ndarray  # (L,) float32: 1 for a row to be predicted, -1 for another
    weights: np.ndarray  # (2 * L,) float32: how often a row counts; one input, then two
    scores: np.ndarray  # float32: products, then the steps that follow from them
    losses: np.ndarray  # (L,) float32: summed until they are taken
    uneven: np.ndarray  # (1,) bool: whether a row counts otherwise than once


class Step(NamedTuple):
    """How far to move."""

    rate: np.float32
    learn: bool  # or measure the loss alone


def block_size(n_rows):
    """Return how many rows are trained at a time: evenly, MOST_ROWS at most."""
    n_blocks = -(-n_rows // MOST_ROWS)
    return -(-n_rows // n_blocks)


def make_block(n_rows, width):
    """Return an OutputBlock of some rows, of which the first is to be predicted."""
    height = len(SIX) if n_rows in {len(SIX) - 1, len(SIX)} else len(TWO)
    rows = np.arange(-(-n_rows // height) * height)
    lanes = rows // height * (2 * height) + rows % height
    signs = aligned_zeros(padded_width(2 * len(rows)))
    signs[:] = -1
    signs[[0, height]] = 1
    return OutputBlock(
        n_rows,
        width,
        np.zeros(len(rows), np.int64),
        np.concatenate([lanes, lanes + height]),
        signs,
        aligned_zeros(2 * len(signs)),
        aligned_zeros(len(signs) + LANES),  # of a group, whole vectors are written
        aligned_zeros(len(signs)),
        np.ones(1, np.bool_),
    )


@inlined
def set_weight(block, o, weight):
    """Set how often row o of a block counts; changes it in place."""
    size, R = len(block.losses), len(block.offsets)
    one, other = block.lanes[o], block.lanes[R + o]
    block.weights[one] = weight
    block.weights[size + one] = block.weights[size + other] = weight


@inlined
def set_sign(block, o, sign):
    """Say whether row o of a block is to be predicted; changes it in place."""
    R = len(block.offsets)
    block.signs[block.lanes[o]] = block.signs[block.lanes[R + o]] = sign


@inlined
def take_losses(losses):
    """Return the sum of the losses and set them to zero."""
    total = 0.0
    for i in range(len(losses)):
        total += np.float64(losses[i])
        losses[i] = np.float32(0)
    return total


@inlined
def score_group(values, vectors, rows, block, first, like):
    """Write the products of the rows of a group and one or two input vectors."""
    totals = simd.zero_products(vectors, like)
    for d in range(0, (block.width >> 4) << 4, simd.WIDTH):
        c = simd.load_rows(rows, block.offsets, first, d, like)
        totals = simd.add_pairwise(totals, simd.load_each(values, vectors, d), c)
    simd.store_sums(block.scores, 2 * first, totals)


@inlined
def find_steps(block, n_inputs, rate):
    """Turn the scores of a block into steps, in place, and add to the losses.

    The step of a row with score z is rate * weight * sign * sigmoid(-sign * z), and
    its loss weight * log(1 + exp(-sign * z)).
    """
    scores, signs, losses = block.scores, block.signs, block.losses
    weights, start = block.weights, (n_inputs - 1) * len(block.losses)
    one, most = simd.fill(np.float32(1)), simd.fill(np.float32(87))
    step = simd.fill(rate)
    for i in range(0, len(losses), simd.WIDTH):
        sign, weight = simd.load(signs, i), simd.load(weights, start + i)
        z = simd.multiply(simd.load(scores, i), sign)  # > 0: predicted right
        z = simd.greatest(simd.subtract(simd.fill(np.float32(0)), most), z)
        up, down = simd.exp(simd.least(most, z))
        # sigmoid(-z), exact where it is small
        residual = simd.divide(one, simd.add(one, up))
        weight_step = simd.multiply(simd.multiply(sign, weight), step)
        simd.store(scores, i, simd.multiply(residual, weight_step))
        # log(1 + exp(-z)); the second term is -z where z < 0, else 0.
        loss = simd.subtract(
            simd.log1p(simd.least(up, down)),
            simd.least(z, simd.fill(np.float32(0))),
        )
        total = simd.add_product(simd.load(losses, i), loss, weight)
        simd.store(losses, i, total)


@inlined
def move_six(values, vectors, rows, block):
    """Move six rows of a block and one or two input vectors by the steps, in place."""
    factors = simd.fill_products(block.scores, 0, vectors, SIX)
    for d in range(0, (block.width >> 4) << 4, simd.WIDTH):
        a = simd.load_each(values, vectors, d)
        c = simd.load_rows(rows, block.offsets, 0, d, SIX)
        simd.store_each(values, vectors, d, simd.add_rows(a, factors, c))
        simd.store_rows(rows, block.offsets, 0, d, simd.add_inputs(c, factors, a))


@inlined
def move_any(values, vectors, rows, block):
    """Move all rows of a block, two at a time, as `move_six` does, in place.

    The steps are read again and again, since they do not fit the registers.
    """
    for d in range(0, (block.width >> 4) << 4, simd.WIDTH):
        a = total = simd.load_each(values, vectors, d)
        for first in range(0, len(block.offsets), len(TWO)):
            factors = simd.fill_products(block.scores, 2 * first, vectors, TWO)
            c = simd.load_rows(rows, block.offsets, first, d, TWO)
            total = simd.add_rows(total, factors, c)
            c = simd.add_inputs(c, factors, a)
            simd.store_rows(rows, block.offsets, first, d, c)
        simd.store_each(values, vectors, d, total)


@inlined
def train_block(values, vectors, n_inputs, rows, block, step):
    """Move the input vectors at some offsets and a block's rows along each other.

    All but ``n_inputs`` of them are zeros, which stay.  Changes the vectors and the
    rows in place.
    """
    R = len(block.offsets)
    if R == len(SIX):
        score_group(values, vectors, rows, block, 0, SIX)
    else:
        for first in range(0, R, len(TWO)):
            score_group(values, vectors, rows, block, first, TWO)
    find_steps(block, n_inputs, step.rate)
    if step.learn:
        if R == len(SIX):
            move_six(values, vectors, rows, block)
        else:
            move_any(values, vectors, rows, block)
