"""Train and apply text classifiers: average the rows of a document, update by a loss.

Sizes: R input rows, C output rows, D columns (a multiple of 16), m features of a
document.  What a feature is, and which row it has, `document_features` says.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, readonly
from sklearn_embed._core.compile import REORDERED, inlined, inner, kernel
from sklearn_embed._core.numeric import hash64, prefetch_l2
from sklearn_embed._models.kernels.classifier_loss import (
    Target,
    UpdateState,
    dot,
    update_all,
    update_judged,
)
from sklearn_embed._models.kernels.document_features import Features, find_features

#: Documents (a power of two) over which the learning rate stays the same.
STEADY = 16

#: Features of the next document that are fetched ahead, at most.
FETCHED = 2048


class Targets(NamedTuple):
    """The labels that documents are trained by; all arrays read-only."""

    offsets: np.ndarray  # (n + 1,) int64: where each document's labels begin
    labels: np.ndarray  # int32: classes
    weights: np.ndarray  # (n,) float32: how much each document counts
    unlabelled: bool  # whether a document without labels is trained (one_vs_all)


class ClassifierPass(NamedTuple):
    """One pass over the documents: their order, and how the learning rate falls."""

    order: np.ndarray  # (n,) int64, read-only: a permutation of the documents
    seed: np.uint64  # of this pass: another one for every epoch
    learn: bool  # train, or only measure the loss
    rate: float  # learning rate at the beginning of the whole training
    min_rate: float  # and at its end
    n_done: float  # documents trained before this pass
    n_planned: float  # documents of the whole training
    # (ceil(n / STEADY),) float32, read-only: the parameters are what the matrices hold
    # times this, which falls by the penalty.  All ones without a penalty.
    scales: np.ndarray
    held: np.float32  # 1: rows of negative weights learn; 0: they stay


class Matrices(NamedTuple):
    """Parameters, row after row: views of two matrices of D columns."""

    inputs: np.ndarray  # (R * D,) float32, read-only
    outputs: np.ndarray  # (C * D,) float32: rows of classes, or of a tree's nodes
    trained: np.ndarray  # the memory of `inputs`, to be changed


def flat_matrices(inputs, outputs, train):
    """Return `Matrices`, all of them read-only unless they are to be trained.

    What predicts and what trains read the inputs alike: that is compiled once.
    """
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    trained = inputs if train else readonly(inputs)
    return Matrices(readonly(inputs), outputs if train else readonly(outputs), trained)


def new_buffers(batch, outputs, loss=None):
    """Return scratch buffers of one call: of row numbers, and an `UpdateState`.

    Parameters
    ----------
    batch : DocumentBatch or WeightedBatch
    outputs : ndarray of shape (C, D)
    loss : JudgedRows or None
    """
    (n_outputs, width), n_judged = outputs.shape, 0
    if loss is not None:
        n_judged = max(n_outputs, loss.negative + 1)
    if batch.weights is None:
        # Two documents at a time; a feature without a row is written, and then written
        # over: one more.
        rows = np.empty(2 * (batch.longest + 1), np.int32)
    else:
        rows = batch.rows
    state = UpdateState(
        np.zeros(width, np.float32),
        np.zeros(width, np.float32),
        np.zeros(n_outputs, np.float32),
        np.zeros(n_judged, np.int64),
        np.zeros(n_judged, np.uint8),
    )
    return rows, state


@inlined
def row_start(rows, e, width):
    """Return where the row of feature e begins in a flat matrix."""
    return np.int64(rows[np.uint64(e)]) * width  # unsigned: nothing counts from the end


@inlined
def prefetch_rows(inputs, width, rows, first, last):
    """Request ``rows[first:last]`` of the inputs ahead of their use."""
    for f in range(first, last):
        row = row_start(rows, f, width)
        for d in range(0, width, LANES):
            prefetch_l2(inputs, row + d)


@inlined
def share_of(weight, scale, held):
    """Return how much a listed feature's row counts, as it stands in the matrix.

    Rows of negative weights stand there as they are, all others divided by the scale.
    `held` is 1, or 0 where the first kind does not count.
    """
    return weight if weight > 0 else -weight * scale * held


@inlined
def add_weighted(inputs, rows, weights, features, following, scale, hidden):
    """Add the weighted rows of a document, and request rows of the following one."""
    width, one = len(hidden), np.float32(1)
    ahead, stop = following.begin, following.begin + following.count
    for e in range(features.begin, features.begin + features.count - 1, 2):
        end = ahead + 1 if ahead < stop else stop
        prefetch_rows(inputs, width, rows, ahead, end)
        ahead = end
        p, q = row_start(rows, e, width), row_start(rows, e + 1, width)
        first = simd.fill(share_of(weights[np.uint64(e)], one / scale, one))
        second = simd.fill(share_of(weights[np.uint64(e + 1)], one / scale, one))
        for d in range(0, width, simd.WIDTH):
            total = simd.add_product(
                simd.load(hidden, d), simd.load(inputs, p + d), first
            )
            total = simd.add_product(total, simd.load(inputs, q + d), second)
            simd.store(hidden, d, total)
    if features.count & 1:
        e = features.begin + features.count - 1
        p = row_start(rows, e, width)
        first = simd.fill(share_of(weights[np.uint64(e)], one / scale, one))
        for d in range(0, width, simd.WIDTH):
            total = simd.add_product(
                simd.load(hidden, d), simd.load(inputs, p + d), first
            )
            simd.store(hidden, d, total)


@inlined
def add_rows(inputs, rows, features, following, hidden):
    """Write the mean of a document's rows, and request rows of the following one."""
    width = len(hidden)
    m, ahead, stop = features.count, following.begin, following.begin + following.count
    for e in range(features.begin, features.begin + m - 3, 4):
        end = ahead + 2 if ahead + 2 < stop else stop
        prefetch_rows(inputs, width, rows, ahead, end)
        ahead = end
        p, q = row_start(rows, e, width), row_start(rows, e + 1, width)
        r, s = row_start(rows, e + 2, width), row_start(rows, e + 3, width)
        for d in range(0, width, simd.WIDTH):
            one = simd.add(simd.load(inputs, p + d), simd.load(inputs, q + d))
            two = simd.add(simd.load(inputs, r + d), simd.load(inputs, s + d))
            both = simd.add(one, two)
            simd.store(hidden, d, simd.add(simd.load(hidden, d), both))
    for e in range(features.begin + (m & ~3), features.begin + m):
        p = row_start(rows, e, width)
        for d in range(0, width, simd.WIDTH):
            one = simd.load(inputs, p + d)
            simd.store(hidden, d, simd.add(simd.load(hidden, d), one))
    share = simd.fill(np.float32(1) / np.float32(features.divisor))
    for d in range(0, width, simd.WIDTH):
        simd.store(hidden, d, simd.multiply(simd.load(hidden, d), share))


@inlined
def average(inputs, rows, weights, features, following, scale, hidden):
    """Write the hidden vector, and request rows of the following document.

    It is the mean of a document's rows, or their weighted sum.
    """
    for d in range(0, len(hidden), simd.WIDTH):
        simd.store(hidden, d, simd.fill(np.float32(0)))
    if weights is None:
        add_rows(inputs, rows, features, following, hidden)
    else:
        add_weighted(inputs, rows, weights, features, following, scale, hidden)


@inlined
def spread_weighted(matrices, rows, weights, features, following, how, step):
    """Add a step times its weight to each row, and request what was not yet."""
    inputs, trained, width = matrices.inputs, matrices.trained, len(step)
    ahead = following.begin + (features.count >> 1)
    stop, (scale, held) = following.begin + following.count, how
    for e in range(features.begin, features.begin + features.count):
        if ahead < stop:
            prefetch_rows(inputs, width, rows, ahead, ahead + 1)
            ahead += 1
        p = row_start(rows, e, width)
        share = simd.fill(share_of(weights[np.uint64(e)], scale, held))
        for d in range(0, width, simd.WIDTH):
            row = simd.load(trained, p + d)
            simd.store(trained, p + d, simd.add_product(row, simd.load(step, d), share))
    if stop > following.begin + FETCHED:
        stop = following.begin + FETCHED
    prefetch_rows(inputs, width, rows, ahead, stop)


@inlined
def spread_evenly(matrices, rows, features, following, step):
    """Add a share of a step to each row, and request what `average` did not."""
    inputs, trained, width = matrices.inputs, matrices.trained, len(step)
    share = simd.fill(np.float32(1) / np.float32(features.divisor))
    for d in range(0, width, simd.WIDTH):
        simd.store(step, d, simd.multiply(simd.load(step, d), share))
    ahead = following.begin + ((features.count & ~3) >> 1)
    stop = following.begin + following.count
    for e in range(features.begin, features.begin + features.count):
        if ahead < stop:
            prefetch_rows(inputs, width, rows, ahead, ahead + 1)
            ahead += 1
        p = row_start(rows, e, width)
        for d in range(0, width, simd.WIDTH):
            one = simd.add(simd.load(trained, p + d), simd.load(step, d))
            simd.store(trained, p + d, one)
    if stop > following.begin + FETCHED:
        stop = following.begin + FETCHED
    prefetch_rows(inputs, width, rows, ahead, stop)


@inlined
def spread(matrices, rows, weights, features, following, how, step):
    """Move the rows of a document, and request what `average` did not."""
    if weights is None:
        spread_evenly(matrices, rows, features, following, step)
    else:
        spread_weighted(matrices, rows, weights, features, following, how, step)


@inner
def target_at(run, targets, p):
    """Return what document p of a pass is trained by, and how fast.

    Of several labels, random bits choose one.
    """
    s = run.order[p]
    begin, end, bits = targets.offsets[s], targets.offsets[s + 1], hash64(run.seed, p)
    chosen = np.int64(-1)
    if end > begin:
        drawn = (bits >> np.uint64(32)) * np.uint64(end - begin)
        chosen = np.int64(targets.labels[begin + np.int64(drawn >> np.uint64(32))])
    progress = (run.n_done + (p // STEADY) * STEADY) / run.n_planned
    rate = run.rate - (run.rate - run.min_rate) * progress
    rate = rate if rate > run.min_rate else run.min_rate
    rate = np.float32(rate) * targets.weights[s] if run.learn else np.float32(0)
    return Target(begin, end, chosen, bits, rate, run.scales[p // STEADY])


@kernel(fastmath=REORDERED)
def train_documents(batch, targets, run, loss, matrices, buffers, first, last):
    """Train on the documents ``run.order[first:last]``; return (loss, documents).

    Parameters
    ----------
    batch : DocumentBatch or WeightedBatch
    targets : Targets
    run : ClassifierPass
    loss : JudgedRows or None
        None: softmax.
    matrices : Matrices
        Changed in place, if the pass learns.
    buffers : tuple
        Of `new_buffers`.
    first, last : int
        Which documents of the order.
    """
    rows, state = buffers
    weights = batch.weights
    total, terms = 0.0, np.int64(0)
    empty = Features(np.int64(0), np.int64(0), np.int64(0))
    following = empty
    if first < last:
        following = find_features(
            batch, batch.starts, run.order[first], rows, np.int64(0)
        )
    for p in range(first, last):
        # One document ahead, so that its rows arrive in time.
        features, following = following, empty
        if p + 1 < last:
            spare = batch.longest + 1 - features.begin
            s = run.order[p + 1]
            following = find_features(batch, batch.starts, s, rows, spare)
        target, weight = target_at(run, targets, p), targets.weights[run.order[p]]
        if weight == 0 or (target.chosen < 0 and not targets.unlabelled):
            continue
        inputs, scale = matrices.inputs, target.scale
        average(inputs, rows, weights, features, following, scale, state.hidden)
        if loss is None:
            cost = update_all(matrices.outputs, target, state)
        else:
            cost = update_judged(loss, matrices.outputs, targets, target, state)
        if run.learn:
            how = scale, run.held
            spread(matrices, rows, weights, features, following, how, state.step)
        total += cost * np.float64(weight)
        terms += 1
    return total, terms


@kernel(fastmath=REORDERED)
def score_documents(batch, matrices, buffers, first, last, out):
    """Write the scores of the output rows for the documents [first, last).

    Parameters
    ----------
    batch, matrices, buffers
        As of `train_documents`; the matrices are read-only.
    first, last : int
    out : ndarray of shape (last - first, C), float32
        Receives the products of output rows and hidden vectors.
    """
    rows, state = buffers
    width, weights, one = len(state.hidden), batch.weights, np.float32(1)
    for s in range(first, last):
        features = find_features(batch, batch.starts, s, rows, np.int64(0))
        following, inputs = (
            Features(np.int64(0), np.int64(0), np.int64(0)),
            matrices.inputs,
        )
        average(inputs, rows, weights, features, following, one, state.hidden)
        for c in range(out.shape[1]):
            out[s - first, c] = dot(matrices.outputs, c * width, state.hidden)
