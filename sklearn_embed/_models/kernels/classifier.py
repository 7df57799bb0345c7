"""Train and apply text classifiers: average the rows of a document, update by a loss.

Sizes: T tokens in the table, R input rows, C output rows, D columns (a multiple of
16), m features of a document.  The features of a document are the rows of its tokens
(each a bag: the word and its character n-grams), of the mark that ends every document,
and of its n-grams of words, which are listed before training begins.
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

#: What turns the hash of n words into that of n + 1 (fastText's number).
FACTOR = np.uint64(116049371)

#: fastText's hash of "</s>", the mark after the last word, sign-extended.
END_CODE = np.uint64(2**64 - 677604519)

#: Documents (a power of two) over which the learning rate stays the same.
STEADY = 16

#: Features of the next document that are fetched ahead, at most.
FETCHED = 2048


class DocumentBatch(NamedTuple):
    """Where the features of documents come from; all arrays read-only."""

    ids: np.ndarray  # (n_ids,) int32: token ids
    starts: np.ndarray  # (n,) int64: where each document begins in ids
    offsets: np.ndarray  # (n + 1,) int64: cumulative lengths
    bag_offsets: np.ndarray  # (T + 1,) int64: where each token's bag begins
    bag_rows: np.ndarray  # int32: rows; -1 counts as a row of zeros
    left_out: np.ndarray  # (T,) uint8: 1 for tokens that are not there at all
    ngram_offsets: np.ndarray  # (n + 1,) int64: where the n-grams of words begin
    ngram_rows: np.ndarray  # int32: as bag_rows
    end_row: int  # of the mark after the last word
    skip_missing: bool  # features without a row do not count; else they are zeros
    longest: int  # features of a document, at most


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


class Matrices(NamedTuple):
    """Parameters, row after row: views of two matrices of D columns."""

    inputs: np.ndarray  # (R * D,) float32, read-only
    outputs: np.ndarray  # (C * D,) float32: rows of classes, or of a tree's nodes
    trained: np.ndarray  # the memory of `inputs`, to be changed


class Features(NamedTuple):
    """Where the input rows of a document lie in a buffer of row numbers."""

    begin: int
    count: int  # of the features that have a row
    divisor: int  # of the features that the mean is taken over


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
    batch : DocumentBatch
    outputs : ndarray of shape (C, D)
    loss : JudgedRows or None
    """
    (n_outputs, width), n_judged = outputs.shape, 0
    if loss is not None:
        n_judged = max(n_outputs, loss.negative + 1)
    # Two documents at a time; a feature without a row is written, and then written
    # over: one more.
    rows = np.empty(2 * (batch.longest + 1), np.int32)
    state = UpdateState(
        np.zeros(width, np.float32),
        np.zeros(width, np.float32),
        np.zeros(n_outputs, np.float32),
        np.zeros(n_judged, np.int64),
        np.zeros(n_judged, np.uint8),
    )
    return rows, state


@kernel(fastmath=REORDERED)
def word_ngrams(ids, starts, offsets, codes, left_out, longest, n_buckets):
    """Hash the n-grams of words, the mark after the last word included.

    Parameters
    ----------
    ids, starts, offsets, left_out
        As in `DocumentBatch`.
    codes : ndarray of shape (T,), uint64
        Sign-extended hash of each token.
    longest : int
        Words of an n-gram, at most; 1: there are none.
    n_buckets : int

    Returns
    -------
    bounds : ndarray of shape (n + 1,), int64
        Where each document's n-grams begin.
    buckets : ndarray, int32
        By the n-grams' first word, then by length.
    """
    n, longer = len(starts), longest - 1
    bounds, most = np.zeros(n + 1, np.int64), 0
    for s in range(n if longer else 0):
        length = 0
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            length += left_out[ids[t]] == 0
        short = longer if longer < length else length
        count = short * (short + 1) // 2 + (length - short) * longer
        bounds[s + 1] = bounds[s] + count
        most = length if length > most else most
    buckets = np.empty(bounds[n], np.int32)
    codes_here, e = np.empty(most + 1, np.uint64), 0
    for s in range(n if longer else 0):
        length = 0
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            codes_here[length] = codes[ids[t]]
            length += left_out[ids[t]] == 0
        codes_here[length] = END_CODE
        for t in range(length):
            code = codes_here[t]
            stop = t + longest if t < length + 1 - longest else length + 1
            for u in range(t + 1, stop):
                code = code * FACTOR + codes_here[u]
                buckets[e] = np.int32(code % np.uint64(n_buckets))
                e += 1
    return bounds, buckets


def most_features(ids, starts, offsets, bag_offsets, ngram_offsets):
    """Return how many features the longest document has, if no token is left out."""
    if (bag_offsets[1:] - bag_offsets[:-1]).max(initial=0) > 1:
        return count_most_features(ids, starts, offsets, bag_offsets, ngram_offsets)
    sizes = np.diff(offsets) + np.diff(ngram_offsets)
    return 1 + int(sizes.max(initial=0))


@kernel(fastmath=REORDERED)
def count_most_features(ids, starts, offsets, bag_offsets, ngram_offsets):
    """As `most_features`, where bags hold more than one row."""
    most = 0
    for s in range(len(starts)):
        total = 1 + ngram_offsets[s + 1] - ngram_offsets[s]
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            total += bag_offsets[ids[t] + 1] - bag_offsets[ids[t]]
        most = total if total > most else most
    return most


@inner
def write_features(batch, s, rows, begin):
    """Write the rows of document s from ``rows[begin]`` on."""
    start = batch.starts[s]
    m, missing = begin, np.int64(0)
    for t in range(start, start + batch.offsets[s + 1] - batch.offsets[s]):
        i = batch.ids[t]
        if batch.left_out[i]:
            continue
        for e in range(batch.bag_offsets[i], batch.bag_offsets[i + 1]):
            row = batch.bag_rows[e]
            rows[np.uint64(m)] = row
            m += row >= 0
            missing += row < 0
    rows[m] = batch.end_row
    m += 1
    for e in range(batch.ngram_offsets[s], batch.ngram_offsets[s + 1]):
        row = batch.ngram_rows[e]
        rows[np.uint64(m)] = row
        m += row >= 0
        missing += row < 0
    count = m - begin
    return Features(begin, count, count if batch.skip_missing else count + missing)


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
def average(inputs, rows, features, following, hidden):
    """Write the mean of a document's rows, and request rows of the following one."""
    width = len(hidden)
    for d in range(0, width, simd.WIDTH):
        simd.store(hidden, d, simd.fill(np.float32(0)))
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
def spread(matrices, rows, features, following, step):
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
    return Target(begin, end, chosen, bits, rate)


@kernel(fastmath=REORDERED)
def train_documents(batch, targets, run, loss, matrices, buffers, first, last):
    """Train on the documents ``run.order[first:last]``; return (loss, documents).

    Parameters
    ----------
    batch : DocumentBatch
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
    total, terms = 0.0, np.int64(0)
    empty = Features(np.int64(0), np.int64(0), np.int64(0))
    following = empty
    if first < last:
        following = write_features(batch, run.order[first], rows, np.int64(0))
    for p in range(first, last):
        # One document ahead, so that its rows arrive in time.
        features, following = following, empty
        if p + 1 < last:
            spare = batch.longest + 1 - features.begin
            following = write_features(batch, run.order[p + 1], rows, spare)
        target, weight = target_at(run, targets, p), targets.weights[run.order[p]]
        if weight == 0 or (target.chosen < 0 and not targets.unlabelled):
            continue
        average(matrices.inputs, rows, features, following, state.hidden)
        if loss is None:
            cost = update_all(matrices.outputs, target, state)
        else:
            cost = update_judged(loss, matrices.outputs, targets, target, state)
        if run.learn:
            spread(matrices, rows, features, following, state.step)
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
    width = len(state.hidden)
    for s in range(first, last):
        features = write_features(batch, s, rows, np.int64(0))
        following = Features(np.int64(0), np.int64(0), np.int64(0))
        average(matrices.inputs, rows, features, following, state.hidden)
        for c in range(out.shape[1]):
            out[s - first, c] = dot(matrices.outputs, c * width, state.hidden)
