"""Steps of gradient descent, of all numbers or of some rows; and dropout.

An optimiser keeps for each number up to two others: Adam the means of slopes and of
their squares (Kingma and Ba 2015), AdaGrad the sum of squares (Duchi, Hazan and Singer
2011), descent with momentum the last change.  Rows that had no slope keep theirs: lazy
Adam, and lazy momentum.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inner, kernel
from sklearn_embed._core.numeric import hash64

SGD, ADAGRAD, ADAM = range(3)

#: Numbers added up in float32 before they go into a sum in float64.
RUN = 1024


class Descent(NamedTuple):
    """How far a step goes."""

    kind: int  # SGD, ADAGRAD or ADAM
    rate: float
    scale: float  # of all slopes: less than 1 where their norm is clipped
    first: float  # Adam: decay of the mean slope; SGD: momentum
    second: float  # Adam: decay of the mean square
    first_share: float  # Adam: how much of the mean slope has been seen by now
    second_share: float
    floor: float  # added to the root of squares


@inner
def _square_sum(flat, begin, end):
    total = 0.0
    for first in range(begin, end, RUN):
        part = np.float32(0)
        for i in range(first, min(first + RUN, end)):
            part += flat[i] * flat[i]
        total += np.float64(part)
    return total


@kernel(allocates=False)
def sum_slopes(slopes, begin, end):
    """Add up the slopes of several shards in the first one; return their square sum.

    Parameters
    ----------
    slopes : ndarray of shape (n_shards, n), float32
        Changed in place.
    begin, end : int
        Which numbers.
    """
    total = slopes[0]
    for shard in range(1, slopes.shape[0]):
        more = slopes[shard]
        for i in range(begin, end):
            total[i] += more[i]
    return _square_sum(total, begin, end)


@kernel(allocates=False)
def sum_rows(order, bounds, slopes, out):
    """Add up slopes that belong to the same row; return the square sum of the sums.

    Parameters
    ----------
    order : ndarray of shape (n,), int64
        Slopes in the order of the rows that they belong to.
    bounds : ndarray of shape (n_rows + 1,), int64
        Where those of each row begin.
    slopes : ndarray of shape (n, D), float32
        The slopes.
    out : ndarray of shape (n_rows, D), float32
        Overwritten.
    """
    total = 0.0
    for row in range(out.shape[0]):
        for d in range(out.shape[1]):
            out[row, d] = np.float32(0)
        for place in range(bounds[row], bounds[row + 1]):
            one = order[place]
            for d in range(out.shape[1]):
                out[row, d] += slopes[one, d]
        total += _square_sum(out[row], 0, out.shape[1])
    return total


@kernel(allocates=False)
def add_rows(matrix, rows, values):
    """Add values to some rows of a matrix."""
    for n in range(len(rows)):
        row = rows[n]
        for d in range(matrix.shape[1]):
            matrix[row, d] += values[n, d]


@kernel(allocates=False)
def take_rows(matrix, rows, out):
    """Copy some rows of a matrix."""
    for n in range(len(rows)):
        row = rows[n]
        for d in range(matrix.shape[1]):
            out[n, d] = matrix[row, d]


@kernel(allocates=False)
def sum_columns(matrix, out):
    """Write the sum of each column."""
    for d in range(matrix.shape[1]):
        out[d] = np.float32(0)
    for n in range(matrix.shape[0]):
        for d in range(matrix.shape[1]):
            out[d] += matrix[n, d]


@inner
def _descend(values, slopes, first, second, step):
    """Move some numbers."""
    scale, rate = np.float32(step.scale), np.float32(step.rate)
    floor, one = np.float32(step.floor), np.float32(1)
    if step.kind == ADAM:
        b1, b2 = np.float32(step.first), np.float32(step.second)
        rest1, rest2 = np.float32(1 - step.first), np.float32(1 - step.second)
        rate = np.float32(step.rate / step.first_share)
        whole = np.float32(1 / step.second_share)
        for i in range(len(values)):
            slope = slopes[i] * scale
            first[i] = b1 * first[i] + rest1 * slope
            second[i] = b2 * second[i] + rest2 * slope * slope
            values[i] -= rate * first[i] / (np.sqrt(second[i] * whole) + floor)
    elif step.kind == ADAGRAD:
        for i in range(len(values)):
            slope = slopes[i] * scale
            second[i] += slope * slope
            values[i] -= rate * slope / (np.sqrt(second[i]) + floor)
    elif step.first > 0:
        momentum = np.float32(step.first)
        for i in range(len(values)):
            first[i] = momentum * first[i] + slopes[i] * scale
            values[i] -= rate * first[i]
    else:
        for i in range(len(values)):
            values[i] -= rate * scale * slopes[i] * one


@kernel(allocates=False)
def descend(values, slopes, first, second, step):
    """Move parameters against their slopes.

    Parameters
    ----------
    values, slopes : ndarray of shape (n,), float32
        Parameters and slopes.  The first are changed in place.
    first, second : ndarray of shape (n,), or (0,) where there are none, float32
        What the optimiser keeps.  Changed in place.
    step : Descent
        How.
    """
    _descend(values, slopes, first, second, step)


@kernel(allocates=False)
def descend_rows(values, rows, slopes, first, second, step):
    """Move some rows of a matrix against their slopes.

    Parameters
    ----------
    values : ndarray of shape (V, D), float32
        Changed in place.
    rows : ndarray of shape (n,), int64
        Which, each once.
    slopes : ndarray of shape (n, D), float32
        Theirs.
    first, second : ndarray of shape (V, D), or (0, D) where there are none, float32
        What the optimiser keeps.  Changed in place.
    step : Descent
        How.
    """
    for n in range(len(rows)):
        row = rows[n]
        kept = row if len(first) > 0 else 0
        squares = row if len(second) > 0 else 0
        _descend(
            values[row],
            slopes[n],
            first[kept : kept + 1].reshape(-1),
            second[squares : squares + 1].reshape(-1),
            step,
        )


@kernel(allocates=False)
def drop(matrix, begin, seed, chance):
    """Set numbers to 0 by chance, and make the others as much larger.

    The same call multiplies slopes by the same factors.

    Parameters
    ----------
    matrix : ndarray of shape (n, D), float32
        Changed in place.
    begin : int
        Number of its first row among those that are dropped under one seed.
    seed : uint64
        What is drawn depends on it, on the row and on the column alone.
    chance : float
        Of 0; below 1.
    """
    limit = np.uint64(chance * 4294967296.0)
    factor = np.float32(1 / (1 - chance))
    half = (matrix.shape[1] + 1) // 2
    low = np.uint64(0xFFFFFFFF)
    for n in range(matrix.shape[0]):
        row, base = matrix[n], (begin + n) * half
        for k in range(half):
            bits = hash64(seed, base + k)
            d = 2 * k
            row[d] *= factor if (bits & low) >= limit else np.float32(0)
            if d + 1 < len(row):
                row[d + 1] *= (
                    factor if (bits >> np.uint64(32)) >= limit else np.float32(0)
                )
