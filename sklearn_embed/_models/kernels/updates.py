"""One step of training: the input vectors of a context against what a word meets.

As in fastText's ``Model::update``, what an input is, what an output is and what the
loss is are independent of each other:

- the inputs are the vectors of a context one by one, two at a time (skip-gram), or
  their mean, the hidden vector (CBOW);
- the outputs are rows that a loss chooses, block by block, or all rows (softmax).

Every update is called as ``update(settings, sampler, work, i, m, draw, step)`` for
word i of the buffer, whose m contexts are listed; ``draw`` is where its draws begin.
It changes inputs and outputs in place and returns (loss, predictions).

Sizes: D columns (a multiple of 16), m words of a context, K rows of a block.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import inlined
from sklearn_embed._models.kernels.blocks import take_losses, train_block
from sklearn_embed._models.kernels.contexts import spread
from sklearn_embed._models.kernels.losses import prefetch_upcoming
from sklearn_embed._models.kernels.replicas import prefetch_row
from sklearn_embed._models.kernels.softmax import train_all


@inlined
def is_trained(context, j):
    """Return whether number j of a context has been trained with the one before it.

    Two at a time are trained, but a word that would meet itself goes alone, twice.
    """
    return j & 1 == 1 and context[j] != context[j - 1]


@inlined
def train_two(work, j, step):
    """Train vector number j of a context, and the one behind it, on the block.

    If that is the same, or is trained already, a vector of zeros takes its place.
    """
    x, y, n_inputs = work.context[j], work.context[j + 1], np.int64(2)
    if x == y or j & 1 == 1:
        y, n_inputs = work.zeros, np.int64(1)
    rows = work.outputs.values
    train_block(work.vectors, (x, y), n_inputs, rows, work.block, step)


def make_skipgram(loss):
    """Return the update of each vector of a context; all meet the same rows."""
    row_range, set_block = loss.row_range, loss.set_block

    @inlined
    def update(settings, sampler, work, i, m, draw, step):
        outputs, block, upcoming = work.outputs, work.block, work.upcoming
        target = work.buffer.rows[i]
        first, last = row_range(sampler, target)
        n = len(upcoming)
        for b in range(first, last, block.n_rows):
            set_block(block, outputs, sampler, target, b, draw)
            for j in range(m):
                if j < n:  # all at once would be more than a core can wait for
                    prefetch_row(outputs, upcoming[j])
                if not is_trained(work.context, j):
                    train_two(work, j, step)
            for o in range(m, n):
                prefetch_row(outputs, upcoming[o])
            n = 0
        return take_losses(block.losses), m

    return update


def make_drawn_skipgram(loss):
    """Return the update of each vector of a context; each two have their own draws."""
    row_range, set_block = loss.row_range, loss.set_block

    @inlined
    def update(settings, sampler, work, i, m, draw, step):
        outputs, block, target = work.outputs, work.block, work.buffer.rows[i]
        first, last = row_range(sampler, target)
        for b in range(first, last, block.n_rows):
            q = draw
            for j in range(0, m, 2):  # no word meets itself: each has its own mean
                set_block(block, outputs, sampler, target, b, q)
                q += sampler.negative
                prefetch_upcoming(work, sampler, i, q)
                train_two(work, j, step)
        return take_losses(block.losses), m

    return update


def make_cbow(inputs, loss):
    """Return the update of the mean of a context."""
    row_range, set_block = loss.row_range, loss.set_block
    average = inputs.average

    @inlined
    def update(settings, sampler, work, i, m, draw, step):
        outputs, block, target = work.outputs, work.block, work.buffer.rows[i]
        n_rows = average(work, m, settings.mean)
        first, last = row_range(sampler, target)
        for b in range(first, last, block.n_rows):
            set_block(block, outputs, sampler, target, b, draw)
            hidden, one = (np.int64(0),), np.int64(1)
            train_block(work.hidden, hidden, one, outputs.values, block, step)
        if step.learn:
            spread(work, m, np.float32(1) if settings.mean else np.float32(1) / n_rows)
        return take_losses(block.losses), np.int64(1)

    return update


def make_softmax_skipgram():
    """Return the update of each vector of a context on all rows."""

    @inlined
    def update(settings, sampler, work, i, m, draw, step):
        vectors, target, total = work.vectors, work.buffer.rows[i], 0.0
        outputs, scratch = work.outputs, work.softmax
        for j in range(0, m, 2):
            both = work.context[j], work.context[j + 1]
            times = 1
            alone = both[0] == both[1]  # the last one, or a word that meets itself
            if alone and j + 1 < m:
                times = 2
            for _ in range(times):
                total += train_all(vectors, both, alone, outputs, target, scratch, step)
        return total, m

    return update


def make_softmax_cbow(inputs):
    """Return the update of the mean of a context on all rows."""
    average = inputs.average

    @inlined
    def update(settings, sampler, work, i, m, draw, step):
        outputs, target, scratch = work.outputs, work.buffer.rows[i], work.softmax
        n_rows = average(work, m, settings.mean)
        both = np.int64(0), np.int64(outputs.width)  # the second one is left out
        loss = train_all(work.hidden, both, True, outputs, target, scratch, step)
        if step.learn:
            spread(work, m, np.float32(1) if settings.mean else np.float32(1) / n_rows)
        return loss, np.int64(1)

    return update


def make_update(kind, inputs, loss):
    """Return the update of one kind of model."""
    is_softmax = kind.loss == "softmax"
    if kind.architecture == "cbow":
        return make_softmax_cbow(inputs) if is_softmax else make_cbow(inputs, loss)
    if is_softmax:
        return make_softmax_skipgram()
    return make_drawn_skipgram(loss) if draws_by_pair(kind) else make_skipgram(loss)


def draws_by_pair(kind):
    """Return whether each two words of a context meet draws of their own.

    What is made of n-grams is worth more so; of words alone, no more.
    """
    return kind == ("skipgram", "negative_sampling", True)
