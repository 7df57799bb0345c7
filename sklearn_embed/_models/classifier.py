"""fastText's classifier: an average of vectors, learned from the labels."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import (
    draw_rows,
    padded_width,
    padded_zeros,
    put_rows,
    roomy_zeros,
)
from sklearn_embed._models.checks import check_bucket_rows, check_matrix
from sklearn_embed._models.classifier_job import ClassifierJob, tree_of
from sklearn_embed._models.features import FeatureSpace, Ngrams
from sklearn_embed._models.pretrained import chosen_bags, frozen_rows, given_ngrams
from sklearn_embed._models.warm_start import take_over
from sklearn_embed._models.weighting import Weighting
from sklearn_embed._text.table import TokenTable
from sklearn_embed._vectors.subwords import Subwords

#: How far rows may be shrunk without being written: numbers keep their precision.
LEAST_SCALE = 0.01

#: Losses that judge each class by itself, so that several may be right.
SEPARATE = {"one_vs_all", "negative_sampling"}


@dataclass(frozen=True)
class ClassifierSettings:
    """Parameters of a fit, as FastTextClassifier names them, none of them "auto"."""

    vector_size: int
    loss: str
    negative: int
    ngrams: Ngrams
    normalization: str
    weights: str | None
    alpha: float
    stop_words: object
    epochs: int
    min_count: int


class Labels(NamedTuple):
    """The classes, and in which order they are the leaves of a Huffman tree."""

    classes: np.ndarray
    multilabel: bool
    counts: np.ndarray  # (n_classes,) documents of each
    leaves: np.ndarray  # (n_classes,) int64
    # (n_classes + 1,) float64: weight of each class's documents, then of all.  None:
    # read from fastText, which judges a document without known words by its end mark.
    mass: np.ndarray | None = None
    prefix: str | None = None  # of the labels in the file that they were read from

    @classmethod
    def learn(cls, classes, multilabel, matrix, weights):
        """Count the labels of a CSR matrix; commoner classes come first."""
        counts = np.bincount(matrix.indices, minlength=len(classes))
        per_label = np.repeat(weights, np.diff(matrix.indptr))
        mass = np.bincount(matrix.indices, per_label, minlength=len(classes) + 1)
        mass[-1] = np.sum(weights)
        leaves = np.argsort(-counts, kind="stable")
        return cls(classes, multilabel, counts, leaves, mass)

    def among(self, classes):
        """Return the places of these classes among others that hold them all."""
        return np.searchsorted(classes, self.classes)

    def after(self, earlier):
        """Return labels that weigh what earlier ones weigh, too."""
        if earlier.mass is None:
            return self._replace(mass=None)
        mass = self.mass.copy()
        mass[[*earlier.among(self.classes), -1]] += earlier.mass
        return self._replace(mass=mass)

    def grown(self, labels):
        """Return these labels with classes that only others have, as they count them.

        What weighs is theirs.  Without new classes the tree stays as it was: its
        nodes mean what they meant.
        """
        mass = None if self.mass is None else labels.mass
        if len(labels.classes) == len(self.classes):
            return self._replace(multilabel=labels.multilabel, mass=mass)
        counts = labels.counts.copy()
        counts[self.among(labels.classes)] = self.counts
        leaves = np.argsort(-counts, kind="stable")
        return labels._replace(
            counts=counts, leaves=leaves, mass=mass, prefix=self.prefix
        )

    def check(self):
        """Refuse labels, read from a file, that do not belong together."""
        n_classes, mass = len(self.classes), self.mass
        if self.counts.shape != (n_classes,) or self.counts.min(initial=0) < 0:
            raise ValueError("label_counts_ has not one count for each class")
        if mass is not None and (
            mass.shape != (n_classes + 1,)
            or not (0 <= mass).all()
            or mass.max() == np.inf
        ):
            raise ValueError("the weights of the classes are no numbers, or too few")
        if self.leaves.dtype != np.int64 or self.leaves.ndim != 1:
            raise ValueError("the leaves of the tree are no numbers of classes")
        if sorted(self.leaves.tolist()) != list(range(n_classes)):
            raise ValueError("the tree does not hold each class once")

    def prior_scores(self, loss):
        """Return the scores of a document without known features, or None.

        They give each class the share of the documents that it was trained by.
        """
        if self.mass is None:
            return None
        # Half a document more, so that no class is impossible.
        shares = self.mass[:-1] + 0.5
        if loss in SEPARATE:
            shares /= self.mass[-1] + 1
            return np.log(shares) - np.log1p(-shares)
        return np.log(shares / shares.sum())


@dataclass
class SupervisedFastText:
    """Rows of words, of the mark that ends a document, and of n-grams; and outputs."""

    settings: ClassifierSettings
    labels: Labels
    inputs: np.ndarray  # (n_rows, D) float32, D padded to whole cache lines
    outputs: np.ndarray  # (n_classes or n_nodes, D) float32
    bucket_rows: np.ndarray  # (n_buckets,) int32
    skip: bool = False  # n-grams without a row do not count
    # For idf, (n_rows,) int64: the documents that each row was in; and of how many.
    document_counts: np.ndarray | None = None
    n_documents: int = 0
    features: FeatureSpace | None = None  # while it is trained
    carried: np.ndarray | None = None  # rows of n-grams that were trained before
    outside: np.ndarray | None = None  # (n_rows,) bool: rows that are not penalised,
    frozen: bool = False  # and whether they stay as they are
    # The parameters are what the inputs hold times this: small batches let all rows
    # shrink at once.
    scale: float = 1.0

    @classmethod
    def new(cls, space, settings, labels, rng, before=None, adding=False):
        """Return fresh parameters: inputs small and random, outputs zero.

        Parameters
        ----------
        space : FeatureSpace
            What has an input row.
        settings : ClassifierSettings
            Their size, and the loss.
        labels : Labels
            What has an output row.
        rng : numpy.random.Generator
            Draws the inputs.
        before : Before or None, default=None
            A trained model, whose words and n-grams keep their parameters.
        adding : bool, default=False
            Whether its documents count among those that weights are made of.
        """
        size = settings.vector_size
        inputs = roomy_zeros(space.n_rows, size)  # for small batches
        draw_rows(inputs, size, 1 / size, rng)
        n_outputs = len(labels.classes)
        if settings.loss == "hierarchical_softmax":
            n_outputs = max(n_outputs - 1, 1)
        outputs = padded_zeros(n_outputs, size)
        rows = np.array(space.bucket_rows)  # small batches add to it
        counts = np.zeros(len(inputs), np.int64) if settings.weights else None
        model = cls(settings, labels, inputs, outputs, rows, space.skip, counts)
        model.features = space
        if before is not None:
            model._carry_over(before, adding)
        return model

    def _carry_over(self, before, adding):
        """Take over the rows of words, mark and buckets, and the outputs."""
        space, old, size = self.features, before.model, self.settings.vector_size
        everything = slice(None)
        old_outputs = old.outputs[:, : old.settings.vector_size]
        places = everything  # of inner nodes; there are no new ones
        if len(self.labels.classes) > len(old.labels.classes):
            places = old.labels.among(self.labels.classes)
        take_over(self.outputs, places, old_outputs, everything, size)
        n_old, n_new = len(before.index), len(space)
        old_rows, rows = before.rows(space.vocabulary)
        scale = np.float32(old.scale)
        self.inputs[[*rows, n_new]] = old.inputs[[*old_rows, n_old]] * scale
        both = np.flatnonzero((old.bucket_rows >= 0) & (space.bucket_rows >= 0))
        new_rows = space.bucket_rows[both] + n_new + 1
        self.inputs[new_rows] = old.inputs[old.bucket_rows[both] + n_old + 1] * scale
        self.carried = new_rows
        if adding and self.document_counts is not None:
            counts, old_counts = self.document_counts, old.document_counts
            counts[[*rows, n_new]] = old_counts[[*old_rows, n_old]]
            counts[new_rows] = old_counts[old.bucket_rows[both] + n_old + 1]
            self.n_documents = old.n_documents

    def start_at(self, given):
        """Start words and n-grams at pretrained vectors; return FrozenRows, or None.

        Rows of n-grams follow those of words and the mark.
        """
        matrix, space = self.inputs, self.features
        first, ngrams = len(space) + 1, space.ngrams
        if ngrams.max_n == 0:
            given.put(matrix)
            if given.trainable:
                return None
            return self._freeze((matrix, given.rows, given.vectors))
        parts = given.ngrams(*ngrams[1:])
        if parts is None and not given.trainable:
            raise ValueError(
                f"trainable=False of pretrained with max_n={ngrams.max_n} needs a "
                "source of vectors of n-grams, with the same min_n, max_n and bucket: "
                "words are made of them. Use such a source, or max_n=0."
            )
        words = space.vocabulary.words
        bounds, buckets = space.character_ngrams(TokenTable.from_tokens(words))
        rows = space.bucket_rows[buckets]
        taken, vectors = np.empty(0, np.int32), given.vectors[:0]
        if parts is not None:
            taken, vectors = given_ngrams(parts, words, rows)
        taken = taken + np.int32(first)
        begins = np.ones(len(taken), bool)
        if given.trainable and self.carried is not None:
            begins = ~np.isin(taken, self.carried)
        put_rows(matrix, taken[begins], vectors[begins])
        rows[rows >= 0] += np.int32(first)
        own = given.own(parts, *chosen_bags(bounds, rows, given.rows), matrix)
        given.put(matrix, own)
        if given.trainable:
            return None
        return self._freeze((matrix, taken, vectors), (matrix, given.rows, own))

    def _freeze(self, *pieces):
        """Return FrozenRows; each piece is the matrix, rows and their values."""
        self.outside, self.frozen = np.zeros(len(self.inputs), bool), True
        for _, rows, _ in pieces:
            self.outside[rows] = True
        return frozen_rows(*pieces)

    @property
    def spreads(self):
        """Whether vectors should point in many directions: a penalty leaves few."""
        return not self.settings.alpha

    def forget_documents(self):
        """Let weights be made of the documents that are trained on next."""
        if self.document_counts is not None:
            self.document_counts, self.n_documents = np.zeros(len(self.inputs), int), 0

    @property
    def weighting(self):
        """What the weights of features are made of."""
        normalization = self.settings.normalization
        return Weighting(normalization, self.document_counts, self.n_documents)

    @property
    def _weights(self):
        """How much features count, or None where it is their mean."""
        how = self.weighting
        return None if how.is_mean else how.for_kernels()

    def whole(self):
        """Return the same with a scale of 1."""
        if self.scale == 1:
            return self
        return replace(self, inputs=self.inputs * np.float32(self.scale), scale=1.0)

    def _matrices(self, outputs):
        """Return inputs and outputs as scores are made of them."""
        if self.scale != 1:
            outputs = outputs * np.float32(self.scale)
        return self.inputs, outputs

    def job(self, data, vocabulary, run):
        """Return what trains the parameters; weights are made of these documents."""
        if self.document_counts is not None:
            self.n_documents += sum(map(len, data.parts))
        return ClassifierJob(self.features, data, self, run)

    def published(self, final):
        """Return the fitted attributes, and the model.

        Parameters
        ----------
        final : bool
            Whether this model is used up, which saves a copy.
        """
        labels, words = self.labels, self.features.vocabulary.words
        fitted = replace(self, features=None, carried=None, outside=None, frozen=False)
        if not final:
            fitted.inputs, fitted.outputs = self.inputs.copy(), self.outputs.copy()
            if fitted.document_counts is not None:
                fitted.document_counts = self.document_counts.copy()
        outputs = fitted.outputs[:, : self.settings.vector_size]
        attributes = {
            "vectors_": fitted.word_vectors(words),
            "classes_": labels.classes,
            "label_counts_": labels.counts,
            "output_vectors_": np.ascontiguousarray(outputs),
            "weights_": self.weighting.per_row(len(words)),
        }
        return attributes, fitted

    def space(self, vocabulary):
        """Return what the rows belong to."""
        settings = self.settings
        return FeatureSpace(
            vocabulary,
            settings.ngrams,
            settings.stop_words,
            self.bucket_rows,
            self.skip,
            self._weights,
        )

    def subwords(self, n_words):
        """Return the character n-grams, or None if there are none."""
        ngrams, size = self.settings.ngrams, self.settings.vector_size
        if ngrams.max_n == 0:
            return None
        inputs = self.whole().inputs
        return Subwords(
            np.ascontiguousarray(inputs[n_words + 1 :, :size]),
            *ngrams[1:],
            self.bucket_rows,
            "skip" if self.skip else "zero",
            own=np.ascontiguousarray(inputs[:n_words, :size]),
        )

    def word_vectors(self, words):
        """Return the vector of each word: the mean of its own and its n-grams'."""
        size, parts = self.settings.vector_size, self.subwords(len(words))
        if parts is None:
            own = self.inputs[: len(words), :size]
            if self.scale != 1:
                own = own * np.float32(self.scale)
            return np.ascontiguousarray(own)
        vectors, counts = parts.sums(words, parts.own)
        vectors /= (counts + 1).astype(np.float32)[:, None]
        return vectors

    def _tree(self):
        """Return the Huffman tree of the classes, or None with another loss."""
        if self.settings.loss != "hierarchical_softmax":
            return None
        return tree_of(self.labels.counts, self.labels.leaves)

    def scores(self, documents, vocabulary, n_jobs):
        """Return a score for each class; of a tree, logarithms of probabilities."""
        space, matrices = self.space(vocabulary), self._matrices(self.outputs)
        prior = self.labels.prior_scores(self.settings.loss)
        return space.scores(documents, *matrices, n_jobs, self._tree(), prior)

    def means(self, documents, vocabulary, n_jobs):
        """Return the hidden vector of each document: float32 (n, vector_size)."""
        # What the scores would be if each class stood for one dimension.
        axes = np.eye(self.settings.vector_size, self.inputs.shape[1], dtype=np.float32)
        matrices = self._matrices(axes)
        return self.space(vocabulary).scores(documents, *matrices, n_jobs)

    def best(self, documents, vocabulary, n_jobs):
        """Return the number of each document's likeliest class."""
        space, matrices = self.space(vocabulary), self._matrices(self.outputs)
        tree, prior = self._tree(), self.labels.prior_scores(self.settings.loss)
        if tree is not None:
            likeliest = None if prior is None else prior.argmax()
            return space.best_leaves(documents, *matrices, n_jobs, tree, likeliest)
        scores = space.scores(documents, *matrices, n_jobs, None, prior)
        return scores.argmax(axis=1)

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        settings, labels = self.settings, self.labels
        width, n_classes = padded_width(settings.vector_size), len(labels.classes)
        check_matrix("inputs", self.inputs, None, width)
        n_ngrams = len(self.inputs) - n_words - 1
        if n_ngrams < 0:
            raise ValueError("inputs has not one row for each word")
        rows, ngrams = self.bucket_rows, settings.ngrams
        check_bucket_rows(rows, len(rows), n_ngrams)
        if not all(0 <= number < 1 << 31 for number in ngrams):
            raise ValueError("the limits of n-grams are no numbers of characters")
        self._check_counts()
        if ngrams.wanted and len(rows) != ngrams.n_buckets:
            raise ValueError("bucket_rows has not one row for each bucket")
        is_tree = settings.loss == "hierarchical_softmax"
        check_matrix("outputs", self.outputs, max(n_classes - is_tree, 1), width)
        labels.check()

    def _check_counts(self):
        """Refuse numbers of documents that are none."""
        counts, n, settings = self.document_counts, self.n_documents, self.settings
        if settings.normalization not in ("l1", "l2") or settings.weights not in (
            None,
            "idf",
        ):
            raise ValueError("settings name weights that there are not")
        if not isinstance(settings.alpha, (int, float)) or not settings.alpha >= 0:
            raise ValueError("alpha is no strength of a penalty")
        if not LEAST_SCALE <= self.scale <= 1:
            raise ValueError("scale is none that small batches leave")
        if (counts is None) != (settings.weights is None):
            raise ValueError("the weights of the features are not those of settings")
        if counts is not None and (
            counts.shape != (len(self.inputs),)
            or counts.dtype != np.int64
            or counts.min(initial=0) < 0
            or not isinstance(n, int)
            or not 0 <= n < 2**53
        ):
            raise ValueError("document_counts has not one count for each row")
