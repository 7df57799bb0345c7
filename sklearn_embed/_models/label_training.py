"""How a recurrent classifier is trained: batches of documents of like lengths.

The documents of a batch are cut into shards whose number does not depend on the number
of threads, and whose slopes are added up in a fixed order.
"""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.descent import (
    Dense,
    Sparse,
    quiet_phases,
    rate_at,
    update_phases,
)
from sklearn_embed._models.kernels.optimizer import take_rows
from sklearn_embed._models.layer_mix import scalar_slopes
from sklearn_embed._models.loop import Job
from sklearn_embed._models.pooled_states import SharedRows, parameter_tasks
from sklearn_embed._models.recurrent import Dropping, Scratch

#: Documents of a shard, at least, and shards, at most.
SHARD_LANES, SHARDS = 16, 8

#: Batches whose documents are sorted by length together.
SORTED_TOGETHER = 20

#: Documents whose loss is measured at once, and their words, at most.
LANES, ROWS = 64, 8192


class Texts(NamedTuple):
    """Words of documents that have a row, the first ones of each, end to end."""

    ids: np.ndarray  # (n,) int32
    starts: np.ndarray  # (n_documents,) int64
    lengths: np.ndarray  # (n_documents,) int64

    @classmethod
    def of(cls, documents, vocabulary, max_length):
        """Return the words of TokenizedDocuments."""
        rows = vocabulary.rows(documents.table)[documents.flat_ids()]
        known = np.concatenate([[0], np.cumsum(rows >= 0)])[documents.offsets]
        lengths = np.diff(known)
        if max_length is not None:
            lengths = np.minimum(lengths, max_length)
        return cls(rows[rows >= 0], known[:-1], lengths)

    def groups(self, n_lanes, n_rows):
        """Return numbers of documents with words, long ones first, some at a time."""
        order = np.argsort(-self.lengths, kind="stable")
        order = order[: np.count_nonzero(self.lengths)]
        found, first = [], 0
        while first < len(order):
            most = max(1, min(n_lanes, n_rows // int(self.lengths[order[first]])))
            found.append(order[first : first + most])
            first += most
        return found

    def packed(self, group):
        """Return the words of some documents step by step, their lengths and lanes.

        Parameters
        ----------
        group : ndarray of shape (B,), int64
            Numbers of documents with words, in the order of falling length.

        Returns
        -------
        words : ndarray of shape (N,), int64
        lengths : ndarray of shape (B,), int64
        lanes : ndarray of shape (N,), int64
            The document of each word, by its place in the group.
        """
        lengths, starts = self.lengths[group], self.starts[group]
        lanes = np.repeat(np.arange(len(group)), lengths)
        ends = np.cumsum(lengths)
        steps = np.arange(len(lanes)) - np.repeat(ends - lengths, lengths)
        words = self.ids[np.repeat(starts, lengths) + steps]
        order = np.argsort(steps, kind="stable")  # within a step by lane
        return words[order].astype(np.int64), lengths, lanes[order]


class Part(NamedTuple):
    """Documents with labels."""

    texts: Texts
    offsets: np.ndarray  # (n + 1,) where the labels of each begin
    labels: np.ndarray  # int32
    weights: np.ndarray  # (n,) float32

    @classmethod
    def of(cls, labelled, vocabulary, max_length):
        """Return the Part of a `Labelled`."""
        texts = Texts.of(labelled.documents, vocabulary, max_length)
        offsets, labels, weights, _ = labelled.targets
        return cls(texts, offsets, labels, weights)

    def targets(self, group, n_classes):
        """Return a matrix of 0 and 1 for some documents, float64."""
        first, sizes = self.offsets[:-1][group], np.diff(self.offsets)[group]
        rows = np.repeat(np.arange(len(group)), sizes)
        places = np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
        wanted = np.zeros((len(group), n_classes))
        wanted[rows, self.labels[places + np.arange(len(rows))]] = 1
        return wanted


def judged(scores, targets, weights, loss):
    """Return the summed loss of some documents, and its slopes, both weighted.

    Parameters
    ----------
    scores, targets : ndarray of shape (B, n_classes)
        What the model says, and a matrix of 0 and 1.
    weights : ndarray of shape (B,)
        How much each document counts.
    loss : {"softmax", "one_vs_all"}
        Whether the classes are one choice, or each a choice of its own.
    """
    scores = scores.astype(np.float64)
    if loss == "softmax":
        scores -= scores.max(axis=1, keepdims=True)
        total = np.exp(scores).sum(axis=1, keepdims=True)
        losses = (targets * (np.log(total) - scores)).sum(axis=1)
        slopes = np.exp(scores) / total - targets
    else:
        losses = (np.logaddexp(0, scores) - targets * scores).sum(axis=1)
        slopes = 1 / (1 + np.exp(-np.clip(scores, -700, 700))) - targets
    return float(losses @ weights), slopes * weights[:, None]


def shares_of(settings, epoch):
    """Return which shares of the learning rate vectors and layers have in an epoch.

    Returns
    -------
    list of float
        Of the vectors of words, then of each layer from the lowest on; 0: it stays.
    """
    depths = range(settings.num_layers + 1, 0, -1)  # how far below the scores
    if settings.fine_tuning == "none":
        return [0.0 for _ in depths]
    gradual = settings.fine_tuning == "gradual"
    return [
        0.0 if gradual and epoch < depth else settings.layer_decay**depth
        for depth in depths
    ]


class LabelJob(Job):
    """Trains a recurrent classifier.

    Parameters
    ----------
    model : RecurrentTextClassifier
        Changed in place.
    data : Data
        `Labelled` documents.
    vocabulary : Vocabulary
        The words.
    run : Run
        Seed and schedule.
    """

    needed = "a word that counts and a weight above 0"

    def __init__(self, model, data, vocabulary, run):
        self._model, self._settings, self._stack = model, model.settings, model.stack
        self._seed, self._schedule = run.seed, run.schedule
        limit = self._settings.max_length
        (self._part,) = (Part.of(one, vocabulary, limit) for one in data.parts)
        self._held_out = [Part.of(one, vocabulary, limit) for one in data.held_out]
        heaviest = float(self._part.weights.max(initial=1.0))
        self.loss_limit = Job.loss_limit * len(model.weights.biases) * heaviest
        counts = (self._part.texts.lengths > 0) & (self._part.weights > 0)
        self._documents = np.flatnonzero(counts)
        size = self._settings.batch_size
        self._steps_of_epoch = -(-len(self._documents) // size)
        n_shards = max(1, min(SHARDS, size // SHARD_LANES))
        self._slopes = [
            np.zeros((1, len(model.weights.cells)), np.float32),
            *(np.zeros((n_shards, *w.shape), np.float32) for w in model.weights[2:]),
        ]
        self._into, self._whole = self._stack.layers(self._slopes[0][0]), Scratch()
        self._scratch = [SharedRows(self._whole) for _ in range(n_shards)]
        self._layers = model.layers(learning=True)

    def phases(self, epoch):
        """Yield the phases of one batch after the other."""
        return quiet_phases(self._phases(epoch))

    def _phases(self, epoch):
        planned = max(1, self._schedule.n_epochs * self._steps_of_epoch)
        self._shares = shares_of(self._settings, epoch)
        for number, batch in enumerate(self._batches(epoch)):
            seeds = np.random.SeedSequence([self._seed, epoch + 1, number])
            seed = int(seeds.generate_state(1, np.uint64)[0])
            self._layers.mix = self._model.layer_mix
            yield self._layers.packing()
            n_shards = min(len(self._scratch), max(1, len(batch) // SHARD_LANES))
            # Every shard has long documents and short ones.
            shards = [batch[shard::n_shards] for shard in range(n_shards)]
            found = [None] * n_shards
            tasks = self._place(shards)
            fixed = self._train, shards, len(batch), seed, found
            yield [partial(*fixed, shard) for shard in range(n_shards)]
            if any(self._shares):
                yield tasks
            done = epoch * self._steps_of_epoch + number
            rate = rate_at(self._schedule, done, planned)
            self._model.n_steps += 1
            dense, sparse = self._dense(n_shards), self._sparse(found)
            fixed = self._settings, dense, sparse, rate
            yield from update_phases(*fixed, self._model.n_steps)

    def _place(self, shards):
        """Give each shard its rows; return what is to do when all have run."""
        sizes = [int(self._part.texts.lengths[group].sum()) for group in shards]
        for number, scratch in enumerate(self._scratch[: len(shards)]):
            scratch.begin, scratch.total = sum(sizes[:number]), sum(sizes)
        return parameter_tasks(self._stack, self._whole, sum(sizes), self._into)

    def validation_phases(self):
        """Yield one call for every few held-out documents."""
        layers = self._model.layers()
        for part in self._held_out:
            groups = part.texts.groups(LANES, ROWS)
            yield [partial(self._measure, layers, part, group) for group in groups]

    def _batches(self, epoch):
        """Return documents of like lengths, the longest first, in random order."""
        rng = np.random.default_rng([self._seed, epoch + 1])
        order, size = rng.permutation(self._documents), self._settings.batch_size
        lengths, found = self._part.texts.lengths, []
        for first in range(0, len(order), size * SORTED_TOGETHER):
            some = order[first : first + size * SORTED_TOGETHER]
            some = some[np.argsort(-lengths[some], kind="stable")]
            found += [some[n : n + size] for n in range(0, len(some), size)]
        return [found[n] for n in rng.permutation(len(found))]

    def _train(self, shards, n, seed, found, number):
        """Compute the loss and all slopes of a shard."""
        model, settings, group = self._model, self._settings, shards[number]
        scratch, outputs = self._scratch[number], model.weights.outputs
        words, lengths, _ = self._part.texts.packed(group)
        chance, n_layers = float(settings.dropout), self._stack.num_layers
        drop = Dropping(chance, seed, scratch.begin, n_layers)
        head = Dropping(chance, seed, sum(map(len, shards[:number])))
        inputs = scratch.array("words", (len(words), self._stack.n_inputs))
        take_rows(readonly(model.weights.inputs), words, inputs)
        run = self._layers.forward(inputs, lengths, scratch, drop)
        head.apply(n_layers, run.pooled)
        scores = run.pooled @ outputs.T
        scores += model.weights.biases
        targets = self._part.targets(group, len(outputs))
        weights = self._part.weights[group].astype(np.float64)
        loss, slopes = judged(scores, targets, weights, settings.loss)
        slopes = (slopes / n).astype(np.float32)
        np.matmul(slopes.T, run.pooled, out=self._slopes[1][number])
        np.sum(slopes, axis=0, out=self._slopes[2][number])
        pooled = slopes @ outputs
        head.apply(n_layers, pooled)
        found[number] = words, self._backward(run, pooled, number, drop)
        return loss, len(group)

    def _backward(self, run, pooled, number, drop):
        """Compute slopes of what is below the pooled numbers; return those of words."""
        layers, scratch = self._layers, self._scratch[number]
        scalars, moves = self._model.weights.scalars, any(self._shares)
        if not moves and not len(scalars):
            return run.vectors
        spread = layers.spread(run, pooled, scratch)
        if len(scalars):
            products = layers.products(run, spread)
            self._slopes[3][number] = scalar_slopes(scalars, products)
        return layers.backward(run, spread, scratch, drop) if moves else run.vectors

    def _measure(self, layers, part, group):
        weights = self._model.weights
        words, lengths, _ = part.texts.packed(group)
        inputs = np.empty((len(words), self._stack.n_inputs), np.float32)
        take_rows(readonly(weights.inputs), words, inputs)
        pooled = layers.forward(inputs, lengths, Scratch()).pooled
        scores = pooled @ weights.outputs.T + weights.biases
        targets = part.targets(group, len(weights.biases))
        own = part.weights[group].astype(np.float64)
        return judged(scores, targets, own, self._settings.loss)[0], len(group)

    def _dense(self, n_shards):
        """Return what has a slope in every step."""
        model = self._model
        parts = model.weights[1:], self._slopes, model.first[1:], model.second[1:]
        cells, *head = (
            Dense(
                values.reshape(-1),
                slopes[:n_shards].reshape(min(len(slopes), n_shards), values.size),
                first.reshape(-1),
                second.reshape(-1),
            )
            for values, slopes, first, second in zip(*parts, strict=True)
        )
        shares = self._shares[1:]
        if set(shares) == {1.0}:
            return [cells, *head]
        bounds = self._stack.bounds()
        pieces = [slice(*bounds[layer : layer + 2]) for layer in range(len(shares))]
        return [
            *(
                Dense(*(array[..., piece] for array in cells[:4]), share)
                for piece, share in zip(pieces, shares, strict=True)
                if share > 0
            ),
            *head,
        ]

    def _sparse(self, found):
        """Return the vectors of words and their slopes, shard after shard."""
        model, share = self._model, self._shares[0]
        if share == 0:
            return []
        ids = np.concatenate([words for words, _ in found])
        slopes = np.concatenate([below for _, below in found])
        ids, slopes = model.movable(ids, slopes)
        kept = model.first.inputs, model.second.inputs
        return [Sparse(model.weights.inputs, ids, slopes, *kept, share)]
