"""The tree of classes searched, against products along its branches."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
from classifier_cases import (
    N_BUCKETS,
    N_CLASSES,
    make_documents,
    make_matrices,
    make_space,
    make_tree,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.features import Ngrams
from sklearn_embed._models.kernels.class_tree import (
    find_leaves,
    leaf_log_probabilities,
    new_search,
    tree_children,
)
from sklearn_embed._models.kernels.classifier import (
    flat_matrices,
    new_buffers,
    score_documents,
)


def slow_leaves(scores, tree):
    """Log-probabilities of the leaves, one class and one turn after another."""
    scores = scores.astype(np.float64)
    left, right = -np.logaddexp(0, scores), -np.logaddexp(0, -scores)
    leaves = np.zeros((len(scores), len(tree.offsets) - 1))
    for c in range(leaves.shape[1]):
        for e in range(tree.offsets[c], tree.offsets[c + 1]):
            turn = right if tree.codes[e] else left
            leaves[:, c] += turn[:, tree.nodes[e]]
    return leaves.astype(np.float32)


def search_case(data):
    """Draw a tree, documents, and matrices of scores from flat to steep."""
    counts = data.draw(st.lists(st.integers(0, 9), min_size=2, max_size=40))
    texts = make_documents(len(counts))
    space, documents = make_space(texts, Ngrams(1, 0, 0, N_BUCKETS))
    matrices = make_matrices(space.n_rows, len(counts) - 1, 5, seed=len(counts))
    matrices[1][:] *= np.float32(data.draw(st.sampled_from([0, 0.01, 1, 1e3, 1e30])))
    batch = space.arrays(documents)
    return make_tree(counts), batch, flat_matrices(*matrices, False), matrices[1]


@given(data=st.data())
@settings(deadline=None)
def test_leaves_are_the_products_of_their_turns(data):
    tree, batch, matrices, outputs = search_case(data)
    n, n_nodes = len(batch.starts), len(outputs)
    scores = np.empty((n, n_nodes), np.float32)
    score_documents(batch, matrices, new_buffers(batch, outputs), 0, n, scores)
    children = readonly(tree_children(tree))
    leaves = np.empty((n, n_nodes + 1), np.float32)
    leaf_log_probabilities(scores, children, np.empty(n_nodes), leaves)
    assert_allclose(leaves, slow_leaves(scores, tree), rtol=1e-6, atol=1e-30)
    assert_allclose(np.exp(leaves.astype(float)).sum(axis=1), 1, rtol=1e-5)
    # The search computes the same numbers, and of equals takes the first, too.
    best = np.empty(n, np.int64)
    buffers = new_buffers(batch, outputs)
    for first, last in pairwise([0, n // 3, n]):
        find_leaves(
            batch, matrices, buffers, new_search(children), first, last,
            best[first:last],
        )  # fmt: skip
    assert_array_equal(best, leaves.argmax(axis=1))


def test_children_are_what_comes_next_on_the_way_to_a_class():
    tree = make_tree([5, 1, 1, 2, 2, 9])
    children = tree_children(tree)
    for c, (start, stop) in enumerate(pairwise(tree.offsets)):
        node = len(children) - 1
        for e in range(start, stop):
            assert tree.nodes[e] == node
            node = children[node, tree.codes[e]]
        assert ~node == c


def test_what_is_not_a_number_leads_no_search_astray():
    space, documents = make_space(make_documents(), Ngrams(1, 0, 0, N_BUCKETS))
    inputs, outputs = make_matrices(space.n_rows, N_CLASSES - 1)
    batch, children = space.arrays(documents), readonly(tree_children(make_tree()))
    for value in (np.nan, np.inf, -np.inf):
        outputs[1:3] = value
        views, best = flat_matrices(inputs, outputs, False), np.full(30, -1)
        buffers = new_buffers(batch, outputs)
        find_leaves(batch, views, buffers, new_search(children), 0, 30, best)
        assert ((best >= 0) & (best < N_CLASSES)).all()
