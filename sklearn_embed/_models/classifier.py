"""Labelled documents as a text classifier's kernels want them, and its epochs."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Spool
from sklearn_embed._models.kernels.class_tree import (
    find_leaves,
    leaf_log_probabilities,
    new_search,
    tree_children,
)
from sklearn_embed._models.kernels.classifier import (
    ClassifierPass,
    DocumentBatch,
    Targets,
    flat_matrices,
    most_features,
    new_buffers,
    score_documents,
    train_documents,
    word_ngrams,
)
from sklearn_embed._models.kernels.classifier_loss import ONE_VS_ALL
from sklearn_embed._models.loop import Job
from sklearn_embed._text.char_ngrams import bags, ngram_buckets, token_codes
from sklearn_embed._text.kernels.char_ngrams import number_buckets
from sklearn_embed._text.tokens import stop_word_set
from sklearn_embed._text.vocabulary import Vocabulary, token_counts

#: Multiplications and additions of one call: some hundredths of a second.
CALL_FLOPS = 2e8

#: Documents of one call, at least.
LEAST_DOCUMENTS = 64


class Ngrams(NamedTuple):
    """Which n-grams count, and how many values their hash can take."""

    word_ngrams: int  # longest of words; 1: none
    min_n: int
    max_n: int  # shortest and longest of characters; longest 0: none
    n_buckets: int

    @property
    def wanted(self):
        """Whether there are any."""
        return self.word_ngrams > 1 or self.max_n > 0


class Labelled:
    """Documents with their labels and weights.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    offsets : ndarray of shape (n + 1,), int64
        Where each document's labels begin.
    labels : ndarray, int32
        Numbers of classes.
    weights : ndarray of shape (n,), float32
        How much each document counts.
    """

    def __init__(self, documents, offsets, labels, weights):
        self.documents = documents
        self.targets = Targets(
            readonly(offsets, np.int64),
            readonly(labels, np.int32),
            readonly(weights, np.float32),
            False,
        )

    def __len__(self):
        return len(self.documents)

    def __getitem__(self, mask):
        """Return the documents of a boolean mask."""
        offsets, labels, weights, _ = self.targets
        sizes = np.diff(offsets)
        chosen = np.concatenate([[0], np.cumsum(sizes[mask])])
        return Labelled(
            self.documents[mask], chosen, labels[np.repeat(mask, sizes)], weights[mask]
        )


class FeatureSpace(Vocabulary):
    """A vocabulary, and the rows of n-grams that follow those of its words.

    Row V belongs to the mark that ends every document.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    ngrams : Ngrams
        Which n-grams there are.
    stop_words : object
        As the parameter of that name; these tokens are not there at all.
    bucket_rows : ndarray of shape (n_buckets,), int32
        Place of each bucket's row among those of buckets, -1 where it has none.
    skip : bool, default=False
        Whether n-grams without a row do not count; otherwise they are zeros.
    """

    def __init__(self, vocabulary, ngrams, stop_words, bucket_rows, skip=False):
        vars(self).update(vars(vocabulary))
        self.ngrams, self.stop_words, self.skip = ngrams, stop_words, skip
        self.bucket_rows = readonly(bucket_rows, np.int32)

    @classmethod
    def learn(cls, vocabulary, ngrams, stop_words, documents, known=None):
        """Give a row to every bucket that these documents, or earlier ones, touch."""
        if not ngrams.wanted:
            return cls(vocabulary, ngrams, stop_words, np.empty(0, np.int32))
        rows = np.full(ngrams.n_buckets, -1, np.int32) if known is None else known + 0
        n = int(rows.max(initial=-1)) + 1
        space = cls(vocabulary, ngrams, stop_words, rows)
        if ngrams.max_n > 0:
            left_out = space.left_out(documents.table)
            used = (token_counts(documents) > 0) & (left_out == 0)
            bounds, buckets = space.character_ngrams(documents.table)
            n = number_buckets(buckets[np.repeat(used, np.diff(bounds))], rows, n)
        for _, buckets in space.word_ngrams(documents):
            n = number_buckets(buckets, rows, n)
        return cls(vocabulary, ngrams, stop_words, rows)

    @property
    def n_rows(self):
        """Number of input rows: words, mark and buckets."""
        return len(self) + 1 + int(self.bucket_rows.max(initial=-1)) + 1

    def character_ngrams(self, table):
        """Return bounds and buckets of the character n-grams of a table's tokens."""
        return ngram_buckets(table, *self.ngrams[1:])

    def left_out(self, table):
        """Return uint8: 1 for the tokens of a table that are not there at all."""
        stops = stop_word_set(self.stop_words)
        out = np.zeros(len(table), np.uint8)
        if stops:
            out[:] = [token in stops for token in table.tolist()]
        return readonly(out)

    def word_ngrams(self, documents):
        """Yield bounds and buckets of the n-grams of words, some documents a time."""
        table = documents.table
        codes = token_codes(table).view(np.int32).astype(np.int64).view(np.uint64)
        per_token = readonly(codes), self.left_out(table)
        limits = int(self.ngrams.word_ngrams), int(self.ngrams.n_buckets)
        for block in documents.blocks():
            yield word_ngrams(
                block.ids, block.starts, block.offsets, *per_token, *limits
            )

    def word_ngram_rows(self, documents):
        """Return where each document's n-grams of words begin, and their rows."""
        sizes, rows = [np.zeros(1, np.int64)], Spool(np.int32)
        if self.ngrams.word_ngrams == 1:
            return np.zeros(len(documents) + 1, np.int64), rows.result()
        for bounds, buckets in self.word_ngrams(documents):
            found = self.bucket_rows[buckets]
            found[found >= 0] += len(self) + 1
            rows.append(found)
            sizes.append(np.diff(bounds))
        return np.cumsum(np.concatenate(sizes)), rows.result()

    def arrays(self, documents):
        """Return documents as arrays for the kernels."""
        table = documents.table
        bounds, others = np.zeros(len(table) + 1, np.int64), np.empty(0, np.int32)
        if self.ngrams.max_n > 0:
            bounds, buckets = self.character_ngrams(table)
            others = self.bucket_rows[buckets]
            others[others >= 0] += len(self) + 1
        places = documents.ids, documents.starts, documents.offsets
        bag = [*map(readonly, bags(self.rows(table), bounds, others))]
        ngrams = [*map(readonly, self.word_ngram_rows(documents))]
        most = most_features(*places, bag[0], ngrams[0])
        rows = *bag, self.left_out(table), *ngrams
        return DocumentBatch(*places, *rows, len(self), bool(self.skip), int(most))

    def scores(self, documents, inputs, outputs, threads, tree=None):
        """Return a score for each class: float32 (n, C).

        The products of hidden vectors and output rows; with a tree, logarithms of
        probabilities.
        """
        n_classes = len(outputs) if tree is None else len(tree.offsets) - 1
        out = np.empty((len(documents), n_classes), np.float32)
        self._predict(_score, documents, inputs, outputs, threads, tree, out)
        return out

    def best_leaves(self, documents, inputs, outputs, threads, tree):
        """Return the number of each document's likeliest class: int64 (n,)."""
        out = np.empty(len(documents), np.int64)
        self._predict(_search, documents, inputs, outputs, threads, tree, out)
        return out

    def _predict(self, predict, documents, inputs, outputs, threads, tree, out):
        if tree is not None and len(tree.offsets) < 3:
            out[:] = 0  # of one class there is no doubt
            return
        children = None if tree is None else readonly(tree_children(tree))
        batch, matrices = self.arrays(documents), flat_matrices(inputs, outputs, False)
        step = max(LEAST_DOCUMENTS, len(documents) // 64)
        tasks = (
            partial(predict, batch, matrices, outputs, children, first, part)
            for first in range(0, len(documents), step)
            for part in [out[first : first + step]]
        )
        for _ in threads.run(tasks):
            pass


def _score(batch, matrices, outputs, children, first, out):
    buffers, last = new_buffers(batch, outputs), first + len(out)
    if children is None:
        score_documents(batch, matrices, buffers, first, last, out)
        return
    scores = np.empty((len(out), len(children)), np.float32)
    score_documents(batch, matrices, buffers, first, last, scores)
    leaf_log_probabilities(scores, children, np.empty(len(children)), out)


def _search(batch, matrices, outputs, children, first, out):
    buffers, last = new_buffers(batch, outputs), first + len(out)
    find_leaves(batch, matrices, buffers, new_search(children), first, last, out)


class SupervisedJob(Job):
    """Trains the matrices of a text classifier.

    Parameters
    ----------
    space : FeatureSpace
        What the rows belong to.
    parts, held_out : list of Labelled
        What to learn from, and what to measure the loss on; one or none each.
    matrices : tuple of ndarray
        Inputs and outputs.  Changed in place.
    loss : JudgedRows or None
        Which output rows a document trains.
    seed : int
        Of everything drawn.
    schedule : Schedule
        How the learning rate falls.
    """

    def __init__(self, space, parts, held_out, matrices, loss, seed, schedule):
        self._space, self._loss = space, loss
        self._matrices, self._outputs = flat_matrices(*matrices, True), matrices[1]
        self._seed, self._schedule = seed, schedule
        self._parts = [self._arrays(part) for part in parts]
        self._held_out = [self._arrays(part) for part in held_out]

    def phases(self, epoch):
        """Yield the slices of one epoch, all at once: threads do not wait."""
        yield self._tasks(self._parts, epoch)

    def validation_phases(self):
        """Yield slices that measure the loss of the held-out documents."""
        yield self._tasks(self._held_out, -1)

    def _arrays(self, part):
        # Only one_vs_all learns from documents that have no label.
        unlabelled = self._loss is not None and self._loss.kind == ONE_VS_ALL
        targets = part.targets._replace(unlabelled=unlabelled)
        return self._space.arrays(part.documents), targets, part.documents.n_tokens

    def _tasks(self, parts, epoch):
        for arrays, targets, n_tokens in parts:
            n = len(targets.weights)
            rng = np.random.default_rng([self._seed, epoch + 1])
            order = rng.permutation(n) if epoch >= 0 else np.arange(n)
            run = self._pass(epoch, readonly(order))
            step = self._documents_per_call(n, n_tokens, len(arrays.bag_rows))
            for first in range(0, n, step):
                last = min(first + step, n)
                yield partial(self._train, arrays, targets, run, first, last)

    def _train(self, batch, targets, run, first, last):
        buffers = new_buffers(batch, self._outputs, self._loss)
        fixed = batch, targets, run, self._loss, self._matrices
        return train_documents(*fixed, buffers, first, last)

    def _pass(self, epoch, order):
        schedule, n = self._schedule, len(order)
        sequence = np.random.SeedSequence([self._seed, epoch + 1])
        return ClassifierPass(
            order,
            seed=sequence.generate_state(1, np.uint64)[0],
            learn=epoch >= 0,
            rate=float(schedule.learning_rate),
            min_rate=float(schedule.min_learning_rate),
            n_done=float(n * max(epoch, 0)),
            n_planned=float(n * schedule.n_epochs),
        )

    def _documents_per_call(self, n, n_tokens, n_bag_rows):
        """Return how many documents are few enough for Ctrl-C and for all threads."""
        n_outputs, width = self._outputs.shape
        per_token = self._space.ngrams.word_ngrams
        if self._space.ngrams.max_n > 0:
            per_token += n_bag_rows / max(1, len(self._space))
        rows = per_token * n_tokens / n + n_outputs
        fast_enough = int(CALL_FLOPS / (4 * width * rows))
        return max(LEAST_DOCUMENTS, min(n // 32 + 1, fast_enough))
