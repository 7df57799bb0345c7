"""Update a text classifier by one document: two functions for four losses.

Softmax trains all output rows together.  The other losses train some output rows to say
yes or no, each by itself; they differ in which ones.  Sizes: C output rows, D columns
(a multiple of 16).
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.compile import CONTRACTED, inlined, inner
from sklearn_embed._core.numeric import decay, hash64, log1p_unit
from sklearn_embed._models.kernels.sampling import Tree

ONE_VS_ALL, NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX = range(3)


class JudgedRows(NamedTuple):
    """Which output rows say yes or no about a document; all arrays read-only."""

    kind: int  # one of the losses above
    negative: int  # negative_sampling: classes drawn to be told from the true one
    pool: np.ndarray  # (n_draws,) int32: they are drawn from here; a power of two
    tree: Tree  # hierarchical_softmax: the codes of the classes


class Target(NamedTuple):
    """What one document is to be told by, and how much it counts."""

    begin: int  # of its labels
    end: int
    chosen: int  # one of its labels, -1 if it has none
    bits: np.uint64  # random
    rate: np.float32  # learning rate; 0: measure the loss, change nothing
    scale: np.float32  # of parameters, hidden vector and outputs alike; see `judge`


class UpdateState(NamedTuple):
    """What `update` works on, and scratch buffers."""

    hidden: np.ndarray  # (D,) float32: mean or weighted sum of a document's rows
    step: np.ndarray  # (D,) float32: what it is to change by
    scores: np.ndarray  # (C,) float32
    judged: np.ndarray  # int64: output rows that a document trains
    truths: np.ndarray  # uint8: 1 for those that are to say yes


def make_loss(name, negative=0, pool=None, tree=None):
    """Return the loss as `train_documents` takes it.

    Parameters
    ----------
    name : {"softmax", "hierarchical_softmax", "negative_sampling", "one_vs_all"}
    negative : int
        negative_sampling: classes drawn to be told apart from the true one.
    pool : ndarray of shape (n_draws,), int32, read-only, or None
        negative_sampling: classes drawn ahead, as many as a power of two.
    tree : Tree or None
        hierarchical_softmax: the codes of the classes; its arrays are read-only.

    Returns
    -------
    JudgedRows or None
        None: softmax.
    """
    if name == "softmax":
        return None
    kinds = ["one_vs_all", "negative_sampling", "hierarchical_softmax"]
    if pool is None:
        pool = readonly(np.zeros(1, np.int32))
    if tree is None:
        tree = Tree(*(readonly(np.zeros(1, t)) for t in (np.int64, np.int32, np.uint8)))
    return JudgedRows(kinds.index(name), int(negative), pool, tree)


@inlined
def dot(outputs, at, hidden):
    """Return the product of the output row that begins at ``at`` and a vector."""
    products = simd.fill(np.float32(0))
    for d in range(0, len(hidden), simd.WIDTH):
        row = simd.load(outputs, at + d)
        products = simd.add_product(products, simd.load(hidden, d), row)
    return simd.total(products)


@inlined
def move(outputs, at, state, amount):
    """Move an output row along the hidden vector, and the other way round."""
    hidden, step = state.hidden, state.step
    amounts = simd.fill(amount)
    for d in range(0, len(hidden), simd.WIDTH):
        row = simd.load(outputs, at + d)
        simd.store(step, d, simd.add_product(simd.load(step, d), amounts, row))
        moved = simd.add_product(row, amounts, simd.load(hidden, d))
        simd.store(outputs, at + d, moved)


@inner
def judge(outputs, at, truth, state, target):
    """Train one output row to say yes or no; return the loss.

    Outputs and hidden vector are the target's scale times what is held, so that the
    score has its square; a step has the scale once, as what it is added to.
    """
    rate = target.rate
    score = dot(outputs, at, state.hidden) * (target.scale * target.scale)
    z = score if truth else -score
    small = decay(z if z > 0 else -z)
    residual = (small if z > 0 else np.float32(1)) / (np.float32(1) + small)
    if rate != 0:
        amount = np.float32(rate * residual)
        move(outputs, at, state, amount if truth else -amount)
    loss = np.float64(log1p_unit(small))
    return loss if z > 0 else loss - np.float64(z)


@inlined(fastmath=CONTRACTED)
def sum_in_order(numbers):
    """Return the sum of numbers, sixteen at a time.

    The compiler must not choose the order: its choice, and so the last bit, is another
    one where a kernel comes from the cache.
    """
    total, n = np.float32(0), len(numbers)
    for first in range(0, n, 16):
        part, stop = np.float32(0), first + 16
        for k in range(first, stop if stop < n else n):
            part += numbers[k]
        total += part
    return total


@inner
def update_all(outputs, target, state):
    """Train all output rows by the softmax of their scores; return the loss."""
    step, hidden, scores = state.step, state.hidden, state.scores
    n_classes, width, rate = len(scores), len(hidden), target.rate
    square = target.scale * target.scale
    for d in range(width):
        step[d] = np.float32(0)
    for c in range(n_classes):
        scores[c] = dot(outputs, c * width, hidden) * square
    own = scores[target.chosen]
    top = own
    for c in range(n_classes):
        top = scores[c] if scores[c] > top else top
    for c in range(n_classes):
        scores[c] = decay(top - scores[c])
    total = sum_in_order(scores)
    if rate != 0:
        share = rate / total
        for c in range(n_classes):
            amount = np.float32(-share * scores[c])
            amount += rate if c == target.chosen else np.float32(0)
            move(outputs, c * width, state, amount)
    return np.log(np.float64(total)) + np.float64(top - own)


@inner
def list_judged(loss, labels, target, state):
    """List the output rows that say yes or no about a document; return how many."""
    judged, truths = state.judged, state.truths
    n = np.int64(0)
    if loss.kind == ONE_VS_ALL:
        n = len(state.scores)
        for c in range(n):
            judged[c], truths[c] = c, 0
        for e in range(target.begin, target.end):
            truths[labels[e]] = 1
    elif loss.kind == HIERARCHICAL_SOFTMAX:
        offsets, nodes, codes = loss.tree
        for e in range(offsets[target.chosen], offsets[target.chosen + 1]):
            judged[n], truths[n] = nodes[e], codes[e]
            n += 1
    else:
        judged[0], truths[0], n = target.chosen, 1, np.int64(1)
        mask = np.uint64(len(loss.pool) - 1)
        for o in range(loss.negative):
            drawn = loss.pool[np.int64(hash64(target.bits, o) & mask)]
            if drawn != target.chosen:
                judged[n], truths[n] = drawn, 0
                n += 1
    return n


@inner
def update_judged(loss, outputs, targets, target, state):
    """Train output rows, each to say yes or no about a document; return the loss."""
    step, hidden = state.step, state.hidden
    for d in range(len(step)):
        step[d] = np.float32(0)
    cost = 0.0
    for k in range(list_judged(loss, targets.labels, target, state)):
        at = state.judged[k] * len(hidden)
        cost += judge(outputs, at, state.truths[k] == 1, state, target)
    return cost
