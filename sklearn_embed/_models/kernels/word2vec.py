"""Word2vec over a range of token positions: one source for all kinds of models.

Whatever chance decides about a token (is it kept, how wide is its window, which
negatives does it meet) is a hash of seed and position, so that any cut of the
positions into ranges trains the same.  How it is trained is described in `updates`.

Sizes: V words, D columns (a multiple of 16), K output rows of a block.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import cache
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import aligned_zeros
from sklearn_embed._core.compile import REORDERED, inlined, kernel
from sklearn_embed._core.numeric import hash64
from sklearn_embed._models.kernels.bags import MeanCache, make_mean_cache
from sklearn_embed._models.kernels.blocks import (
    MOST_ROWS,
    NODES,
    OutputBlock,
    Step,
    block_size,
    make_block,
)
from sklearn_embed._models.kernels.contexts import BAGS, ROWS
from sklearn_embed._models.kernels.losses import LOSSES, prefetch_of
from sklearn_embed._models.kernels.replicas import (
    SharedMatrix,
    copy_to_replicas,
    element_shift,
    merge_all,
    merge_in_turn,
)
from sklearn_embed._models.kernels.softmax import (
    SoftmaxScratch,
    make_softmax_scratch,
)
from sklearn_embed._models.kernels.updates import draws_by_pair, make_update
from sklearn_embed._models.kernels.windows import (
    WindowBuffer,
    drop_words,
    has_context,
    make_buffer,
    rate_at,
    read,
    start_reading,
)


class Workspace(NamedTuple):
    """What one thread trains with; made outside of kernels by `make_workspace`."""

    inputs: SharedMatrix
    outputs: SharedMatrix
    every: int  # words between two merges of replicas, at least 1; 0: there are none
    due: np.ndarray  # (2,) int64: the input and output row to merge next, -1: none
    buffer: WindowBuffer
    vectors: np.ndarray  # float32: input vectors, rows of inputs or means of bags
    context: np.ndarray  # int64: where in it the vectors of a context begin
    upcoming: np.ndarray  # int64: where output rows begin that are wanted soon
    block: OutputBlock
    zeros: int  # where, seen from vectors, a vector of zeros begins
    hidden: np.ndarray  # (2 * D,) float32: the mean of a context, as it is and was
    cache: MeanCache  # or None without bags
    softmax: SoftmaxScratch  # or None with another loss


class Kind(NamedTuple):
    """What a kernel is compiled for."""

    architecture: str  # "skipgram" or "cbow"
    loss: str  # "negative_sampling", "hierarchical_softmax" or "softmax"
    bags: bool = False  # whether an input is the mean of a bag of rows, or one row


def make_workspace(kind, negative, window, inputs, outputs, every=0):
    """Return the Workspace of one thread.

    Parameters
    ----------
    kind : Kind
    negative : int
        Rows that a window draws (with negative sampling).
    window : int
        Words on each side, as in PassSettings.
    inputs, outputs : SharedMatrix
        With replicas where several threads train (not of inputs with bags, and not
        with softmax).
    every : int
        Words between two merges of replicas; 0: there are none.
    """
    draws = negative if kind.loss == "negative_sampling" else 0
    is_softmax, width = kind.loss == "softmax", inputs.width
    hidden = aligned_zeros(2 * width)
    means = make_mean_cache(window, width) if kind.bags else None
    vectors = means.means if kind.bags else inputs.values
    return Workspace(
        inputs,
        outputs,
        every,
        np.zeros(2, np.int64),
        make_buffer(window),
        vectors,
        np.zeros(3 * window + 2, np.int64),
        np.zeros(min(draws + 1, MOST_ROWS) if draws else 0, np.int64),
        make_block(block_size(draws + 1) if draws else NODES, width),
        element_shift(vectors, hidden),  # which nothing else uses where this is used
        hidden,
        means,
        make_softmax_scratch(outputs) if is_softmax else None,
    )


@inlined
def merge_some(work, row, output):
    """Merge an input and an output row that are due, and let others be; in place."""
    work.due[0] = merge_in_turn(work.inputs, work.due[0], row)
    work.due[1] = merge_in_turn(work.outputs, work.due[1], output)


@cache
def make_epoch(kind):
    """Return the kernel ``epoch`` for one Kind of model."""
    inputs, loss = BAGS if kind.bags else ROWS, LOSSES[kind.loss]
    begin_inputs, end_inputs = inputs.begin, inputs.end
    list_context = inputs.list_context
    draws_before, row_to_merge = loss.draws_before, loss.row_to_merge
    update, by_pair = make_update(kind, inputs, loss), draws_by_pair(kind)
    prefetch = prefetch_of(kind)

    @kernel(fastmath=REORDERED)
    def epoch(corpus, settings, first, last, sampler, bags, work):
        """Train on the positions [first, last); return (loss, predictions).

        Parameters
        ----------
        corpus : Corpus
        settings : PassSettings
        first, last : int
            Range of positions, 0 <= first <= last <= offsets[-1].
        sampler : NegativeSampler, Tree or None
            What the loss needs to know which output rows a word meets.
        bags : Bags or None
            With ``kind.bags``: the input rows of each word.
        work : Workspace
            Made for the same kind of model.  Its matrices are changed in place.
        """
        total, terms, done, base = 0.0, np.int64(0), np.int64(0), np.int64(0)
        if first >= last:
            return total, terms
        buffer, inputs, window = work.buffer, work.inputs, np.int64(settings.window)
        cursor, end = start_reading(corpus, settings, first, last)
        begin_inputs(work)
        copy_to_replicas(work.outputs)
        work.due[0] = work.due[1] = -1
        start = np.int64(hash64(settings.seed, -1) >> np.uint64(1))
        turns = np.int64(settings.drawn_window if by_pair else 1)
        while True:
            cursor = read(corpus, settings, inputs, buffer, cursor, end)
            at_end = cursor.position >= end
            # The last words wait for those behind them to be read.
            ready = cursor.n if at_end else cursor.n - window
            for i in range(done, ready):
                if not has_context(buffer, i, first, last):
                    continue
                position, target = buffer.positions[i], np.int64(buffer.rows[i])
                m = list_context(settings, bags, work, i, base)
                draw = start + draws_before(sampler, position * turns)
                later = start + draws_before(sampler, buffer.positions[i + 1] * turns)
                prefetch(work, sampler, i + 1, later)
                if work.every > 0 and i % work.every == 0:
                    output = row_to_merge(sampler, target, position, draw)
                    merge_some(work, target, output)
                step = Step(rate_at(settings, position), settings.learn)
                cost, n = update(settings, sampler, work, i, m, draw, step)
                total += cost
                terms += n
            if at_end:
                break
            base += ready - window
            cursor = drop_words(buffer, cursor, ready - window)
            done = window
        end_inputs(settings, bags, work, base + cursor.n)
        merge_all(work.outputs)
        return total, terms

    return epoch
