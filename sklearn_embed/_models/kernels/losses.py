"""Which output rows a word meets: drawn negatives, nodes of its Huffman code, or all.

A loss is a few functions, bundled as a `Loss`, so that the rest of training is the
same for each.  They are given a *sampler*: a NegativeSampler, a Tree, or None.

Sizes: V words, K rows of a block.
"""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inlined
from sklearn_embed._models.kernels.blocks import NODES, set_sign, set_weight
from sklearn_embed._models.kernels.replicas import prefetch_row, row_offset


class NegativeSampler(NamedTuple):
    """Rows drawn ahead; the array is read-only."""

    pool: np.ndarray  # int32: rows, as many as a power of two
    negative: int  # rows that a word meets besides its own, at least 1


class Loss(NamedTuple):
    """Functions that kernels of one loss call; softmax needs the last three alone."""

    row_range: Callable  # (sampler, target) -> (first, last) of the rows to meet
    set_block: Callable  # make a block of those from one number on
    draws_before: Callable  # (sampler, turns) -> draws that other words make before
    row_to_merge: Callable  # (sampler, target, position, draw) -> one of the rows
    prefetch: Callable  # ask for rows that the next word meets


# -- negative sampling ---------------------------------------------------------------


@inlined
def drawn_row(sampler, draw):
    """Return a row of the pool, which begins again at its end."""
    # Without a sign an index is not looked at twice.
    return sampler.pool[np.uint64(draw) & np.uint64(len(sampler.pool) - 1)]


@inlined
def drawn_range(sampler, target):
    """Return the numbers of the rows that a word meets: itself, and its draws."""
    return np.int64(0), np.int64(sampler.negative + 1)


@inlined
def list_drawn(block, outputs, sampler, target, first, draw, n):
    """Let a block be n of the target and its draws; return whether one is repeated.

    Only a row that is certainly drawn once, and not past the last draw, counts as
    not repeated.  Changes block in place.
    """
    offsets, aim = block.offsets, row_offset(outputs, target)
    again = first + n > sampler.negative + 1  # there are fewer left
    for o in range(n):
        offsets[o] = aim
        if 0 < first + o <= sampler.negative:
            offsets[o] = row_offset(outputs, drawn_row(sampler, draw + first + o))
        again |= first > 0 and offsets[o] == aim
        for u in range(o):
            again |= offsets[u] == offsets[o]
    return again


@inlined
def set_drawn(block, outputs, sampler, target, first, draw):
    """Let a block be K of the target and its draws, the numbers from ``first`` on.

    Number 0 is the target, the others are those behind ``draw`` in the pool.  A draw
    equal to the target is left out (as in word2vec.c), a repeated one counts as often
    as it was drawn, through the row where it stands first.  Changes block in place.
    """
    K, aim = block.n_rows, row_offset(outputs, target)
    if K == NODES:  # a constant, so that the loops are unrolled
        n = np.int64(NODES)
        again = list_drawn(block, outputs, sampler, target, first, draw, n)
    else:
        again = list_drawn(block, outputs, sampler, target, first, draw, K)
        for o in range(K, len(block.offsets)):
            block.offsets[o] = aim  # never counted
    if K <= sampler.negative:  # there is another block
        set_sign(block, 0, np.float32(1 if first == 0 else -1))
    if again or block.uneven[0]:
        count_drawn(block, first, aim)
        block.uneven[0] = again


@inlined
def count_drawn(block, first, aim):
    """Weigh the rows of a block by how often they were drawn; changes it in place."""
    offsets, weights, lanes = block.offsets, block.weights, block.lanes
    for o in range(block.n_rows):
        set_weight(block, o, np.float32(first + o == 0 or offsets[o] != aim))
        for u in range(o):
            if offsets[u] == offsets[o]:
                set_weight(block, u, weights[lanes[u]] + weights[lanes[o]])
                set_weight(block, o, np.float32(0))
                break


@inlined
def draws_before(sampler, turns):
    """Return how many draws so many turns make."""
    return turns * np.int64(sampler.negative)


@inlined
def drawn_to_merge(sampler, target, position, draw):
    """Return one of the rows of the pool."""
    return np.int64(drawn_row(sampler, draw))


@inlined
def list_upcoming(work, sampler, i, draw):
    """List where the target behind word i and the first draws begin, in place."""
    work.upcoming[0] = row_offset(work.outputs, work.buffer.rows[i + 1])
    for o in range(1, len(work.upcoming)):
        row = drawn_row(sampler, draw + o)
        work.upcoming[o] = row_offset(work.outputs, row)


@inlined
def prefetch_upcoming(work, sampler, i, draw):
    """Ask for the rows that `list_upcoming` lists."""
    list_upcoming(work, sampler, i, draw)
    for o in range(len(work.upcoming)):
        prefetch_row(work.outputs, work.upcoming[o])


# -- hierarchical softmax ------------------------------------------------------------


@inlined
def path_range(tree, target):
    """Return the range of the nodes of a word's path."""
    return tree.offsets[target], tree.offsets[target + 1]


@inlined
def set_nodes(block, outputs, tree, target, first, draw):
    """Let a block be nodes of a path, those from ``first`` on; changes it in place."""
    last, size = tree.offsets[target + 1], len(block.losses)
    for o in range(NODES):
        counted = first + o < last
        at = first + o if counted else last - 1  # the rest repeats the last one
        block.offsets[o] = row_offset(outputs, tree.nodes[at])
        # As `set_weight` and `set_sign`, in the lanes of a group of six.
        weight, sign = np.float32(counted), np.float32(1 - 2 * np.int64(tree.codes[at]))
        block.weights[o] = weight
        block.weights[size + o] = block.weights[size + NODES + o] = weight
        block.signs[o] = block.signs[NODES + o] = sign


@inlined
def no_draws(sampler, turns):
    """Return 0."""
    return np.int64(0)


@inlined
def node_to_merge(tree, target, position, draw):
    """Return one of the nodes of a word, another one at the next position; -1: none."""
    start, stop = tree.offsets[target], tree.offsets[target + 1]
    if start == stop:  # the only word of a vocabulary
        return np.int64(-1)
    return np.int64(tree.nodes[start + position % (stop - start)])


@inlined
def prefetch_path(work, tree, i, draw):
    """Ask for the nodes of word i."""
    row = work.buffer.rows[i]
    for e in range(tree.offsets[row], tree.offsets[row + 1]):
        prefetch_row(work.outputs, row_offset(work.outputs, tree.nodes[e]))


# -- softmax -------------------------------------------------------------------------


@inlined
def no_row(sampler, target, position, draw):
    """Return -1."""
    return np.int64(-1)


@inlined
def prefetch_nothing(work, sampler, i, draw):
    """Do nothing: all rows are read in order."""


SAMPLED = Loss(drawn_range, set_drawn, draws_before, drawn_to_merge, prefetch_upcoming)
HIERARCHICAL = Loss(path_range, set_nodes, no_draws, node_to_merge, prefetch_path)
SOFTMAX = Loss(None, None, no_draws, no_row, prefetch_nothing)
LOSSES = {
    "negative_sampling": SAMPLED,
    "hierarchical_softmax": HIERARCHICAL,
    "softmax": SOFTMAX,
}


def prefetch_of(kind):
    """Return the function by which a kind of model asks for the next word's rows."""
    if kind == ("skipgram", "negative_sampling", False):
        return list_upcoming  # its update asks for them, by and by
    return LOSSES[kind.loss].prefetch
