"""Vectors of features counted from labels: how strongly each goes with each class."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.kernels.term_features import FeatureTable
from sklearn_embed._models.term_features import TermFeatures, feature_lists, pooled
from sklearn_embed._text.vocabulary import Vocabulary, learn_vocabulary

#: Numbers of a block of associations, which are computed in float64.
BLOCK = 1 << 20

#: Least positive number: nothing that is divided by, or has a logarithm, is less.
TINY = np.finfo(np.float64).tiny


class ClassCounts(NamedTuple):
    """Weights of documents, added up by features and classes."""

    pairs: sp.csr_array  # (F, C) float64: of documents with a feature and a class
    features: np.ndarray  # (F,) float64: of documents with a feature
    classes: np.ndarray  # (C,) float64: of documents of a class
    total: float

    def without(self, other):
        """Return the counts of the documents that are not among others."""
        pairs = (self.pairs - other.pairs).tocsr()
        np.maximum(pairs.data, 0, out=pairs.data)  # sums of weights are rounded
        pairs.eliminate_zeros()
        features = np.maximum(self.features - other.features, 0)
        classes = np.maximum(self.classes - other.classes, 0)
        return ClassCounts(pairs, features, classes, max(self.total - other.total, 0))


def count_classes(batch, n_features, labels, weights, n_jobs=1):
    """Count features and classes of documents together, in one pass.

    Parameters
    ----------
    batch : FeatureBatch
        The documents.
    n_features : int
        F.
    labels : csr_array of shape (n_documents, C)
        1 for each class of a document.
    weights : ndarray of shape (n_documents,), float64
        How much each document counts.
    n_jobs : int, default=1
        Threads.

    Returns
    -------
    ClassCounts
    """
    weights = np.asarray(weights, np.float64)
    weighted = sp.csr_array(sp.diags_array(weights) @ labels).astype(np.float64)
    pairs = sp.csr_array((labels.shape[1], n_features))
    features = np.zeros(n_features)
    lists = feature_lists(batch, n_features, n_jobs)
    try:
        for first, last, offsets, indices in lists:
            ones = np.ones(len(indices))
            parts = ones, indices, offsets
            has = sp.csr_array(parts, shape=(last - first, n_features))
            pairs = pairs + weighted[first:last].T.tocsr() @ has
            of_documents = np.repeat(weights[first:last], np.diff(offsets))
            features += np.bincount(indices, of_documents, minlength=n_features)
    finally:
        lists.close()
    classes = np.asarray(weighted.sum(axis=0)).ravel()
    return ClassCounts(pairs.T.tocsr(), features, classes, float(weights.sum()))


class Association(NamedTuple):
    """How the vectors of features are made of counts."""

    kind: str  # "log_odds", "pmi", "ppmi", "chi2", "difference"
    smoothing: float
    binary: bool  # only the second of two classes has a column

    def vectors(self, counts, components=None):
        """Return float32 (F, C): a vector for each feature.

        Parameters
        ----------
        counts : ClassCounts
            The counts.
        components : ndarray of shape (n_components, C) or None
            What the vectors are multiplied with, if anything: then only pairs that
            occur count.
        """
        n_features, n_classes = counts.pairs.shape
        if components is not None:
            out = np.empty((n_features, len(components)), np.float32)
            pairs, step = self.sparse(counts), max(1, BLOCK // len(components))
            for first in range(0, n_features, step):
                rows = slice(first, first + step)
                out[rows] = pairs[rows] @ components.T
            return out
        columns = slice(1, 2) if self.binary else slice(None)
        out = np.empty((n_features, 1 if self.binary else n_classes), np.float32)
        step = max(1, BLOCK // max(n_classes, 1))
        for first in range(0, n_features, step):
            rows = slice(first, first + step)
            pairs = counts.pairs[rows].toarray()[:, columns]
            features = counts.features[rows, np.newaxis]
            out[rows] = self._of(counts, pairs, features, counts.classes[columns])
        return out

    def sparse(self, counts):
        """Return the same for the pairs that occur alone, as csr_array (F, C)."""
        pairs = counts.pairs.copy()
        features = np.repeat(counts.features, np.diff(pairs.indptr))
        classes = counts.classes[pairs.indices]
        pairs.data = self._of(counts, pairs.data, features, classes)
        return pairs

    def _of(self, counts, pairs, features, classes):
        """Return associations of pairs, given counts of their features and classes."""
        total, more = max(counts.total, TINY), self.smoothing
        share = classes / total
        is_told = (share > 0) & (share < 1)
        share = np.where(is_told, share, 0.5)
        # As if each feature occurred in `smoothing` documents more, whose classes are
        # as those of all documents are.
        with_feature = np.maximum(features + more, TINY)
        # No more than that: what `without` subtracts is rounded.
        with_both = np.clip(pairs + more * share, TINY, with_feature)
        if self.kind == "log_odds":
            with_others = np.maximum(with_feature - with_both, TINY)
            odds = _ratio(with_both, with_others)
            found = np.log(odds) - np.log(share / (1 - share))
        elif self.kind == "difference":
            found = with_both / with_feature - share
        elif self.kind == "chi2":
            found = _phi(with_both, with_feature, share, total + more)
        else:
            found = np.log(_ratio(with_both, with_feature)) - np.log(share)
            if self.kind == "ppmi":
                found = np.maximum(found, 0)
        return np.where(is_told, found, 0)


def _ratio(numerator, denominator):
    """Return a ratio of positive numbers, within those that have a logarithm."""
    with np.errstate(over="ignore", under="ignore"):
        return np.clip(numerator / denominator, TINY, 1 / TINY)


def _phi(with_both, with_feature, share, total):
    """Return the correlation of having a feature and being of a class."""
    frequency = with_feature / total
    spread = share * (1 - share) * frequency * np.maximum(1 - frequency, 0)
    found = with_both / total - share * frequency
    is_spread = spread > 0
    found = np.divide(found, np.sqrt(spread), out=np.zeros_like(found), where=is_spread)
    return np.clip(found, -1, 1)  # a spread of nearly nothing is of few digits


def learn_components(association, counts, n_components, seed):
    """Return float64 (n_components, C): directions of classes that go together."""
    # TruncatedSVD would divide by the variance, which is 0 where no feature tells any
    # class from another.
    matrix = sp.csr_matrix(association.sparse(counts))
    return randomized_svd(matrix, n_components, n_iter=5, random_state=seed)[2]


class Labelled(NamedTuple):
    """Documents, without stop words, with their labels and weights."""

    documents: Any  # TokenizedDocuments
    labels: sp.csr_array  # (n, C): 1 for each class of a document
    weights: np.ndarray  # (n,) float64

    def __getitem__(self, mask):
        """Return the documents of a boolean mask."""
        return Labelled(self.documents[mask], self.labels[mask], self.weights[mask])


class Pooling(NamedTuple):
    """How vectors of features become rows."""

    sublinear: bool
    by_length: bool

    def rows(self, batch, features, vectors, weights, n_jobs=1):
        """Return rows of documents: float32 (n, K * C).

        Parameters
        ----------
        batch : FeatureBatch
            The documents.
        features : TermFeatures
            Their features.
        vectors : tuple of two ndarray, float32
            Vectors of words, and of all other features.
        weights : ndarray of shape (F,), float32
            Weights of all features.
        n_jobs : int, default=1
            Threads.
        """
        words, others = vectors
        n_words, n_others = features.n_words, len(features) - features.n_words
        width = words.shape[1]
        shapes = words.shape, others.shape, weights.shape
        if shapes != ((n_words, width), (n_others, width), (n_words + n_others,)):
            raise ValueError(
                f"Vectors and weights of shapes {shapes} do not fit {n_words} words "
                f"and {n_others} n-grams: fitted attributes were changed. Fit again."
            )
        table = FeatureTable(
            readonly(words, np.float32).reshape(-1),
            readonly(others, np.float32).reshape(-1),
            readonly(weights, np.float32),
            readonly(features.bounds, np.int64),
            int(width),
            bool(self.sublinear),
            bool(self.by_length),
        )
        return pooled(batch, table, n_jobs)


class WordClasses(NamedTuple):
    """Features of documents, and the vectors counted for them."""

    vocabulary: Vocabulary
    features: TermFeatures
    association: Association
    weights: np.ndarray  # (F,) float32
    counts: ClassCounts
    components: np.ndarray | None  # (n_components, C) float64
    vectors: np.ndarray  # (F, columns) float32

    @classmethod
    def learn(cls, labelled, limits, lengths, association, *, n_components, **options):
        """Find the features of some documents, and count their vectors.

        Parameters
        ----------
        labelled : Labelled
            The documents.
        limits : VocabularyFilter
            What is left out.
        lengths : tuple of three int
            Longest run of words, shortest and longest character n-gram.
        association : Association
            What a vector is.
        n_components : int or None
            Columns, if not one for each class.
        **options
            ``idf``: whether features are weighted by it; ``seed``; ``n_jobs``.
        """
        documents, labels, weights = labelled
        vocabulary = learn_vocabulary([documents], limits)
        features = TermFeatures.learn(documents, vocabulary, limits, lengths)
        batch = features.batch(documents, vocabulary.rows(documents.table))
        n_features, n_jobs = len(features), options["n_jobs"]
        counts = count_classes(batch, n_features, labels, weights, n_jobs)
        idf = np.ones(n_features, np.float32)
        if options["idf"]:
            idf[:] = np.log((1 + counts.total) / (1 + counts.features)) + 1
        components = None
        if n_components is not None:
            most = min(counts.pairs.shape)
            if n_components > most:
                raise ValueError(
                    f"n_components={n_components} is above {most}, the number of "
                    "classes or of words and n-grams: lower it."
                )
            components = learn_components(
                association, counts, n_components, options["seed"]
            )
        vectors = association.vectors(counts, components)
        return cls(vocabulary, features, association, idf, counts, components, vectors)

    def crossfitted(self, labelled, folds, pooling, n_jobs=1):
        """Return rows of documents, each from counts without its fold.

        Parameters
        ----------
        labelled : Labelled
            The documents, and others of weight 0.
        folds : iterable of two ndarray of int64
            Numbers of the documents that are counted, and of those that get rows.
        pooling : Pooling
            How rows are made.
        n_jobs : int, default=1
            Threads.
        """
        n = len(labelled.documents)
        width = self.vectors.shape[1] * len(self.features.kinds)
        out = np.zeros((n, width), np.float32)
        rows_of = self.vocabulary.rows(labelled.documents.table)
        whole = self.features.batch(labelled.documents, rows_of)

        def counted(numbers):
            part = labelled[numbers]
            batch = whole._replace(
                starts=readonly(part.documents.starts, np.int64),
                offsets=readonly(part.documents.offsets, np.int64),
            )
            how = part.labels, part.weights, n_jobs
            return batch, count_classes(batch, len(self.features), *how)

        n_words = self.features.n_words
        for others, fold in folds:
            batch, own = counted(fold)
            if len(others) + len(fold) == n:
                counts = self.counts.without(own)
            else:
                _, counts = counted(others)
            vectors = self.association.vectors(counts, self.components)
            both = vectors[:n_words], vectors[n_words:]
            out[fold] = pooling.rows(batch, self.features, both, self.weights, n_jobs)
        return out
