"""An epoch of word2vec, cut into short calls of its kernel."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial

import numpy as np
from joblib import effective_n_jobs

from sklearn_embed._core.arrays import readonly
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


class Word2VecJob(Job):
    """Trains the matrices of a PredictionVectorizer.

    Parameters
    ----------
    model : PredictionVectorizer
        Whose parameters count.
    parts, held_out : list of TokenizedDocuments
        What to learn from, and what to measure the loss on.
    vocabulary : Vocabulary
        Words and counts.
    inputs, outputs : ndarray of shape (n_rows, width), float32
        Changed in place.
    seed : int
        Of everything drawn.
    schedule : Schedule
        How the learning rate falls.
    bags : tuple of ndarray, or None
        As of the kernels' `Bags`; None: word i has row i.
    """

    def __init__(
        self,
        model,
        parts,
        held_out,
        vocabulary,
        inputs,
        outputs,
        seed,
        schedule,
        bags=None,
    ):
        self._model, self._seed, self._schedule = model, seed, schedule
        self._inputs, self._outputs = inputs, outputs
        keep = readonly(keep_thresholds(vocabulary.counts, model.sample))
        self._parts = [self._corpus(part, vocabulary, keep) for part in parts]
        all_kept = readonly(np.full_like(keep, 2**32 - 1))
        self._held_out = [self._corpus(part, vocabulary, all_kept) for part in held_out]
        self._total = sum(part.n_tokens for part in parts)
        self._guide = self._make_guide(vocabulary.counts)
        self._bags = None if bags is None else Bags(*map(readonly, bags))
        self._kind = Kind(model.architecture, model.loss, bags is not None)
        self._epoch = make_epoch(self._kind)
        corpora = [*self._parts, *self._held_out]
        self._window = reachable_window(int(model.window), corpora, bags is not None)
        self._n_threads = effective_n_jobs(model.n_jobs)
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

    def _make_guide(self, counts):
        """Return what tells the kernel which output rows a word meets."""
        if self._model.loss == "softmax":
            return None
        if self._model.loss == "hierarchical_softmax":
            return Tree(*map(readonly, huffman_tree(counts)))
        rng = np.random.default_rng([self._seed, 2])
        width = self._outputs.shape[1]
        pool = draw_pool(counts, self._model.ns_exponent, rng, width)
        return NegativeSampler(readonly(pool), int(self._model.negative))

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
        model, schedule = self._model, self._schedule
        sequence = np.random.SeedSequence([self._seed, epoch + 1, part])
        return PassSettings(
            drawn_window=int(model.window),
            window=self._window,
            shrink=bool(model.shrink_windows),
            mean=bool(model.cbow_mean),
            learn=epoch >= 0,
            seed=sequence.generate_state(1, np.uint64)[0],
            rate=float(schedule.learning_rate),
            min_rate=float(schedule.min_learning_rate),
            done=float(done),
            planned=float(max(1, self._total * schedule.n_epochs)),
        )

    def _tokens_per_call(self, n_tokens):
        """Return how many tokens are few enough for Ctrl-C and for all threads."""
        predictions = 1 if self._model.architecture == "cbow" else self._model.window
        rows = {
            "negative_sampling": self._model.negative + 1,
            "hierarchical_softmax": 16,
            "softmax": len(self._outputs),
        }[self._model.loss]
        additions = 3 * predictions * rows
        if self._bags is not None:
            around = 2 * self._model.window if predictions == 1 else 1
            additions += around * len(self._bags.rows) / (len(self._bags.offsets) - 1)
        flops = 2 * additions * self._outputs.shape[1]
        share = n_tokens // (8 * self._n_threads) + 1
        n_tokens = max(LEAST_TOKENS, min(share, int(CALL_FLOPS / flops)))
        if self._bags is None:
            return n_tokens
        return -(-n_tokens // STEADY) * STEADY  # where a cut changes nothing

    def _call(self, corpus, plan, first, last):
        work = self._spare.pop() if self._spare else self._make_workspace()
        result = self._epoch(
            corpus, plan, first, last, self._guide, self._bags, work
        )  # fmt: skip
        self._spare.append(work)
        return result

    def _make_workspace(self):
        """Return a workspace for another thread: without replicas where it is alone."""
        loss, inputs, outputs = self._model.loss, self._inputs, self._outputs
        several = self._n_threads > 1 and loss != "softmax"
        n_in = min(N_SHARED, len(inputs)) * (several and self._bags is None)
        n_out = min(N_SHARED, len(outputs)) * several
        # The commonest words come first, the commonest nodes last.
        last = len(outputs) - n_out
        return make_workspace(
            self._kind,
            int(self._model.negative),
            self._window,
            share_matrix(inputs, 0, n_in),
            share_matrix(outputs, last * (loss != "negative_sampling"), n_out),
            max(1, EXCHANGES[loss] // self._n_threads) if several else 0,
        )
