"""N-grams as a tree, their Kneser–Ney probabilities, and what a text is given by them.

Sizes: V words, N the longest n-gram, G nodes, the first I of which have children.  A
node is an n-gram: the nodes of level 1 are its last word, a child is the same n-gram
with one more word in front.  Nodes are numbered level by level; the children of a node
stand side by side, their words rising.  Node w of level 1 is the word w, all V + 2 of
them: V is the unknown word, V + 1 the mark of an end and, in front, of a beginning.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inlined, inner, kernel


class Tree(NamedTuple):
    """The nodes."""

    words: np.ndarray  # (G,) int32: the word in front of each n-gram
    children: np.ndarray  # (I + 1,) int32: where those of a node begin


class Weights(NamedTuple):
    """What is known of the nodes, in natural logarithms."""

    log_proba: np.ndarray  # (G,) float32: of the last word, given those before it
    log_backoff: np.ndarray  # (I,) float32: as a context, the factor of shorter ones


@inlined
def lcp_of(rows, i):
    """Return how many columns a row and the one before it have in common."""
    k = 0
    while k < rows.shape[1] and rows[i, k] == rows[i - 1, k] and rows[i, k] >= 0:
        k += 1
    return k


@kernel(allocates=False)
def count_nodes(rows, sizes):
    """Count the nodes of levels 2 … N of a table; sizes is zeros, changed in place."""
    for i in range(len(rows)):
        k = lcp_of(rows, i) if i > 0 else 0
        while k < rows.shape[1] and rows[i, k] >= 0:
            sizes[k] += 1
            k += 1


@kernel(allocates=False)
def fill_tree(rows, counts, following, words, children, numbers):
    """Make the tree of a table.

    Parameters
    ----------
    rows : ndarray of shape (M, N), int32
    counts : ndarray of shape (M,), int64
        A table; see `ngrams`.
    following : ndarray of shape (N + 1,), int64
        The first node of each level, then G.  Changed in place.
    words : ndarray of shape (G,), int32
    children : ndarray of shape (I + 1,), int32
        Changed in place.
    numbers : ndarray of shape (G,), int64
        Zeros.  On return how often a node without children occurs and, of others,
        how many children they have.  Changed in place.
    """
    n_levels, n_first = rows.shape[1], following[1]
    word = 0
    for w in range(n_first):
        words[w] = w
    for i in range(len(rows)):
        k = lcp_of(rows, i) if i > 0 else 0
        if k == 0:
            while word <= rows[i, 0]:
                if n_levels > 1:
                    children[word] = following[1]
                word += 1
            k = 1
        node = np.int64(rows[i, 0])
        while k < n_levels and rows[i, k] >= 0:
            # Its parent is the node that was made last on the level above.
            parent = node if k == 1 else following[k - 1] - 1
            node = following[k]
            following[k] += 1
            words[node] = rows[i, k]
            numbers[parent] += 1
            if k + 1 < n_levels:
                children[node] = following[k + 1]
            k += 1
        numbers[node] += counts[i]
    while n_levels > 1 and word < n_first:
        children[word] = following[1]
        word += 1


@inner
def find_child(tree, node, word):
    """Return the child of a node that has a word in front, or -1."""
    low, last = np.int64(tree.children[node]), np.int64(tree.children[node + 1])
    high = last
    while low < high:
        middle = (low + high) >> 1
        if tree.words[middle] < word:
            low = middle + 1
        else:
            high = middle
    if low < last and tree.words[low] == word:
        return low
    return np.int64(-1)


@kernel(allocates=False)
def find_contexts(tree, first, last, contexts):
    """Find the context of each n-gram of a level: the same without its last word.

    Parameters
    ----------
    tree : Tree
    first, last : int
        The nodes of the level above, of level 1 or higher.
    contexts : ndarray of shape (G,), int32
        Known for the level above, if that is not the first one.  Changed in place.

    Returns
    -------
    int
        A node without context, or -1.
    """
    for node in range(first, last):
        begin, stop = np.int64(tree.children[node]), np.int64(tree.children[node + 1])
        if first == 0:
            for child in range(begin, stop):
                contexts[child] = tree.words[child]
            continue
        context = np.int64(contexts[node])
        at = np.int64(tree.children[context])
        end = np.int64(tree.children[context + 1])
        for child in range(begin, stop):
            # All that stands in front of the n-gram stands in front of its context.
            word, step = tree.words[child], np.int64(1)
            while at + step < end and tree.words[at + step] <= word:
                at += step
                step *= 2
            while step > 0:
                if at + step < end and tree.words[at + step] <= word:
                    at += step
                step >>= 1
            if at >= end or tree.words[at] != word:
                return child
            contexts[child] = at
    return -1


@kernel(allocates=False)
def count_counts(numbers, first, last, found):
    """Count the nodes of a level whose number is 1, 2, 3 and 4; found is zeros."""
    for node in range(first, last):
        if 1 <= numbers[node] <= 4:
            found[numbers[node] - 1] += 1


@inlined
def discount_of(discounts, number):
    """Return what a number loses: by whether it is 0, 1, 2, or more."""
    return discounts[min(number, np.int64(3))]


@kernel(allocates=False)
def estimate_level(tree, contexts, numbers, nodes, discounts, sums):
    """Turn the numbers of a level into probabilities.

    Equations 20 and 24 of Chen and Goodman (1999).

    Parameters
    ----------
    tree : Tree
    contexts : ndarray of shape (G,), int32
        From `find_contexts`.
    numbers : ndarray of shape (G,), int64
        Of this level: numbers; of the one above: bits of float64 probabilities.
        Changed in place, to those.
    nodes : tuple of int
        The first node of the level above, which is that of the contexts, too, and the
        first of this level.
    discounts : ndarray of shape (4,), float64
        For numbers of 0, 1, 2, and 3 or more.
    sums : tuple of ndarray of shape (n_contexts,), float64
        Sum of the numbers and of the discounts of each context, as
        `sum_level` made them.
    """
    totals, lost = sums
    first, last = nodes
    for parent in range(first, last):
        shorter = np.int64(numbers[parent]).view(np.float64)
        for node in range(tree.children[parent], tree.children[parent + 1]):
            c = contexts[node] - first
            number = numbers[node]
            kept = max(number - discount_of(discounts, number), 0.0)
            proba = (kept + lost[c] * shorter) / totals[c]
            numbers[node] = np.float64(proba).view(np.int64)


@kernel(allocates=False)
def sum_level(contexts, numbers, nodes, last, discounts, sums):
    """Sum the numbers of a level, and what they lose, for each context.

    Parameters
    ----------
    contexts, numbers, nodes, discounts, sums
        As of `estimate_level`; sums are zeros, changed in place.
    last : int
        The first node of the next level.
    """
    totals, lost = sums
    for node in range(nodes[1], last):
        c = contexts[node] - nodes[0]
        totals[c] += numbers[node]
        lost[c] += discount_of(discounts, numbers[node])


@kernel(allocates=False)
def score_ids(tree, weights, sequences, first, last, nodes, out):
    """Write the log-probability of each id of some documents.

    Parameters
    ----------
    tree : Tree
    weights : Weights
    sequences : tuple of ndarray
        Ids, int32, and where each document begins, int64.
    first, last : int
        Which documents.
    nodes : ndarray of shape (2, N), int64
        Scratch buffer.
    out : ndarray of shape (n,), float64
        Changed in place.
    """
    ids, offsets = sequences
    order, mark = nodes.shape[1], tree.children[0] - 1
    for document in range(first, last):
        begin = offsets[document]
        contexts, found, n_contexts = nodes[0], nodes[1], 0
        if order > 1:
            contexts[0], n_contexts = mark, 1
        for t in range(begin, offsets[document + 1]):
            n_found = 1
            found[0] = ids[t]
            while n_found < order and t - n_found >= begin - 1:
                before = ids[t - n_found] if t - n_found >= begin else mark
                child = find_child(tree, found[n_found - 1], before)
                if child < 0:
                    break
                found[n_found] = child
                n_found += 1
            total = np.float64(weights.log_proba[found[n_found - 1]])
            for n in range(n_found - 1, n_contexts):
                total += weights.log_backoff[contexts[n]]
            out[t] = total
            contexts, found = found, contexts
            n_contexts = min(n_found, order - 1)


@kernel(allocates=False)
def score_next(tree, weights, history, nodes, out):
    """Write the log-probability of each word after some others.

    Parameters
    ----------
    tree : Tree
    weights : Weights
    history : ndarray of shape (n,), int32
        The words before, the last one first; at most N - 1.
    nodes : ndarray of shape (N,), int64
        Scratch buffer.
    out : ndarray of shape (V + 2,), float64
        Changed in place.
    """
    n_contexts = 0
    if len(history):
        nodes[0], n_contexts = history[0], 1
    while 0 < n_contexts < len(history):
        child = find_child(tree, nodes[n_contexts - 1], history[n_contexts])
        if child < 0:
            break
        nodes[n_contexts] = child
        n_contexts += 1
    for word in range(len(out)):
        node, n_found = np.int64(word), 1
        while n_found <= len(history):
            child = find_child(tree, node, history[n_found - 1])
            if child < 0:
                break
            node = child
            n_found += 1
        total = np.float64(weights.log_proba[node])
        for n in range(n_found - 1, n_contexts):
            total += weights.log_backoff[nodes[n]]
        out[word] = total


@kernel(allocates=False)
def back_off(tree, rows, nodes, parents, weights):
    """Give n-grams without a probability of their own that of a shorter one.

    Parameters
    ----------
    tree : Tree
    rows : ndarray of shape (n, k), int32
        The n-grams, the last word first.
    nodes, parents : ndarray of shape (n,), int32
        Their nodes, and those of the same without the first word.
    weights : tuple of ndarray
        As of `Weights`; log-probabilities are changed in place.
    """
    log_proba, log_backoff = weights
    for i in range(len(rows)):
        context, k = np.int64(rows[i, 1]), 2
        while k < rows.shape[1] and context >= 0:
            context = find_child(tree, context, rows[i, k])
            k += 1
        factor = log_backoff[context] if context >= 0 else np.float32(0)
        log_proba[nodes[i]] = log_proba[parents[i]] + factor
