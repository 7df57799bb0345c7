"""Classes as the leaves of a binary tree: their log-probabilities, and the likeliest.

Sizes: C classes, C - 1 inner nodes, the root last: a node's number is greater than
those of its children, as `huffman_tree` numbers them.  At a node of score z, turn 0 has
the probability 1 / (1 + exp(z)), and turn 1 the rest.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inner, kernel
from sklearn_embed._models.kernels.classifier import average
from sklearn_embed._models.kernels.classifier_loss import dot
from sklearn_embed._models.kernels.document_features import Features, find_features

#: What two equal probabilities take off a logarithm.
LOG_2 = math.log(2)


class TreeSearch(NamedTuple):
    """The tree, and the stack of a search through it."""

    children: np.ndarray  # (C - 1, 2) int32: by turn, an inner node, or ~class
    nodes: np.ndarray  # (C + 1,) int32: still to be visited, in the same terms
    sums: np.ndarray  # (C + 1,) float64: their log-probabilities


def tree_children(tree):
    """Return what follows each inner node: (C - 1, 2) int32, a node or ~class.

    Parameters
    ----------
    tree : Tree
        Codes of C classes, at least 2.
    """
    n_classes = len(tree.offsets) - 1
    following = np.roll(tree.nodes, -1)
    following[tree.offsets[1:] - 1] = ~np.arange(n_classes, dtype=np.int32)
    children = np.empty((n_classes - 1, 2), np.int32)
    children[tree.nodes, tree.codes] = following
    return children


def new_search(children):
    """Return a `TreeSearch` with scratch buffers of its own."""
    size = len(children) + 2
    return TreeSearch(children, np.empty(size, np.int32), np.empty(size, np.float64))


@inner(fastmath=frozenset())
def log_one_plus_exp(z):
    """Return log(1 + exp(z)), as NumPy's ``logaddexp(0, z)`` does."""
    if z == 0:
        return LOG_2
    if z < 0:
        return math.log1p(math.exp(z))
    return z + math.log1p(math.exp(-z))


@kernel
def leaf_log_probabilities(scores, children, sums, out):
    """Write the logarithm of each class's probability.

    Parameters
    ----------
    scores : ndarray of shape (n, C - 1), float32
        Scores of the inner nodes.
    children : ndarray of shape (C - 1, 2), int32
        As of `tree_children`.
    sums : ndarray of shape (C - 1,), float64
        Scratch buffer.
    out : ndarray of shape (n, C), float32
        Changed in place.
    """
    root = len(children) - 1
    for s in range(len(scores)):
        sums[root] = 0.0
        for node in range(root, -1, -1):
            z = np.float64(scores[s, node])
            for turn in range(2):
                total = sums[node] - log_one_plus_exp(-z if turn else z)
                child = children[node, turn]
                if child >= 0:
                    sums[child] = total
                else:
                    out[s, ~child] = np.float32(total)


@inner(fastmath=frozenset())
def best_leaf(outputs, hidden, search):
    """Return the class of the greatest log-probability in float32, the first of equals.

    The likelier child comes first.  What is below a node is not more probable than the
    node, so that most of the tree is never visited, nor its scores computed.
    """
    children, nodes, sums = search
    best, best_value = np.int64(-1), np.float32(0)
    nodes[0], sums[0], n = len(children) - 1, 0.0, 1
    while n > 0:
        n -= 1
        node, total = np.int64(nodes[n]), sums[n]
        value = np.float32(total)
        if best >= 0 and value < best_value:
            continue
        if node < 0:
            if best < 0 or value > best_value or ~node < best:
                best, best_value = ~node, value
            continue
        z = np.float64(dot(outputs, node * len(hidden), hidden))
        likelier = 1 if z > 0 else 0
        for k in range(2):
            turn = likelier if k else 1 - likelier
            nodes[n] = children[node, turn]
            sums[n] = total - log_one_plus_exp(-z if turn else z)
            n += 1
    return best


@kernel
def find_leaves(batch, matrices, buffers, search, first, last, out):
    """Write the likeliest class of the documents [first, last).

    Parameters
    ----------
    batch, matrices, buffers
        As of `score_documents`.
    search : TreeSearch
    first, last : int
    out : ndarray of shape (last - first,), int64
        Changed in place.
    """
    rows, state = buffers
    nothing = Features(np.int64(0), np.int64(0), np.int64(0))
    inputs, weights, one = matrices.inputs, batch.weights, np.float32(1)
    for s in range(first, last):
        features = find_features(batch, batch.starts, s, rows, np.int64(0))
        average(inputs, rows, weights, features, nothing, one, state.hidden)
        out[s - first] = best_leaf(matrices.outputs, state.hidden, search)
