"""Recurrent cells over packed sequences, forwards and backwards in time.

Packed: sequences in the order of falling length.  Step t holds the first ``sizes[t]``
of them, in rows ``offsets[t]`` to ``offsets[t + 1]`` of every array, so that nothing is
computed for what is not there.

Sizes: N rows, B sequences, H hidden units, K = 1, 3 or 4 blocks of numbers for the
gates of a cell (see `GATES`; blocks in the order of torch.nn, r z n and i f g o).
States have N + B + 1 rows: those after each row, then those before the first step of
each sequence, then zeros.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.compile import CONTRACTED, inlined, inner, kernel
from sklearn_embed._core.tiles import add_product, load_part, store_part

RNN_TANH, RNN_RELU, GRU, LSTM = range(4)

#: Blocks of numbers that each cell computes at a step.
GATES = (1, 1, 3, 4)

WIDTH = simd.WIDTH


class Steps(NamedTuple):
    """Which rows belong together."""

    sizes: np.ndarray  # (T,) int64: sequences at each step
    offsets: np.ndarray  # (T + 1,) int64: where the rows of each step begin
    # (N,) int64: the row of the state before each row: one of the N, N + b for the
    # first one of sequence b, N + B for zeros.
    before: np.ndarray


class Record(NamedTuple):
    """What a layer computes, and computes its gradient from."""

    gates: np.ndarray  # (N, K * H): what comes from the inputs; then the gates
    parts: np.ndarray  # (N, K * H) of a GRU: what comes from the states; else empty
    states: np.ndarray  # (N + B + 1, H)
    previous: np.ndarray  # (N, H): the state before each row
    cells: np.ndarray  # (N + B + 1, H) of an LSTM; else empty
    squashed: np.ndarray  # (N, H) of an LSTM: tanh of the cells; else empty


class Slopes(NamedTuple):
    """Scratch of `run_back`."""

    states: np.ndarray  # (B, H): one step's part that comes from the gates
    cells: np.ndarray  # (B, H): of the cells of an LSTM, step by step; zeros at first


@inlined(fastmath=CONTRACTED)
def sigmoid(x):
    """Return 1 / (1 + exp(-x)), to 3e-7; NaN stays NaN."""
    limit = simd.fill(np.float32(80))
    x = simd.greatest(simd.fill(np.float32(-80)), simd.least(limit, x))
    _, down = simd.exp(x)
    one = simd.fill(np.float32(1))
    return simd.divide(one, simd.add(one, down))


@inlined(fastmath=CONTRACTED)
def tanh(x):
    """Return the hyperbolic tangent, to 3e-7; NaN stays NaN."""
    limit = simd.fill(np.float32(20))
    x = simd.greatest(simd.fill(np.float32(-20)), simd.least(limit, x))
    up, down = simd.exp(x)
    return simd.divide(simd.subtract(up, down), simd.add(up, down))


@inner
def _lstm_row(record, row, before):
    """Turn sums into gates, and them into cell and state."""
    gates, _, states, _, cells, squashed = record
    size = squashed.shape[1]
    first, last, at = before * size, row * size, 4 * row * size
    for j in range(0, size, WIDTH):
        n = size - j
        i = sigmoid(load_part(gates, at + j, n))
        f = sigmoid(load_part(gates, at + size + j, n))
        g = tanh(load_part(gates, at + 2 * size + j, n))
        o = sigmoid(load_part(gates, at + 3 * size + j, n))
        cell = simd.multiply(i, g)
        cell = simd.add_product(cell, f, load_part(cells, first + j, n))
        bent = tanh(cell)
        store_part(gates, at + j, i, n)
        store_part(gates, at + size + j, f, n)
        store_part(gates, at + 2 * size + j, g, n)
        store_part(gates, at + 3 * size + j, o, n)
        store_part(cells, last + j, cell, n)
        store_part(squashed, last + j, bent, n)
        store_part(states, last + j, simd.multiply(o, bent), n)


@inner
def _gru_row(record, row):
    """Turn sums into gates, and them into the state."""
    gates, parts, states, previous, _, _ = record
    size = previous.shape[1]
    last, at = row * size, 3 * row * size
    one = simd.fill(np.float32(1))
    for j in range(0, size, WIDTH):
        n, k = size - j, at + j
        r = simd.add(load_part(gates, k, n), load_part(parts, k, n))
        r, k = sigmoid(r), k + size
        z = simd.add(load_part(gates, k, n), load_part(parts, k, n))
        z, k = sigmoid(z), k + size
        new = load_part(gates, k, n)
        new = tanh(simd.add_product(new, r, load_part(parts, k, n)))
        state = simd.multiply(simd.subtract(one, z), new)
        state = simd.add_product(state, z, load_part(previous, last + j, n))
        store_part(gates, at + j, r, n)
        store_part(gates, at + size + j, z, n)
        store_part(gates, k, new, n)
        store_part(states, last + j, state, n)


@inner
def _rnn_row(cell, record, row):
    """Turn sums into the state."""
    gates, states = record.gates, record.states
    size = states.shape[1]
    zero = simd.fill(np.float32(0))
    for j in range(0, size, WIDTH):
        at, n = row * size + j, size - j
        total = load_part(gates, at, n)
        if cell == RNN_TANH:
            store_part(states, at, tanh(total), n)
        else:
            store_part(states, at, simd.greatest(zero, total), n)


@inner
def _set_rows(matrix, first, stop, values):
    """Write the same numbers into some rows."""
    for row in range(first, stop):
        for j in range(matrix.shape[1]):
            matrix[row, j] = values[j]


@kernel(allocates=False)
def run_layer(cell, steps, backwards, panels, bias, record):
    """Compute the states of one layer in one direction.

    Parameters
    ----------
    cell : int
        `RNN_TANH`, `RNN_RELU`, `GRU` or `LSTM`.
    steps : Steps
        Which rows belong together.
    backwards : bool
        Whether the last step comes first.
    panels : ndarray
        Weights of the states, (H, K * H), as `pack` gives them.
    bias : ndarray of shape (K * H,), float32
        What is added to the states' part of a GRU.
    record : Record
        With the inputs' part in ``gates``, and states before the first steps.
        Changed in place.
    """
    gates, parts, states, previous, _, _ = record
    n_steps, size = len(steps.sizes), states.shape[1]
    for number in range(n_steps):
        step = n_steps - 1 - number if backwards else number
        first, n = steps.offsets[step], steps.sizes[step]
        for row in range(first, first + n):
            before = steps.before[row]
            for j in range(size):
                previous[row, j] = states[before, j]
        at = first * size
        if cell == GRU:
            _set_rows(parts, first, first + n, bias)
            add_product(previous, at, n, panels, parts, 3 * at, 3 * size)
            for row in range(first, first + n):
                _gru_row(record, row)
        else:
            width = gates.shape[1]
            add_product(previous, at, n, panels, gates, first * width, width)
            for row in range(first, first + n):
                if cell == LSTM:
                    _lstm_row(record, row, steps.before[row])
                else:
                    _rnn_row(cell, record, row)


@inner
def _lstm_slopes(record, row, before, slopes, changes, lane):
    """Turn gates into slopes of sums, and the slope of a cell into that before."""
    gates, _, _, _, cells, squashed = record
    size = squashed.shape[1]
    first, last, at, own = before * size, row * size, 4 * row * size, lane * size
    one = simd.fill(np.float32(1))
    for j in range(0, size, WIDTH):
        n = size - j
        i, f = load_part(gates, at + j, n), load_part(gates, at + size + j, n)
        g = load_part(gates, at + 2 * size + j, n)
        o = load_part(gates, at + 3 * size + j, n)
        bent, slope = load_part(squashed, last + j, n), load_part(slopes, last + j, n)
        to_cell = simd.multiply(slope, o)
        curve = simd.subtract(one, simd.multiply(bent, bent))
        total = load_part(changes, own + j, n)
        total = simd.add_product(total, to_cell, curve)
        through = simd.multiply(simd.multiply(slope, bent), o)
        through = simd.multiply(through, simd.subtract(one, o))
        store_part(gates, at + 3 * size + j, through, n)
        through = simd.multiply(simd.multiply(total, g), i)
        through = simd.multiply(through, simd.subtract(one, i))
        store_part(gates, at + j, through, n)
        through = simd.multiply(total, load_part(cells, first + j, n))
        through = simd.multiply(simd.multiply(through, f), simd.subtract(one, f))
        store_part(gates, at + size + j, through, n)
        curve = simd.subtract(one, simd.multiply(g, g))
        store_part(
            gates, at + 2 * size + j, simd.multiply(simd.multiply(total, i), curve), n
        )
        store_part(changes, own + j, simd.multiply(total, f), n)


@inner
def _gru_slopes(record, row, slopes, changes, lane):
    """Turn gates into slopes of sums; `changes` gets the slope past the gates."""
    gates, parts, _, previous, _, _ = record
    size = previous.shape[1]
    last, at, own = row * size, 3 * row * size, lane * size
    one = simd.fill(np.float32(1))
    for j in range(0, size, WIDTH):
        n, k = size - j, at + j
        r, z = load_part(gates, k, n), load_part(gates, k + size, n)
        new, slope = load_part(gates, k + 2 * size, n), load_part(slopes, last + j, n)
        curve = simd.subtract(one, simd.multiply(new, new))
        to_new = simd.multiply(slope, simd.subtract(one, z))
        to_new = simd.multiply(to_new, curve)
        to_r = simd.multiply(to_new, load_part(parts, k + 2 * size, n))
        to_r = simd.multiply(simd.multiply(to_r, r), simd.subtract(one, r))
        to_z = simd.subtract(load_part(previous, last + j, n), new)
        to_z = simd.multiply(simd.multiply(slope, to_z), z)
        to_z = simd.multiply(to_z, simd.subtract(one, z))
        store_part(gates, k, to_r, n)
        store_part(parts, k, to_r, n)
        store_part(gates, k + size, to_z, n)
        store_part(parts, k + size, to_z, n)
        store_part(gates, k + 2 * size, to_new, n)
        store_part(parts, k + 2 * size, simd.multiply(to_new, r), n)
        store_part(changes, own + j, simd.multiply(slope, z), n)


@inner
def _rnn_slopes(cell, record, row, slopes):
    """Turn states into slopes of sums."""
    gates, states = record.gates, record.states
    for j in range(states.shape[1]):
        state, slope = states[row, j], slopes[row, j]
        if cell == RNN_TANH:
            gates[row, j] = slope * (np.float32(1) - state * state)
        else:
            gates[row, j] = slope if state > np.float32(0) else np.float32(0)


@kernel(allocates=False)
def run_back(cell, steps, backwards, panels, record, slopes, scratch):
    """Turn slopes of a layer's states into slopes of its sums.

    Parameters
    ----------
    cell, steps, backwards
        As of `run_layer`.
    panels : ndarray
        Weights of the states, (K * H, H), as `pack` gives them.
    record : Record
        As `run_layer` left it.  ``gates`` becomes the slopes of the inputs' part, and
        ``parts``, of a GRU, those of the states' part.  Changed in place.
    slopes : ndarray of shape (N + B + 1, H), float32
        Those of the states as outputs; the last rows are zeros.  Changed in place.
    scratch : Slopes
        Changed in place.
    """
    gates, parts, _, _, _, _ = record
    through, changes = scratch
    n_steps, n_rows, size = len(steps.sizes), len(steps.before), slopes.shape[1]
    width = gates.shape[1]
    for number in range(n_steps):
        step = number if backwards else n_steps - 1 - number
        first, n = steps.offsets[step], steps.sizes[step]
        for lane in range(n):
            row = first + lane
            if cell == LSTM:
                _lstm_slopes(record, row, steps.before[row], slopes, changes, lane)
            elif cell == GRU:
                _gru_slopes(record, row, slopes, changes, lane)
            else:
                _rnn_slopes(cell, record, row, slopes)
            for j in range(size):
                through[lane, j] = changes[lane, j] if cell == GRU else np.float32(0)
        sums = parts if cell == GRU else gates
        add_product(sums, first * width, n, panels, through, 0, size)
        for lane in range(n):
            before = steps.before[first + lane]
            for j in range(size):
                slopes[before, j] += through[lane, j]
            if cell == LSTM and before >= n_rows:  # another text was there before
                for j in range(size):
                    changes[lane, j] = np.float32(0)


@kernel(allocates=False)
def pool_most(states, lanes, pooled, chosen):
    """Take the greatest number of each unit over the rows of each sequence.

    Parameters
    ----------
    states : ndarray of shape (n, H), float32
        n >= N.
    lanes : ndarray of shape (N,), int64
        Sequence of each row; the first row of each is its own number.
    pooled : ndarray of shape (B, H), float32
        Overwritten.
    chosen : ndarray of shape (B, H), int64
        The rows of the greatest.  Overwritten.
    """
    for row in range(len(lanes)):
        lane = lanes[row]
        for j in range(pooled.shape[1]):
            if row == lane or states[row, j] > pooled[lane, j]:
                pooled[lane, j], chosen[lane, j] = states[row, j], row


@kernel(allocates=False)
def spread_most(slopes, chosen, out):
    """Add the slopes of `pool_most` to those of the rows that it chose."""
    for lane in range(chosen.shape[0]):
        for j in range(chosen.shape[1]):
            out[chosen[lane, j], j] += slopes[lane, j]


@kernel(allocates=False)
def pool_sum(states, lanes, pooled):
    """Add up the rows of each sequence.

    Parameters
    ----------
    states, lanes, pooled
        As of `pool_most`.
    """
    for row in range(len(lanes)):
        lane = lanes[row]
        for j in range(pooled.shape[1]):
            if row == lane:
                pooled[lane, j] = states[row, j]
            else:
                pooled[lane, j] += states[row, j]
