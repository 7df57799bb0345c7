"""Vectors that predict the words around a word: what word2vec and fastText share."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import padded_zeros, readonly, stripped
from sklearn_embed._core.threads import n_threads
from sklearn_embed._models.checks import check_matrix
from sklearn_embed._models.kernels.bags import Bags
from sklearn_embed._models.kernels.losses import NegativeSampler
from sklearn_embed._models.kernels.replicas import share_matrix
from sklearn_embed._models.kernels.sampling import (
    Tree,
    draw_pool,
    huffman_tree,
    keep_thresholds,
)
from sklearn_embed._models.kernels.windows import (
    STEADY,
    Corpus,
    PassSettings,
    reachable_window,
)
from sklearn_embed._models.kernels.word2vec import Kind, make_epoch, make_workspace
from sklearn_embed._models.loop import Job

#: Multiplications and additions of one call: about a tenth of a second.
CALL_FLOPS = 2e9

#: Rows (the most used ones) that every thread has copies of.
N_SHARED = 512

#: Words after which a thread shares one of its rows, times the number of threads:
#: then all threads together hold back few changes of a row, and always as many.
EXCHANGES = {"negative_sampling": 16, "hierarchical_softmax": 8, "softmax": 0}

#: Tokens that a call reads at least.
LEAST_TOKENS = 2048

#: Windows no wider than this are taken as they are; the buffers of wider ones are as
#: long as the longest document, however wide they are.
PLAIN_WINDOW = 64

#: The width of a window is drawn from 32 random bits.
MOST_DRAWN = 2**32 - 1


@dataclass(frozen=True)
class PredictionSettings:
    """Parameters of a fit, as the estimators name them."""

    vector_size: int
    window: int
    architecture: str
    loss: str
    negative: int
    ns_exponent: float
    sample: float
    cbow_mean: bool
    shrink_windows: bool
    learning_rate: float
    min_learning_rate: float
    epochs: int
    min_count: int


class Outputs(NamedTuple):
    """Parameters of words as predicted, or of the inner nodes of a Huffman tree."""

    matrix: np.ndarray  # (V, d) or (V - 1, d), at least one row, float32
    is_tree: bool

    @classmethod
    def new(cls, n_words, settings):
        """Return zeros for so many words."""
        is_tree = settings.loss == "hierarchical_softmax"
        n_rows = max(n_words - 1, 1) if is_tree else n_words
        return cls(padded_zeros(n_rows, settings.vector_size), is_tree)

    def carry_over(self, before, old_rows, rows, vocabulary):
        """Take over the rows of words, or all nodes if the tree is still the same."""
        old, size = before.model.outputs, before.model.settings.vector_size
        if self.is_tree != old.is_tree:
            return
        if not self.is_tree:
            self.matrix[rows, :size] = old.matrix[old_rows]
        elif before.is_same(vocabulary):
            self.matrix[:, :size] = old.matrix

    def stripped(self, size, in_place):
        """Return the same without padding; ``in_place`` uses these up."""
        return self._replace(matrix=stripped(self.matrix, size, in_place))

    def check(self, n_words, size):
        """Refuse a matrix, read from a file, of another shape."""
        n_rows = max(n_words - 1, 1) if self.is_tree else n_words
        check_matrix("outputs", self.matrix, n_rows, size)

    @property
    def attribute(self):
        """Name of the fitted attribute that holds them."""
        return "node_vectors_" if self.is_tree else "context_vectors_"


class Chances(NamedTuple):
    """What the counts of all words say, where only some words are trained."""

    keep: np.ndarray  # (V,) uint32; see `keep_thresholds`
    pool: np.ndarray  # int32: negatives, drawn from these words


class PredictionJob(Job):
    """Trains input rows, one a word or a bag of them, and outputs.

    Parameters
    ----------
    settings : PredictionSettings
        How to train.
    data : Data
        TokenizedDocuments.
    vocabulary : Vocabulary
        Words and counts.
    parameters : tuple of (ndarray of shape (n_rows, width), float32; Outputs)
        Inputs and outputs, changed in place.
    run : Run
        Seed, schedule and threads.
    bags : Bags or None, default=None
        The input rows of each word; None: word i has row i.
    chances : Chances or None, default=None
        Which words are kept and drawn; None: as their counts say.
    """

    def __init__(
        self, settings, data, vocabulary, parameters, run, bags=None, chances=None
    ):
        self._settings, (self._seed, self._schedule, n_jobs) = settings, run
        self._inputs, outputs = parameters
        self._outputs = outputs.matrix
        if chances is None:
            chances = Chances(keep_thresholds(vocabulary.counts, settings.sample), None)
        keep = readonly(chances.keep)
        self._parts = [self._corpus(part, vocabulary, keep) for part in data.parts]
        all_kept = readonly(np.full_like(keep, 2**32 - 1))
        self._held_out = [
            self._corpus(part, vocabulary, all_kept) for part in data.held_out
        ]
        self._total = sum(part.n_tokens for part in data.parts)
        corpora = self._parts + self._held_out
        self._window = reachable_window(settings.window, corpora, bags is not None)
        self._sampler = self._make_sampler(vocabulary.counts, chances.pool)
        if settings.sample:
            self.needed += f" once sample={settings.sample:g} has thinned them out"
        if settings.loss == "negative_sampling":
            self.loss_limit = Job.loss_limit * (1 + settings.negative)
        self._bags = None if bags is None else Bags(*map(readonly, bags))
        self._kind = Kind(settings.architecture, settings.loss, bags is not None)
        self._epoch = make_epoch(self._kind)
        self._n_threads = n_threads(n_jobs)
        self._spare = []  # workspaces that no thread is using

    def phases(self, epoch):
        """Yield the slices of one epoch, all at once: threads do not wait."""
        yield self._tasks(self._parts, epoch)

    def validation_phases(self):
        """Yield slices that measure the loss of the held-out documents."""
        yield self._tasks(self._held_out, -1)

    def _corpus(self, documents, vocabulary, keep):
        rows = readonly(vocabulary.rows(documents.table))
        return Corpus(documents.ids, documents.starts, documents.offsets, rows, keep)

    def _make_sampler(self, counts, pool):
        """Return what tells the kernel which output rows a word meets."""
        if self._settings.loss == "softmax":
            return None
        if self._settings.loss == "hierarchical_softmax":
            return Tree(*map(readonly, huffman_tree(counts)))
        if pool is None:
            rng = np.random.default_rng([self._seed, 2])
            width = self._outputs.shape[1]
            pool = draw_pool(counts, self._settings.ns_exponent, rng, width)
        return NegativeSampler(readonly(pool), int(self._settings.negative))

    def _tasks(self, corpora, epoch):
        """Yield one call of the kernel after the other; epoch -1 only measures."""
        done = self._total * max(epoch, 0)
        for number, corpus in enumerate(corpora):
            plan = self._plan(epoch, number, done)
            n_tokens = int(corpus.offsets[-1])
            step = self._tokens_per_call(n_tokens)
            for first in range(0, n_tokens, step):
                last = min(first + step, n_tokens)
                yield partial(self._call, corpus, plan, first, last)
            done += n_tokens

    def _plan(self, epoch, part, done):
        settings, schedule = self._settings, self._schedule
        sequence = np.random.SeedSequence([self._seed, epoch + 1, part])
        return PassSettings(
            drawn_window=min(int(settings.window), MOST_DRAWN),
            window=self._window,
            shrink=bool(settings.shrink_windows),
            mean=bool(settings.cbow_mean),
            learn=epoch >= 0,
            seed=sequence.generate_state(1, np.uint64)[0],
            rate=float(schedule.learning_rate),
            min_rate=float(schedule.min_learning_rate),
            done=float(done),
            planned=float(max(1, self._total * schedule.n_epochs)),
        )

    def _tokens_per_call(self, n_tokens):
        """Return how many tokens are few enough for Ctrl-C and for all threads."""
        predictions = 1 if self._settings.architecture == "cbow" else self._window
        rows = {
            "negative_sampling": self._settings.negative + 1,
            "hierarchical_softmax": 16,
            "softmax": len(self._outputs),
        }[self._settings.loss]
        additions = 3 * predictions * rows
        if self._bags is not None:
            around = 2 * self._window if predictions == 1 else 1
            additions += around * len(self._bags.rows) / (len(self._bags.offsets) - 1)
        flops = 2 * additions * self._outputs.shape[1]
        share = n_tokens // (8 * self._n_threads) + 1
        n_tokens = max(LEAST_TOKENS, min(share, int(CALL_FLOPS / flops)))
        if self._bags is None:
            return n_tokens
        return -(-n_tokens // STEADY) * STEADY  # where a cut changes nothing

    def _call(self, corpus, plan, first, last):
        work = self._spare.pop() if self._spare else self._make_workspace()
        fixed = self._sampler, self._bags, work
        result = self._epoch(corpus, plan, first, last, *fixed)
        self._spare.append(work)
        return result

    def _make_workspace(self):
        """Return a workspace for another thread: without replicas where it is alone."""
        loss, inputs, outputs = self._settings.loss, self._inputs, self._outputs
        several = self._n_threads > 1 and loss != "softmax"
        n_in = min(N_SHARED, len(inputs)) * (several and self._bags is None)
        n_out = min(N_SHARED, len(outputs)) * several
        # The commonest words come first, the commonest nodes last.
        last = len(outputs) - n_out
        return make_workspace(
            self._kind,
            int(self._settings.negative),
            self._window,
            share_matrix(inputs, 0, n_in),
            share_matrix(outputs, last * (loss != "negative_sampling"), n_out),
            max(1, EXCHANGES[loss] // self._n_threads) if several else 0,
        )
