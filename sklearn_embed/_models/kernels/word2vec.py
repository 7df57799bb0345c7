"""Word2vec over a range of token positions: skip-gram or CBOW, one source for all.

Sizes: V words, D columns (a multiple of 16), K output rows trained at a time.
Whatever chance decides about a token (is it kept, how wide is its window, which
negatives does it meet) is a hash of seed and position, so that any cut of the
positions into ranges trains the same.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import cache
from typing import NamedTuple

import numpy as np

from sklearn_embed._core import simd
from sklearn_embed._core.arrays import LANES, aligned_zeros
from sklearn_embed._core.compile import REORDERED, inlined, kernel
from sklearn_embed._core.numeric import hash64
from sklearn_embed._models.kernels.bags import (
    Held,
    fetch_bag,
    gather_held,
    list_held,
    make_held,
    put_all_back,
)
from sklearn_embed._models.kernels.blocks import (
    MOST_ROWS,
    Scratch,
    block_size,
    fetch,
    fetch_path,
    list_ahead,
    make_scratch,
    set_negatives,
    set_nodes,
    some_node,
    take_losses,
    train_drawn,
    train_one,
    train_pairs,
)
from sklearn_embed._models.kernels.replicas import (
    distance,
    exchange,
    place_of,
    share,
    take_over,
)
from sklearn_embed._models.kernels.softmax import softmax, softmax_skipgram
from sklearn_embed._models.kernels.windows import (
    STEADY,
    Buffer,
    document_of,
    make_buffer,
    rate_at,
    reach,
    read,
)


class Workspace(NamedTuple):
    """What one thread works with; made outside, for a kernel is slow to compile."""

    scratch: Scratch
    buffer: Buffer
    places: np.ndarray  # (2 * window + 2,) int64: where input rows begin
    ahead: np.ndarray  # int64: where output rows begin that are wanted soon
    scores: np.ndarray  # float32: full softmax, of two inputs
    held: Held  # with bags


def make_workspace(loss, negative, window, outputs, bags=False):
    """Return a Workspace for a loss, a number of negatives, a window and a matrix."""
    K, (n_outputs, width) = block_size(loss, negative), outputs.shape
    draws = negative if loss == "negative_sampling" else 0
    return Workspace(
        make_scratch(K, width),
        make_buffer(window),
        np.zeros(3 * window + 2, np.int64),
        np.zeros(min(draws + 1, MOST_ROWS), np.int64),
        aligned_zeros(2 * (n_outputs + LANES + K) * (loss == "softmax")),
        make_held(window, width * bags),
    )


@inlined
def gather(inputs, places, m, mean, scratch, n):
    """Set hidden to the mean or the sum of m input rows; return their number."""
    scale = simd.fill(np.float32(1) / np.float32(m if mean else 1))
    for d in range(0, n, simd.WIDTH):
        h = simd.load(inputs, places[0] + d)
        for j in range(1, m):
            h = simd.add(h, simd.load(inputs, places[j] + d))
        h = simd.multiply(h, scale)
        simd.store(scratch.hidden, d, h)
        simd.store(scratch.start, d, h)
    return np.float32(m)


@inlined
def spread(inputs, places, m, part, scratch, n):
    """Move m input rows, or means, by a part of what hidden has moved.

    As in gensim, each takes the whole step of the mean, but of the step of a sum as
    little as it has summands; the hidden vector moves by its own step either way.
    """
    factor = simd.fill(part)
    for d in range(0, n, simd.WIDTH):
        h, start = simd.load(scratch.hidden, d), simd.load(scratch.start, d)
        step = simd.multiply(simd.subtract(h, start), factor)
        for j in range(m):
            x = simd.load(inputs, places[j] + d)
            simd.store(inputs, places[j] + d, simd.add(x, step))


@inlined
def list_rows(spots, i, before, after, window, places):
    """List where the rows of the words around i begin; return their number."""
    # A whole window each time: loops as long as chance has it are mispredicted.
    for k in range(window):
        places[k] = spots[i - before + k]
    for k in range(window):
        places[before + k] = spots[i + 1 + k]
    m = np.int64(before) + after
    places[m] = places[m - 1]  # an odd one finds itself beside it
    return m


@cache
def make_epoch(architecture, loss, negative=5, bags=False):
    """Return the kernel ``epoch`` for one kind of model.

    Parameters
    ----------
    architecture : {"skipgram", "cbow"}
    loss : {"negative_sampling", "hierarchical_softmax", "softmax"}
    negative : int
        Negatives a window draws, at least 1 (with negative sampling).
    bags : bool
        Whether an input is the mean of a bag of rows, instead of one row.
    """
    is_skipgram = architecture == "skipgram"
    is_tree = loss == "hierarchical_softmax"
    is_softmax = loss == "softmax"
    is_sampling = loss == "negative_sampling"
    # What is made of n-grams is worth more so; of words alone, no more.
    is_drawn_by_pair = is_skipgram and bags and is_sampling
    draws = negative if is_sampling else 0
    K = block_size(loss, negative)
    like = (np.float32(0),) * K

    @kernel(fastmath=REORDERED)
    def epoch(corpus, plan, first, last, inputs, outputs, guide, bag, space, replicas):
        """Train on the positions [first, last); return (loss, predictions).

        Parameters
        ----------
        corpus : Corpus
        plan : Plan
        first, last : int
            Range of positions, 0 <= first <= last <= offsets[-1].
        inputs, outputs : ndarray of shape (V, D), float32
            Word rows and context rows (or nodes).  Changed in place.
        guide : ndarray, int32, or Tree
            Negative sampling: rows drawn ahead, as many as a power of two.
            Hierarchical softmax: the codes of the words.
        bag : Bags or None
            With ``bags``: the input rows of each word.  ``inputs`` then has as
            many rows as they speak of.
        space : Workspace
            Made for the same kind of model.
        replicas : Replicas
            The thread's own copies: of output rows (not with the full softmax) and
            of input rows (not with bags).
        """
        if first >= last:
            return 0.0, 0
        window, width = plan.window, inputs.shape[1]
        turns = window if is_drawn_by_pair else 1
        n = (width >> 4) << 4
        flat_in, flat_out = inputs.reshape(-1), outputs.reshape(-1)
        scratch, buffer, places, ahead, scores, held = space
        rows, before, after, where, spots = buffer
        size = len(before)
        sources = held.means if bags else flat_in
        scratch.signs[:] = np.float32(-1)
        scratch.signs[0] = scratch.signs[K] = np.float32(1)
        base, oldest, stretch = np.int64(0), np.int64(0), np.int64(-1)
        turn = np.int64(hash64(plan.seed, -1) >> np.uint64(1))
        own_in, own_out, every = replicas
        step_in = distance(flat_in, own_in, width)
        step_out = distance(flat_out, own_out, width)
        take_over(flat_in, own_in, width)
        take_over(flat_out, own_out, width)
        due_in, due_out = np.int32(-1), np.int32(-1)  # rows to share next
        begin, end = reach(corpus, plan, first, last)
        p, s = begin, document_of(corpus.offsets, begin)
        n_kept, start, ready = np.int64(0), np.int64(0), np.int64(0)
        total, terms = 0.0, 0
        while True:
            p, s, n_kept, start = read(
                corpus, plan, p, end, s, rows, where, before, after, n_kept, start, size
            )
            done, ready = ready, n_kept if p >= end else n_kept - window
            if not bags:
                for i in range(done, n_kept):
                    spots[i] = place_of(rows[i], own_in, step_in, width)
            for i in range(done, ready):
                at = where[i]
                if before[i] + after[i] == 0 or at < first or at >= last:
                    continue
                rate = rate_at(plan, at)
                if not bags:
                    m = list_rows(spots, i, before[i], after[i], window, places)
                    fetch(flat_in, spots[i + window + 1], n)
                else:
                    # All is put back where the positions begin another stretch:
                    # a cut there changes nothing.
                    stop = base + i - window
                    if at // STEADY != stretch:
                        stretch, stop = at // STEADY, base + i + window + 1
                    put_all_back(flat_in, bag, oldest, stop, held, plan.learn, width, n)
                    oldest = base + i - window
                    left, right = i - before[i], i + after[i] + 1
                    m = list_held(
                        flat_in, bag, rows, i, left, right, base, held, places,
                        width, n,
                    )  # fmt: skip
                    fetch_bag(flat_in, bag, rows[i + window + 1], width, n)
                if is_sampling:  # what the next windows need
                    q = where[i + 1] * turns * draws + turn
                    list_ahead(guide, q, rows[i + 2], width, ahead, own_out, step_out)
                    if not is_skipgram or bags:
                        for o in range(len(ahead)):
                            fetch(flat_out, ahead[o], n)
                if not is_softmax and every > 0 and i % every == 0:
                    due_in = exchange(flat_in, own_in, due_in, rows[i], width)
                    if is_tree:
                        soon = some_node(guide, rows[i], at)
                    else:
                        soon = guide[(at * draws + turn) & (len(guide) - 1)]
                    due_out = exchange(flat_out, own_out, due_out, soon, width)
                terms += m if is_skipgram else 1
                if is_softmax and is_skipgram:
                    total += softmax_skipgram(
                        sources, places, m, outputs, rows[i], scores, scratch,
                        rate, like, plan.learn,
                    )  # fmt: skip
                    continue
                if not is_skipgram and bags:
                    summed = gather_held(held, places, m, plan.mean, scratch, n)
                elif not is_skipgram:
                    summed = gather(flat_in, places, m, plan.mean, scratch, n)
                if is_softmax:
                    total += softmax(
                        scratch.hidden, 0, -1, outputs, rows[i], scores, scratch,
                        rate, like, plan.learn,
                    )  # fmt: skip
                else:
                    block, blocks_end, q = 0, draws + 1, at * turns * draws + turn
                    if is_tree:
                        block = guide.offsets[rows[i]]
                        blocks_end = guide.offsets[rows[i] + 1]
                        fetch_path(
                            flat_out, guide, rows[i + 1], width, n, own_out, step_out
                        )
                    for b in range(block, blocks_end, K):
                        if is_tree:
                            set_nodes(
                                guide, b, blocks_end, width, scratch, like,
                                own_out, step_out,
                            )  # fmt: skip
                        elif not is_drawn_by_pair:
                            set_negatives(
                                guide, q, b, draws, rows[i], width, scratch, like,
                                own_out, step_out,
                            )  # fmt: skip
                        if is_drawn_by_pair:
                            train_drawn(
                                guide, q, b, draws, rows[i], sources, places, m,
                                flat_out, scratch, ahead, own_out, step_out, rate,
                                width, n, like, plan.learn,
                            )  # fmt: skip
                        elif is_skipgram:
                            train_pairs(
                                sources, places, m, flat_out, scratch,
                                ahead if b == 0 else ahead[:0], rate, n, like,
                                plan.learn,
                            )  # fmt: skip
                        else:
                            train_one(
                                scratch.hidden, 0, flat_out, scratch, rate, n, like,
                                plan.learn,
                            )  # fmt: skip
                    total += take_losses(scratch.losses)
                if not is_skipgram and plan.learn:
                    part = np.float32(1) / (np.float32(1) if plan.mean else summed)
                    spread(sources, places, m, part, scratch, n)
            if p >= end:
                if bags:
                    stop = oldest + len(held.sizes)
                    put_all_back(flat_in, bag, oldest, stop, held, plan.learn, width, n)
                share(flat_in, own_in, np.int32(0), len(inputs), width)
                share(flat_out, own_out, np.int32(0), len(outputs), width)
                return total, terms
            shift = ready - window
            base += shift
            for i in range(shift, n_kept):
                rows[i - shift] = rows[i]
                where[i - shift] = where[i]
                spots[i - shift] = spots[i]
                before[i - shift] = before[i]
                after[i - shift] = after[i]
            n_kept, start, ready = n_kept - shift, start - shift, window

    return epoch
