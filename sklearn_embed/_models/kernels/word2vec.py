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
from sklearn_embed._models.kernels.bags import (
    MeanCache,
    flush_means,
    make_mean_cache,
)
from sklearn_embed._models.kernels.blocks import (
    MOST_ROWS,
    NODES,
    OutputBlock,
    Step,
    block_size,
    make_block,
)
from sklearn_embed._models.kernels.contexts import BAGS, ROWS
from sklearn_embed._models.kernels.losses import LOSSES, list_upcoming
from sklearn_embed._models.kernels.replicas import (
    SharedMatrix,
    copy_to_replicas,
    element_shift,
    merge_in_turn,
    merge_replicas,
)
from sklearn_embed._models.kernels.softmax import (
    SoftmaxScratch,
    make_softmax_scratch,
)
from sklearn_embed._models.kernels.updates import draws_by_pair, make_update
from sklearn_embed._models.kernels.windows import (
    Cursor,
    WindowBuffer,
    context_range,
    document_of,
    drop_words,
    make_buffer,
    rate_at,
    read,
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
def begin_pass(corpus, settings, first, last, work):
    """Set what is left from another call; return a Cursor and the end of reading."""
    copy_to_replicas(work.inputs)
    copy_to_replicas(work.outputs)
    work.due[0] = work.due[1] = -1
    begin, end = context_range(corpus, settings, first, last)
    zero = np.int64(0)
    return Cursor(begin, document_of(corpus.offsets, begin), zero, zero), end


@inlined
def is_trained(buffer, i, first, last):
    """Return whether word i has a context and a position in the range [first, last)."""
    alone = buffer.before[i] + buffer.after[i] == 0
    return not alone and first <= buffer.positions[i] < last


def make_train_word(kind):
    """Return the function that trains one word of the buffer on its context."""
    inputs, loss = BAGS if kind.bags else ROWS, LOSSES[kind.loss]
    list_context, update = inputs.list_context, make_update(kind, inputs, loss)
    draws_before, row_to_merge = loss.draws_before, loss.row_to_merge
    by_pair, prefetch = draws_by_pair(kind), loss.prefetch
    if kind == ("skipgram", "negative_sampling", False):
        prefetch = list_upcoming  # this update asks for them itself, by and by

    @inlined
    def train_word(settings, sampler, bags, work, i, base, start):
        """Return (loss, predictions).

        ``base`` is the number of the buffer's first word, ``start`` the number of the
        draw at which the pass begins.
        """
        buffer, position = work.buffer, work.buffer.positions[i]
        m = list_context(settings, bags, work, i, base)
        turns = np.int64(settings.drawn_window if by_pair else 1)
        draw = start + draws_before(sampler, position * turns)
        later = start + draws_before(sampler, buffer.positions[i + 1] * turns)
        prefetch(work, sampler, i + 1, later)
        if work.every > 0 and i % work.every == 0:
            merge_in_turn(work.inputs, work.due, 0, np.int64(buffer.rows[i]))
            row = row_to_merge(sampler, buffer.rows[i], position, draw)
            merge_in_turn(work.outputs, work.due, 1, row)
        step = Step(rate_at(settings, position), settings.learn)
        return update(settings, sampler, work, i, m, draw, step)

    return train_word


@cache
def make_epoch(kind):
    """Return the kernel ``epoch`` for one Kind of model."""
    train_word, has_bags = make_train_word(kind), kind.bags

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
        if first >= last:
            return 0.0, np.int64(0)
        buffer, inputs, outputs = work.buffer, work.inputs, work.outputs
        cursor, end = begin_pass(corpus, settings, first, last, work)
        start = np.int64(hash64(settings.seed, -1) >> np.uint64(1))
        total, terms, done, base = 0.0, np.int64(0), np.int64(0), np.int64(0)
        if has_bags:
            work.cache.flushed[0], work.cache.flushed[1] = 0, -1
        while True:
            cursor = read(corpus, settings, inputs, buffer, cursor, end)
            at_end = cursor.position >= end
            # The last words wait for those behind them to be read.
            ready = cursor.n - (np.int64(0) if at_end else settings.window)
            for i in range(done, ready):
                if is_trained(buffer, i, first, last):
                    loss, n = train_word(settings, sampler, bags, work, i, base, start)
                    total += loss
                    terms += n
            if at_end:
                break
            base += ready - settings.window
            cursor = drop_words(buffer, cursor, ready - settings.window)
            done = np.int64(settings.window)
        if has_bags:
            last_word = base + cursor.n
            flush_means(inputs, bags, work.cache, last_word, settings.learn)
        merge_replicas(inputs, 0, len(inputs.replicas))
        merge_replicas(outputs, 0, len(outputs.replicas))
        return total, terms

    return epoch
