"""Back-off language models of n-grams, and interpolated modified Kneser–Ney."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import run_all
from sklearn_embed._models.kernels.backoff import (
    Tree,
    Weights,
    count_counts,
    count_nodes,
    estimate_level,
    fill_tree,
    find_contexts,
    score_ids,
    score_next,
    sum_level,
)

#: Discounts where the counts of counts say nothing, for numbers of 1, 2, and more.
FALLBACK = (0.5, 1.0, 1.5)

#: Documents of a task, at least.
_LEAST_DOCUMENTS = 64

#: Log-probabilities are no less: about 1e-100.
LEAST_LOG = -230.0


@dataclass
class BackoffModel:
    """Probabilities of n-grams and factors of contexts: a `SequenceModel`.

    Parameters
    ----------
    order : int
        N, the number of words of the longest n-grams.
    words, children, log_probas, log_backoffs : ndarray
        As of `Tree` and `Weights`.
    """

    order: int
    words: np.ndarray
    children: np.ndarray
    log_probas: np.ndarray
    log_backoffs: np.ndarray

    @property
    def n_outcomes(self):
        """Number of ids: V + 2."""
        return int(self.children[0])

    @property
    def bounds(self):
        """The first node of each level, and the number of nodes."""
        bounds = [0, int(self.children[0])]
        for _ in range(self.order - 1):
            bounds.append(int(self.children[bounds[-1]]))
        return bounds

    def start(self):
        """Return the state before the first word: the words before, the last first."""
        return (self.n_outcomes - 1,) if self.order > 1 else ()

    def advance(self, state, word):
        """Return the state after one more word."""
        return (word, *state)[: self.order - 1]

    def next_log_proba(self, state):
        """Return the log-probability of each id, float64."""
        out = np.empty(self.n_outcomes)
        history = readonly(np.array(state, np.int32))
        score_next(*self._parts(), history, np.empty(self.order, np.int64), out)
        return out

    def log_proba(self, sequences, n_jobs=1):
        """Return the log-probability of each id given those before it, float64."""
        out, parts = np.empty(len(sequences.ids)), self._parts()
        ids, n = (sequences.ids, sequences.offsets), len(sequences.offsets) - 1
        step = max(_LEAST_DOCUMENTS, n // 64)

        def call(first):
            nodes = np.empty((2, self.order), np.int64)
            score_ids(*parts, ids, first, min(first + step, n), nodes, out)

        run_all(call, range(0, n, step), n_jobs)
        return out

    def _parts(self):
        tree = Tree(readonly(self.words), readonly(self.children))
        return tree, Weights(readonly(self.log_probas), readonly(self.log_backoffs))

    def check(self, n_words):
        """Refuse arrays that would lead a kernel out of bounds."""
        words, children = self.words, self.children
        for name, array, kind in (
            ("words", words, np.int32),
            ("children", children, np.int32),
            ("log_probas", self.log_probas, np.float32),
            ("log_backoffs", self.log_backoffs, np.float32),
        ):
            if array.dtype != kind or array.ndim != 1:
                raise ValueError(f"{name} is no array of {np.dtype(kind)}")
        n_first, n_inner, n_nodes = n_words + 2, len(children) - 1, len(words)
        if not 1 <= self.order <= 64 or len(self.log_probas) != n_nodes:
            raise ValueError(f"{len(self.log_probas)} probabilities of {n_nodes} nodes")
        if len(self.log_backoffs) != n_inner or n_inner < 0:
            raise ValueError("log_backoffs do not fit children")
        if children[0] != n_first or children[-1] != n_nodes:
            raise ValueError(f"children are not those of {n_words} words")
        if (children[1:] < children[:-1]).any() or n_nodes < n_first:
            raise ValueError("children do not rise")
        bounds = [0, n_first]
        for _ in range(self.order - 1):
            if bounds[-1] > n_inner or children[bounds[-1]] < bounds[-1]:
                raise ValueError("children are not those of levels")
            bounds.append(int(children[bounds[-1]]))
        if bounds[-2] != n_inner or bounds[-1] != n_nodes:
            raise ValueError(f"the tree has not {self.order} levels")
        if (words[:n_first] != np.arange(n_first)).any():
            raise ValueError("the first nodes are not the words")
        if words.min() < 0 or words.max() >= n_first:
            raise ValueError("a word of a node is none")
        falls = 1 + np.flatnonzero(words[1:] <= words[:-1])
        if not np.isin(falls, children).all():
            raise ValueError("the words of a node's children do not rise")
        for array in (self.log_probas, self.log_backoffs):
            if not np.isfinite(array).all():
                raise ValueError("a probability is not finite")


class Estimated(NamedTuple):
    """What came of counts."""

    model: BackoffModel
    discounts: np.ndarray  # (N, 3) float64: of numbers 1, 2, 3 and more, by length
    n_ngrams: list  # of each length, numbers of n-grams that occur


class CountedTree(NamedTuple):
    """Counts as a tree, which is all that probabilities are made of."""

    tree: Tree
    numbers: np.ndarray  # (G,) int64: see `fill_tree`
    bounds: list  # the first node of each level, then G


def kneser_ney(counted):
    """Return interpolated modified Kneser–Ney estimates.

    Parameters
    ----------
    counted : CountedTree
        Not empty.  Its numbers are overwritten.
    """
    tree, numbers, bounds = counted
    order, contexts = len(bounds) - 1, np.zeros(bounds[-1], np.int32)
    for level in range(order - 1):
        wrong = find_contexts(tree, bounds[level], bounds[level + 1], contexts)
        if wrong >= 0:
            raise ValueError(
                "counts hold an n-gram, but not the one that is left when its last "
                "word is taken away: they are not those of whole documents."
            )
    discounts = np.zeros((order, 3))
    log_backoff = np.zeros(len(tree.children) - 1, np.float32)
    n_ngrams = [int(np.count_nonzero(numbers[: bounds[1]])), *np.diff(bounds[1:])]
    for level in range(order):
        first, last = bounds[level], bounds[level + 1]
        found = np.zeros(4, np.int64)
        count_counts(numbers, first, last, found)
        discounts[level] = _discounts(found)
        lost = np.append(0.0, discounts[level])
        if level == 0:
            _estimate_words(numbers[:last], lost)
            continue
        shift, n_contexts = bounds[level - 1], bounds[level] - bounds[level - 1]
        sums = np.zeros(n_contexts), np.zeros(n_contexts)
        sum_level(contexts, numbers, (shift, first), last, lost, sums)
        estimate_level(tree, contexts, numbers, (shift, first), lost, sums)
        totals, mass = sums
        seen = totals > 0
        factors = log_backoff[shift : shift + n_contexts]
        factors[seen] = np.log(mass[seen] / totals[seen])
    del contexts
    log_proba = np.empty(bounds[-1], np.float32)
    step = 1 << 20
    for at in range(0, bounds[-1], step):
        log_proba[at : at + step] = np.log(numbers[at : at + step].view(np.float64))
    model = BackoffModel(order, *tree, log_proba, log_backoff)
    return Estimated(model, discounts, [int(n) for n in n_ngrams])


def counted_tree(table, n_words):
    """Return the CountedTree of a Table of V words."""
    rows, counts = table
    sizes = np.zeros(rows.shape[1], np.int64)
    count_nodes(rows, sizes)
    sizes[0] = n_words + 2
    bounds = [0, *np.cumsum(sizes).tolist()]
    if bounds[-1] >= 2**31 - 1:
        raise OverflowError(
            f"{bounds[-1]} n-grams are more than fit: lower order or max_features, or "
            "raise min_count."
        )
    words = np.empty(bounds[-1], np.int32)
    children = np.full(bounds[-2] + 1, bounds[-1], np.int32)
    numbers = np.zeros(bounds[-1], np.int64)
    following = np.array(bounds, np.int64)
    fill_tree(rows, counts, following, words, children, numbers)
    return CountedTree(Tree(readonly(words), readonly(children)), numbers, bounds)


def _discounts(found):
    """Return what numbers of 1, 2, and 3 or more lose; equations 26 of the paper.

    Parameters
    ----------
    found : ndarray of shape (4,), int64
        How many n-grams have the numbers 1, 2, 3, 4.
    """
    one, two, three, four = found.tolist()
    if min(one, two, three) == 0:
        return FALLBACK
    share = one / (one + 2 * two)
    ratios = two / one, three / two, four / three
    lost = [n - (n + 1) * share * ratio for n, ratio in enumerate(ratios, 1)]
    return tuple(lost) if min(lost) > 0 else FALLBACK


def _estimate_words(numbers, lost):
    """Turn the numbers of words into probabilities; all of them share what is lost."""
    total = numbers.sum()
    losses = lost[np.minimum(numbers, 3)]
    shared = losses.sum() / len(numbers)
    proba = (np.maximum(numbers - losses, 0.0) + shared) / total
    numbers[:] = proba.view(np.int64)
