"""Bags of features to labels: average the rows of a document, and judge the labels.

Sizes: T tokens in the table, R input rows, C classes, D columns (a multiple of 16), m
features of a document.  The features of a document are the rows of its tokens (each a
bag: the word and its character n-grams), of the mark that ends every document, and of
its n-grams of words, which are listed before training begins.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import cache
from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES
from sklearn_embed._core.compile import REORDERED, inlined, kernel
from sklearn_embed._core.numeric import decay, hash64, log1p_unit, prefetch_l2

#: What turns the hash of n words into that of n + 1 (fastText's number).
FACTOR = np.uint64(116049371)

#: fastText's hash of "</s>", the mark after the last word, sign-extended.
END_CODE = np.uint64(2**64 - 677604519)

#: A tuple of one number: the block is one row.
ONE = (np.float32(0),)

#: Documents (a power of two) over which the learning rate stays the same.
STEADY = 16

#: Features of the next document that are fetched ahead, at most.
FETCHED = 2048


class Documents(NamedTuple):
    """Where the features of documents come from; all arrays read-only."""

    ids: np.ndarray  # (n_ids,) int32: token ids
    starts: np.ndarray  # (n,) int64: where each document begins in ids
    offsets: np.ndarray  # (n + 1,) int64: cumulative lengths
    bag_offsets: np.ndarray  # (T + 1,) int64: where each token's bag begins
    bag_rows: np.ndarray  # int32: rows; -1 counts as a row of zeros
    left_out: np.ndarray  # (T,) uint8: 1 for tokens that are not there at all
    ngram_offsets: np.ndarray  # (n + 1,) int64: where the n-grams of words begin
    ngram_rows: np.ndarray  # int32: as bag_rows
    most: int  # features of the longest document, at most


class Targets(NamedTuple):
    """What the documents are to be told by; all arrays read-only."""

    offsets: np.ndarray  # (n + 1,) int64: where each document's labels begin
    labels: np.ndarray  # int32: classes
    weights: np.ndarray  # (n,) float32: how much each document counts


class Plan(NamedTuple):
    """Numbers that stay the same for a pass over the documents."""

    end: int  # row of the mark after the last word
    skip: bool  # features without a row do not count; else they are rows of zeros
    learn: bool  # train, or only measure the loss
    seed: np.uint64  # of this pass: another one for every epoch
    rate: float  # learning rate at the beginning of the whole training
    min_rate: float  # and at its end
    done: float  # documents trained before this pass
    planned: float  # documents of the whole training


class Scratch(NamedTuple):
    """Room to work in, of one call."""

    hidden: np.ndarray  # (D,): the mean of a document's rows
    change: np.ndarray  # (D,): what it is to change by
    scores: np.ndarray  # (C + simd.WIDTH,): of the classes
    marks: np.ndarray  # (C,): 1 for the labels of a document, else 0


@kernel(fastmath=REORDERED)
def word_ngrams(ids, starts, offsets, codes, left_out, longest, n_buckets):
    """Hash the n-grams of words, the mark after the last word included.

    Parameters
    ----------
    ids, starts, offsets, left_out
        As in `Documents`.
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
        short = min(longer, length)
        count = short * (short + 1) // 2 + (length - short) * longer
        bounds[s + 1] = bounds[s] + count
        most = max(most, length)
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
            for u in range(t + 1, min(t + longest, length + 1)):
                code = code * FACTOR + codes_here[u]
                buckets[e] = np.int32(code % np.uint64(n_buckets))
                e += 1
    return bounds, buckets


@kernel(fastmath=REORDERED)
def most_features(ids, starts, offsets, bag_offsets, ngram_offsets):
    """Return how many features the longest document has, if no token is left out."""
    most = 0
    for s in range(len(starts)):
        total = 1 + ngram_offsets[s + 1] - ngram_offsets[s]
        for t in range(starts[s], starts[s] + offsets[s + 1] - offsets[s]):
            total += bag_offsets[ids[t] + 1] - bag_offsets[ids[t]]
        most = max(most, total)
    return most


@kernel(fastmath=REORDERED)
def write_features(documents, plan, s, rows):
    """Write the rows of document s.

    Return how many there are, and how many there would be if every feature had one.
    """
    start = documents.starts[s]
    m, missing = 0, 0
    for t in range(start, start + documents.offsets[s + 1] - documents.offsets[s]):
        i = documents.ids[t]
        if documents.left_out[i]:
            continue
        for e in range(documents.bag_offsets[i], documents.bag_offsets[i + 1]):
            row = documents.bag_rows[e]
            rows[m] = row
            m += row >= 0
            missing += row < 0
    rows[m] = plan.end
    m += 1
    for e in range(documents.ngram_offsets[s], documents.ngram_offsets[s + 1]):
        row = documents.ngram_rows[e]
        rows[m] = row
        m += row >= 0
        missing += row < 0
    return m, m if plan.skip else m + missing


@inlined
def fetch(inputs, width, row):
    """Ask for a row ahead of its use."""
    for d in range(0, width, LANES):
        prefetch_l2(inputs, np.int64(row) * width + d)


@inlined
def average(inputs, width, rows, m, size, later, n_later, hidden):
    """Write the sum of m rows by their size, and ask for rows of the next document."""
    for d in range(0, width, simd.WIDTH):
        simd.store(hidden, d, simd.fill(np.float32(0)))
    for e in range(0, m - 3, 4):
        for f in range(e >> 1, min((e >> 1) + 2, n_later)):
            fetch(inputs, width, later[f])
        p, q = np.int64(rows[e]) * width, np.int64(rows[e + 1]) * width
        r, s = np.int64(rows[e + 2]) * width, np.int64(rows[e + 3]) * width
        for d in range(0, width, simd.WIDTH):
            one = simd.add(simd.load(inputs, p + d), simd.load(inputs, q + d))
            two = simd.add(simd.load(inputs, r + d), simd.load(inputs, s + d))
            both = simd.add(one, two)
            simd.store(hidden, d, simd.add(simd.load(hidden, d), both))
    for e in range(m & ~3, m):
        p = np.int64(rows[e]) * width
        for d in range(0, width, simd.WIDTH):
            one = simd.load(inputs, p + d)
            simd.store(hidden, d, simd.add(simd.load(hidden, d), one))
    share = simd.fill(np.float32(1) / np.float32(size))
    for d in range(0, width, simd.WIDTH):
        simd.store(hidden, d, simd.multiply(simd.load(hidden, d), share))


@inlined
def spread(inputs, width, rows, m, size, change, later, n_later):
    """Add a share of the change to each of m rows, and ask for other rows."""
    share = simd.fill(np.float32(1) / np.float32(size))
    for d in range(0, width, simd.WIDTH):
        simd.store(change, d, simd.multiply(simd.load(change, d), share))
    half = (m & ~3) >> 1
    for e in range(m):
        if half + e < n_later:
            fetch(inputs, width, later[half + e])
        p = np.int64(rows[e]) * width
        for d in range(0, width, simd.WIDTH):
            one = simd.add(simd.load(inputs, p + d), simd.load(change, d))
            simd.store(inputs, p + d, one)
    for f in range(half + m, min(n_later, FETCHED)):
        fetch(inputs, width, later[f])


@inlined
def score(outputs, at, hidden, width, place, sums):
    """Set ``sums[place]`` to the product of an output row and the hidden vector."""
    f = simd.zero_many(ONE)
    for d in range(0, width, simd.WIDTH):
        row = simd.load_many(outputs, at + d, ONE)
        f = simd.add_products(f, simd.load(hidden, d), row)
    # Writes a whole vector, of which only the first number counts.
    simd.store_sums(sums, place, f)


@inlined
def move(outputs, at, scratch, slope, width):
    """Move an output row along the hidden vector, and note what that should do."""
    hidden, change = scratch.hidden, scratch.change
    step = simd.fill(slope)
    for d in range(0, width, simd.WIDTH):
        row = simd.load(outputs, at + d)
        told = simd.add_product(simd.load(change, d), step, row)
        simd.store(change, d, told)
        simd.store(outputs, at + d, simd.add_product(row, step, simd.load(hidden, d)))


@kernel(fastmath=REORDERED)
def judge(outputs, at, truth, scratch, rate, width, learn):
    """Train one output row to say yes or no; return the loss."""
    score(outputs, at, scratch.hidden, width, 0, scratch.scores)
    z = scratch.scores[0] if truth else -scratch.scores[0]
    small = decay(abs(z))
    doubt = (small if z > 0 else np.float32(1)) / (np.float32(1) + small)
    if learn:
        slope = np.float32(rate * doubt)
        move(outputs, at, scratch, slope if truth else -slope, width)
    loss = np.float64(log1p_unit(small))
    return loss if z > 0 else loss - np.float64(z)


@kernel(fastmath=REORDERED)
def softmax(outputs, width, target, scratch, rate, learn):
    """Train all output rows by the share of the target; return the loss."""
    n_classes = len(outputs) // width
    scores = scratch.scores[: n_classes + simd.WIDTH]
    for c in range(n_classes):
        score(outputs, c * width, scratch.hidden, width, c, scores)
    top = scores[target]
    for c in range(n_classes):
        top = max(top, scores[c])
    gap = top - scores[target]
    total = np.float32(0)
    for c in range(n_classes):
        scores[c] = decay(top - scores[c])
        total += scores[c]
    if learn:
        share = rate / total
        for c in range(n_classes):
            slope = np.float32(-share * scores[c])
            slope += rate if c == target else np.float32(0)
            move(outputs, c * width, scratch, slope, width)
    return np.log(np.float64(total)) + np.float64(gap)


@kernel(fastmath=REORDERED)
def rate_at(plan, p):
    """Return the learning rate at document p of a pass."""
    progress = (plan.done + (p // STEADY) * STEADY) / plan.planned
    rate = plan.rate - (plan.rate - plan.min_rate) * progress
    return max(plan.min_rate, rate)


@cache
def make_epoch(loss, negative=5):
    """Return the kernel ``epoch`` for one loss.

    Parameters
    ----------
    loss : {"softmax", "hierarchical_softmax", "negative_sampling", "one_vs_all"}
    negative : int
        Classes drawn to be told apart from the true one.
    """
    is_softmax, is_tree = loss == "softmax", loss == "hierarchical_softmax"
    is_one_vs_all = loss == "one_vs_all"

    @kernel(fastmath=REORDERED)
    def epoch(documents, targets, plan, order, first, last, inputs, outputs, guide):
        """Train on the documents order[first:last]; return (loss, documents).

        Parameters
        ----------
        documents : Documents
        targets : Targets
            A document without labels is passed over, unless one_vs_all.
        plan : Plan
        order : ndarray of shape (n,), int64
            Permutation of the documents.
        first, last : int
            Which of its places.
        inputs : ndarray of shape (R, D), float32
            Changed in place.
        outputs : ndarray of shape (C, D), float32
            Rows of classes, or of the tree's nodes.  Changed in place.
        guide : ndarray of shape (n_draws,), int32, or Tree, or None
            negative_sampling: classes drawn ahead, as many as a power of two;
            hierarchical_softmax: the codes of the classes.
        """
        width = inputs.shape[1]
        flat_in, flat_out = inputs.reshape(-1), outputs.reshape(-1)
        scratch = Scratch(
            np.zeros(width, np.float32),
            np.zeros(width, np.float32),
            np.zeros(len(outputs) + simd.WIDTH, np.float32),
            np.zeros(len(outputs), np.uint8),
        )
        # A feature without a row is written, and then written over: one more.
        rows = np.empty(documents.most + 1, np.int32)
        later = np.empty(documents.most + 1, np.int32)
        total, terms = 0.0, 0
        m, size, n_later, later_size = 0, 0, 0, 0
        for at in range(first - 1, last):
            # One document ahead, so that its rows arrive in time.
            if at + 1 < last:
                n_later, later_size = write_features(
                    documents, plan, order[at + 1], later
                )
            else:
                n_later = 0
            if at >= first:
                s = order[at]
                begin, end = targets.offsets[s], targets.offsets[s + 1]
                weight = targets.weights[s]
                if weight != 0 and (is_one_vs_all or end > begin):
                    average(
                        flat_in, width, rows, m, size, later, n_later, scratch.hidden
                    )
                    rate = np.float32(rate_at(plan, at)) * weight
                    scratch.change[:] = np.float32(0)
                    bits = hash64(plan.seed, at)
                    cost = 0.0
                    target = np.int64(-1)
                    if end > begin:
                        drawn = (bits >> np.uint64(32)) * np.uint64(end - begin)
                        drawn = np.int64(drawn >> np.uint64(32))
                        target = np.int64(targets.labels[begin + drawn])
                    if is_softmax:
                        cost = softmax(
                            flat_out, width, target, scratch, rate, plan.learn
                        )
                    elif is_tree:
                        for e in range(
                            guide.offsets[target], guide.offsets[target + 1]
                        ):
                            cost += judge(
                                flat_out, np.int64(guide.nodes[e]) * width,
                                guide.codes[e] == 1, scratch, rate, width,
                                plan.learn,
                            )  # fmt: skip
                    elif is_one_vs_all:
                        for e in range(begin, end):
                            scratch.marks[targets.labels[e]] = 1
                        for c in range(len(outputs)):
                            cost += judge(
                                flat_out, c * width, scratch.marks[c] == 1, scratch,
                                rate, width, plan.learn,
                            )  # fmt: skip
                        for e in range(begin, end):
                            scratch.marks[targets.labels[e]] = 0
                    else:
                        cost = judge(
                            flat_out,
                            target * width,
                            True,
                            scratch,
                            rate,
                            width,
                            plan.learn,
                        )
                        for o in range(negative):
                            q = hash64(bits, o)
                            c = np.int64(guide[np.int64(q & np.uint64(len(guide) - 1))])
                            if c != target:
                                cost += judge(
                                    flat_out, c * width, False, scratch, rate, width,
                                    plan.learn,
                                )  # fmt: skip
                    if plan.learn:
                        spread(
                            flat_in, width, rows, m, size, scratch.change, later,
                            n_later,
                        )  # fmt: skip
                    total += cost * np.float64(weight)
                    terms += 1
            rows, later = later, rows
            m, size = n_later, later_size
        return total, terms

    return epoch


@kernel(fastmath=REORDERED)
def score_documents(documents, plan, first, last, inputs, outputs, out):
    """Write the scores of the output rows for the documents [first, last).

    Parameters
    ----------
    documents, plan, inputs, outputs
        As in `make_epoch`; nothing but ``out`` changes.
    out : ndarray of shape (n, number of output rows), float32
        Receives the products of output rows and hidden vectors.
    """
    width = inputs.shape[1]
    flat_in, flat_out = inputs.reshape(-1), outputs.reshape(-1)
    hidden = np.zeros(width, np.float32)
    scores = np.zeros(len(outputs) + simd.WIDTH, np.float32)
    rows = np.empty(documents.most + 1, np.int32)
    for s in range(first, last):
        m, size = write_features(documents, plan, s, rows)
        average(flat_in, width, rows, m, size, rows, 0, hidden)
        for c in range(len(outputs)):
            score(flat_out, c * width, hidden, width, c, scores)
            out[s, c] = scores[c]
