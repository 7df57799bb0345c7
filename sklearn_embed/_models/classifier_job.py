"""How a text classifier is trained: documents in a random order, slice by slice."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.features import LEAST_DOCUMENTS
from sklearn_embed._models.kernels.classifier import (
    STEADY,
    ClassifierPass,
    Targets,
    flat_matrices,
    new_buffers,
    train_documents,
)
from sklearn_embed._models.kernels.classifier_loss import ONE_VS_ALL, make_loss
from sklearn_embed._models.kernels.document_features import DocumentBatch
from sklearn_embed._models.kernels.feature_weights import WeightedBatch
from sklearn_embed._models.kernels.sampling import Tree, draw_pool, huffman_tree
from sklearn_embed._models.loop import Job
from sklearn_embed._models.weighting import list_features

#: Multiplications and additions of one call: some hundredths of a second.
CALL_FLOPS = 2e8

#: A penalty above it leaves zeros, as this one does.
MOST_ALPHA = 1e30

#: By how much, as a logarithm, parameters shrink at most before the matrices do.
MOST_DECAY = 4.0


def tree_of(counts, leaves):
    """Return the Huffman tree of classes whose leaves stand in a given order."""
    tree = huffman_tree(counts[leaves])
    place = np.argsort(leaves)
    sizes = np.diff(tree.offsets)[place]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    shift = np.repeat(tree.offsets[:-1][place] - offsets[:-1], sizes)
    path = shift + np.arange(offsets[-1])
    return Tree(*map(readonly, (offsets, tree.nodes[path], tree.codes[path])))


class Part(NamedTuple):
    """Documents and labels as the kernels take them."""

    batch: DocumentBatch | WeightedBatch
    targets: Targets
    n_features: float  # of a document, about


class ClassifierJob(Job):
    """Trains the matrices of a text classifier.

    Parameters
    ----------
    space : FeatureSpace
        What the rows belong to.
    data : Data
        Labelled documents.
    model : SupervisedFastText
        Whose inputs and outputs, and numbers of documents, are changed in place.
    run : Run
        Seed and schedule.
    pool : ndarray, int32, or None
        Classes drawn for negative sampling; None: draw them.
    """

    needed = "a label and a weight above 0"

    def __init__(self, space, data, model, run, pool=None):
        self._space, (self._seed, self._schedule, _) = space, run
        self._inputs, self._outputs = model.inputs, model.outputs
        self.shrunk = 1.0  # by what rows without a document were multiplied
        self._outside, self._held = model.outside, np.float32(not model.frozen)
        self._matrices = flat_matrices(model.inputs, model.outputs, True)
        settings, labels, tree = model.settings, model.labels, None
        self._alpha = float(settings.alpha)
        # All classes are judged at once, and documents may weigh more than 1.
        weights = [part.targets.weights for part in data.parts]
        heaviest = max(1.0, *(float(some.max(initial=0)) for some in weights))
        self.loss_limit = Job.loss_limit * len(model.outputs) * heaviest
        if settings.loss == "negative_sampling":
            if pool is None:
                rng = np.random.default_rng([run.seed, 2])
                pool = draw_pool(labels.counts, 0.5, rng)
            pool = readonly(pool)
        elif settings.loss == "hierarchical_softmax":
            tree = tree_of(labels.counts, labels.leaves)
        self._loss = make_loss(settings.loss, settings.negative, pool, tree)
        self._parts, self._held_out = self._prepared(data, model)

    def phases(self, epoch):
        """Yield the slices of one epoch, all at once: threads do not wait.

        With a penalty, parameters shrink by a factor that all have in common, and the
        matrices only at the end of an epoch, or where much precision would be lost.
        """
        for part in self._parts:
            n = len(part.targets.weights)
            order = np.random.default_rng([self._seed, epoch + 1]).permutation(n)
            run = self._pass(epoch, readonly(order))
            if not self._alpha:
                yield self._tasks(part, run, 0, n)
                continue
            decays = min(self._alpha, MOST_ALPHA) * _rates(run)
            decays *= np.minimum(STEADY, n - STEADY * np.arange(len(decays)))
            before = np.concatenate([[0.0], np.cumsum(decays)])
            stretches = before[:-1] // MOST_DECAY
            firsts = np.flatnonzero(np.diff(stretches, prepend=-1.0))
            since = before[firsts].repeat(np.diff(firsts, append=len(decays)))
            scales = np.exp(since - before[:-1])
            run = run._replace(scales=readonly(scales, np.float32))
            for first, stop in pairwise([*firsts.tolist(), len(decays)]):
                yield self._tasks(part, run, first * STEADY, min(stop * STEADY, n))
                factor = np.float32(np.exp(before[first] - before[stop]))
                yield [partial(self._shrink, factor)]

    def validation_phases(self):
        """Yield slices that measure the loss of the held-out documents."""
        for part in self._held_out:
            n = len(part.targets.weights)
            if n:  # else of so few documents that none could be held out
                yield self._tasks(part, self._pass(-1, readonly(np.arange(n))), 0, n)

    def _targets(self, part):
        # Only one_vs_all learns from documents that have no label.
        unlabelled = self._loss is not None and self._loss.kind == ONE_VS_ALL
        return part.targets._replace(unlabelled=unlabelled)

    def _prepared(self, data, model):
        """Return the documents to train on, and those held out, for the kernels."""
        parts = [self._space.arrays(part.documents) for part in data.parts]
        held_out = [self._space.arrays(part.documents) for part in data.held_out]
        pairs = [(data.parts, parts), (data.held_out, held_out)]
        if model.weighting.is_mean and not self._alpha:
            return [
                [
                    Part(batch, self._targets(one), self._listed(one, batch))
                    for one, batch in zip(documents, batches, strict=True)
                ]
                for documents, batches in pairs
            ]
        n_rows, counts = len(self._inputs), model.weighting.documents
        lists = [[list_features(batch, n_rows, None, counts) for batch in parts]]
        lists.append([list_features(batch, n_rows) for batch in held_out])
        weights = model.weighting.for_kernels()
        return [
            [
                Part(
                    some.weighted(weights, model.outside),
                    self._targets(one),
                    len(some.rows) / max(1, len(one)),
                )
                for one, some in zip(documents, these, strict=True)
            ]
            for (documents, _), these in zip(pairs, lists, strict=True)
        ]

    def _listed(self, part, batch):
        """Return about how many features a document has, repeated ones included."""
        per_token = self._space.ngrams.word_ngrams
        if self._space.ngrams.max_n > 0:
            per_token += len(batch.bag_rows) / max(1, len(self._space))
        return per_token * part.documents.n_tokens / max(1, len(part))

    def _tasks(self, part, run, first, last):
        step = self._documents_per_call(len(run.order), part.n_features)
        for start in range(first, last, step):
            yield partial(self._train, part, run, start, min(start + step, last))

    def _train(self, part, run, first, last):
        buffers = new_buffers(part.batch, self._outputs, self._loss)
        fixed = part.batch, part.targets, run, self._loss, self._matrices
        return train_documents(*fixed, buffers, first, last)

    def _shrink(self, factor):
        """Multiply the matrices, but for rows outside the penalty."""
        factors, self.shrunk = factor, self.shrunk * float(factor)
        if self._outside is not None:
            factors = np.where(self._outside, np.float32(1), factor)[:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is told later
            self._outputs *= factor
            self._inputs *= factors
        return 0.0, 0

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
            scales=readonly(np.ones(-(-n // STEADY), np.float32)),
            held=self._held,
        )

    def _documents_per_call(self, n, n_features):
        """Return how many documents are few enough for Ctrl-C and for all threads."""
        n_outputs, width = self._outputs.shape
        fast_enough = int(CALL_FLOPS / (4 * width * (n_features + n_outputs)))
        return max(LEAST_DOCUMENTS, min(n // 32 + 1, fast_enough))


def _rates(run):
    """Return the learning rates of a pass, one for each `STEADY` documents."""
    starts = np.arange(0, len(run.order), STEADY)
    fallen = (run.rate - run.min_rate) * (run.n_done + starts) / run.n_planned
    return np.maximum(run.rate - fallen, run.min_rate)
