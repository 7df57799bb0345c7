"""Steps against slopes, clipped by their common norm; all on any number of threads."""

# SPDX-License-Identifier: BSD-3-Clause

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._models.kernels.optimizer import (
    ADAGRAD,
    ADAM,
    SGD,
    Descent,
    descend,
    descend_rows,
    sum_rows,
    sum_slopes,
)

#: Numbers of one task.
PIECE = 1 << 18

#: Steps in which the learning rate rises, at most, and their share of all.
WARM_UP, WARM_UP_SHARE = 100, 0.1

#: Decays of Adam's means, and what is added to roots of squares.
ADAM_FIRST, ADAM_SECOND, ADAM_FLOOR, ADAGRAD_FLOOR = 0.9, 0.999, 1e-8, 1e-10


class Dense(NamedTuple):
    """Parameters each of which has a slope in every step."""

    values: np.ndarray  # (n,)
    slopes: np.ndarray  # (n_shards, n), to be added up
    first: np.ndarray  # what the optimiser keeps: (n,) or (0,)
    second: np.ndarray
    share: float = 1.0  # of the learning rate


class Sparse(NamedTuple):
    """Rows some of which have slopes."""

    values: np.ndarray  # (V, D)
    ids: np.ndarray  # (n,) int64: the row of each slope; one may come several times
    slopes: np.ndarray  # (n, D)
    first: np.ndarray  # (V, D) or (0, D)
    second: np.ndarray
    share: float = 1.0  # of the learning rate


def kept_by(optimizer, momentum):
    """Tell which of two numbers for each parameter an optimiser keeps."""
    return optimizer == "adam" or (optimizer == "sgd" and momentum > 0), (
        optimizer in ("adam", "adagrad")
    )


def rate_at(schedule, n_done, n_planned):
    """Return the learning rate of a step: it rises for a while, then falls linearly.

    Parameters
    ----------
    schedule : Schedule
        Its first and last value.
    n_done, n_planned : int
        Steps before this one, and in all.
    """
    begin, end = schedule.learning_rate, schedule.min_learning_rate
    if begin == end:
        return begin
    share = min(n_done / n_planned, 1.0)
    rising = min(WARM_UP, WARM_UP_SHARE * n_planned)
    rate = begin + (end - begin) * share
    return rate * min(1.0, (n_done + 1) / max(rising, 1.0))


def descent_of(settings, rate, n_steps, scale):
    """Return the Descent of a step, the `n_steps`-th one from 1 on."""
    if settings.optimizer == "adam":
        shares = 1 - ADAM_FIRST**n_steps, 1 - ADAM_SECOND**n_steps
        decays = ADAM_FIRST, ADAM_SECOND
        return Descent(ADAM, rate, scale, *decays, *shares, ADAM_FLOOR)
    if settings.optimizer == "adagrad":
        return Descent(ADAGRAD, rate, scale, 0.0, 0.0, 1.0, 1.0, ADAGRAD_FLOOR)
    momentum = float(settings.momentum)
    return Descent(SGD, rate, scale, momentum, 0.0, 1.0, 1.0, 0.0)


def update_phases(settings, dense, sparse, rate, n_steps):
    """Yield two phases: slopes are added up and measured, then parameters move.

    Parameters
    ----------
    settings : object
        With ``optimizer``, ``momentum`` and ``max_norm``.
    dense : list of Dense
        Parameters.  Changed in place.
    sparse : list of Sparse
        Rows of others.  Changed in place.
    rate : float
        Learning rate.
    n_steps : int
        Number of this step, from 1 on.

    Notes
    -----
    Where the norm of all slopes together is more than ``max_norm``, they are
    multiplied by ``max_norm / norm`` (Pascanu, Mikolov and Bengio 2013, algorithm 1).
    """
    pieces = [
        (one, first, min(first + PIECE, len(one.values)))
        for one in dense
        for first in range(0, len(one.values), PIECE)
    ]
    squares = np.zeros(len(pieces) + len(sparse))
    sums = [None] * len(sparse)

    def add_up(number):
        if number < len(pieces):
            one, first, last = pieces[number]
            squares[number] = sum_slopes(one.slopes, first, last)
        else:
            one = sparse[number - len(pieces)]
            ids, order, bounds = grouped(one.ids)
            total = np.empty((len(ids), one.values.shape[1]), np.float32)
            squares[number] = sum_rows(order, bounds, one.slopes, total)
            sums[number - len(pieces)] = ids, total
        return 0.0, 0

    yield [partial(add_up, number) for number in range(len(squares))]
    scale = clipping(math.sqrt(squares.sum()), settings.max_norm)

    def step_of(one):
        return descent_of(settings, float(rate) * one.share, n_steps, scale)

    def move(number):
        if number < len(pieces):
            one, first, last = pieces[number]
            part = slice(first, last)
            arrays = one.values, one.slopes[0], one.first, one.second
            descend(*(array[part] for array in arrays), step_of(one))
        else:
            one, (ids, total) = sparse[number - len(pieces)], sums[number - len(pieces)]
            kept = one.first, one.second
            descend_rows(one.values, ids, total, *kept, step_of(one))
        return 0.0, 0

    yield [partial(move, number) for number in range(len(squares))]


def quiet_phases(phases):
    """Yield phases whose tasks overflow without a warning: losses tell of it."""
    while True:
        with np.errstate(all="ignore"):
            tasks = next(phases, None)
        if tasks is None:
            return
        yield [partial(_quiet, task) for task in tasks]


def _quiet(task):
    with np.errstate(all="ignore"):
        return task()


def clipping(norm, max_norm):
    """Return what slopes of a norm are multiplied with; NaN stays NaN."""
    if max_norm is None or norm <= max_norm:
        return 1.0
    return float(max_norm / norm)


def grouped(ids):
    """Return distinct ids, the places of all in their order, and where each begins."""
    order = np.argsort(ids, kind="stable")
    in_order = ids[order]
    begins = np.ones(len(ids), bool)
    np.not_equal(in_order[1:], in_order[:-1], out=begins[1:])
    bounds = np.append(np.flatnonzero(begins), len(ids))
    return in_order[bounds[:-1]], order, bounds
