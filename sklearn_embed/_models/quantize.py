"""Text classifiers made smaller: rows left out, the others as codes of one byte.

Jégou, Douze and Schmid (2011), "Product quantization for nearest neighbor search";
Joulin et al. (2016), "FastText.zip: compressing text classification models".
"""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from sklearn_embed._core.arrays import padded
from sklearn_embed._models.classifier import (
    ClassifierSettings,
    Labels,
    SupervisedFastText,
)
from sklearn_embed._models.features import FeatureSpace, FewBuckets, of_few_rows
from sklearn_embed._models.weighting import Weighting
from sklearn_embed.io._quantized import QuantizedMatrix

#: Centroids of a piece, which one byte can name, and rows that they are learned from.
N_CENTROIDS, MOST_ROWS = 256, 1 << 14

#: Rounds of k-means, as in fastText.
ROUNDS = 25

#: Columns of a piece of the outputs, as in fastText.
OUTPUT_WIDTH = 2


class Compression(NamedTuple):
    """How matrices become codes; names are those of fastText's options."""

    dsub: int  # columns of a piece of the inputs
    qnorm: bool  # whether the lengths of rows have codes of their own
    qout: bool  # whether outputs are quantised, too
    seed: int


@dataclass
class QuantizedFastText:
    """A classifier whose inputs are codes; rows are made when documents need them."""

    settings: ClassifierSettings
    labels: Labels
    inputs: QuantizedMatrix  # rows of words, of the mark, of n-grams
    outputs: np.ndarray  # (n_classes or n_nodes, D) float32
    buckets: np.ndarray  # int32, ascending: whose n-grams have a row
    skip: bool  # n-grams without a row do not count
    output_codes: QuantizedMatrix | None = None  # what `outputs` were made of
    document_counts: np.ndarray | None = None  # as of SupervisedFastText
    n_documents: int = 0

    @classmethod
    def of(cls, model, compression, n_words):
        """Return a SupervisedFastText with codes in place of its inputs."""
        size, seed = model.settings.vector_size, compression.seed
        buckets = np.flatnonzero(model.bucket_rows >= 0).astype(np.int32)
        order = np.arange(n_words + 1 + len(buckets))
        order[n_words + 1 :] = model.bucket_rows[buckets] + (n_words + 1)
        # n-grams that never occurred are zeros in the file, too.
        has_zeros = not model.skip and len(buckets) < len(model.bucket_rows)
        dsub, qnorm = min(compression.dsub, size), compression.qnorm
        inputs = quantized(model.inputs[order, :size], dsub, qnorm, seed, has_zeros)
        outputs, codes = model.outputs, None
        if compression.qout:
            width = min(OUTPUT_WIDTH, size)
            codes = quantized(outputs[:, :size], width, qnorm, seed)
            outputs = padded(codes.rows())
        counts = model.document_counts
        counts = None if counts is None else counts[order]
        rest = outputs, buckets, model.skip, codes, counts, model.n_documents
        return cls(model.settings, model.labels, inputs, *rest)

    @property
    def weighting(self):
        """What the weights of features are made of."""
        normalization = self.settings.normalization
        return Weighting(normalization, self.document_counts, self.n_documents)

    def bucket_rows(self):
        """Return the row of each bucket among those of buckets: int32, or -1."""
        ngrams = self.settings.ngrams
        rows = np.full(ngrams.n_buckets if ngrams.wanted else 0, -1, np.int32)
        rows[self.buckets] = np.arange(len(self.buckets))
        return rows

    def dense(self):
        """Return the same with rows of float32."""
        counts = self.document_counts
        return self._with(self.inputs.rows(), self.bucket_rows(), counts)

    def _with(self, rows, bucket_rows, counts):
        parts = padded(rows), self.outputs, bucket_rows, self.skip
        counted = counts, self.n_documents
        return SupervisedFastText(self.settings, self.labels, *parts, *counted)

    def _for(self, documents, vocabulary):
        """Return a model with the rows of some documents alone."""
        settings, rows = self.settings, FewBuckets(self.buckets)
        space = FeatureSpace(
            vocabulary, settings.ngrams, settings.stop_words, rows, self.skip
        )
        used, few = of_few_rows(space, documents)
        counts = self.document_counts
        counts = None if counts is None else counts[used]
        model = self._with(self.inputs.rows(used), rows, counts)
        few.weights = model._weights
        model.space = lambda vocabulary: few
        return model

    def scores(self, documents, vocabulary, n_jobs):
        """Return a score for each class; of a tree, logarithms of probabilities."""
        model = self._for(documents, vocabulary)
        return model.scores(documents, vocabulary, n_jobs)

    def means(self, documents, vocabulary, n_jobs):
        """Return the mean of each document's rows: float32 (n, vector_size)."""
        return self._for(documents, vocabulary).means(documents, vocabulary, n_jobs)

    def best(self, documents, vocabulary, n_jobs):
        """Return the number of each document's likeliest class."""
        return self._for(documents, vocabulary).best(documents, vocabulary, n_jobs)

    def subwords(self, n_words):
        """Return the character n-grams, or None if there are none."""
        return self.dense().subwords(n_words)

    def word_vectors(self, words):
        """Return the vector of each word: the mean of its own and its n-grams'."""
        return self.dense().word_vectors(words)

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        size, codes = self.settings.vector_size, self.output_codes
        self.inputs.check("inputs", size)
        if codes is not None:
            codes.check("outputs", size)
            if codes.n_rows != len(self.outputs):
                raise ValueError("outputs have not one code for each row")
        buckets, n_buckets = self.buckets, self.settings.ngrams.n_buckets
        if (
            (buckets.dtype, buckets.ndim) != (np.int32, 1)
            or (np.diff(buckets) <= 0).any()
            or buckets.min(initial=0) < 0
            or buckets.max(initial=-1) >= n_buckets * self.settings.ngrams.wanted
            or self.inputs.n_rows != n_words + 1 + len(buckets)
        ):
            raise ValueError("the buckets of n-grams do not fit the rows")
        nothing = np.empty((0, size), np.float32)
        stand_in = self._with(nothing, self.bucket_rows(), self.document_counts)
        # Views of one number: as many rows as there are codes, without their memory.
        width = stand_in.inputs.shape[1]
        stand_in.inputs = np.broadcast_to(np.float32(0), (self.inputs.n_rows, width))
        stand_in.check(n_words)


def strongest(model, n_words, cutoff):
    """Return a model with the longest rows alone, and the words that are left.

    Parameters
    ----------
    model : SupervisedFastText
        It is not changed.
    n_words : int
        How many words it has.
    cutoff : int
        How many rows to keep, that of the end mark included, which always stays.

    Returns
    -------
    model : SupervisedFastText
        n-grams that were left out do not count.
    words : ndarray of int64
        Rows of the words that are left, in their order.
    """
    if cutoff >= len(model.inputs):
        return model, np.arange(n_words)
    lengths = np.linalg.norm(model.inputs, axis=1)
    lengths[n_words] = np.inf
    kept = np.sort(np.argsort(-lengths, kind="stable")[:cutoff])
    words, ngrams = kept[kept < n_words], kept[kept > n_words]
    places = np.full(len(model.inputs) - n_words - 1, -1, np.int32)
    places[ngrams - n_words - 1] = np.arange(len(ngrams))
    rows = model.bucket_rows.copy()
    rows[rows >= 0] = places[rows[rows >= 0]]
    counts, left = model.document_counts, padded(model.inputs[kept])
    counts = None if counts is None else counts[kept]
    fewer = {"inputs": left, "bucket_rows": rows, "document_counts": counts}
    return replace(model, **fewer, skip=True), words


def quantized(matrix, width, with_norms, seed, has_zeros=False):
    """Return a QuantizedMatrix of a matrix.

    Parameters
    ----------
    matrix : ndarray of shape (n, d), float32
        What to quantise.
    width : int
        Columns of a piece.
    with_norms : bool
        Whether the lengths of rows are quantised apart.
    seed : int
        Of k-means.
    has_zeros : bool, default=False
        Whether the last centroid of each piece is zeros.
    """
    norm_codes = norms = None
    if with_norms:
        lengths = np.linalg.norm(matrix, axis=1)[:, None]
        matrix = matrix / np.where(lengths > 0, lengths, 1)
        norms, norm_codes = _learned(lengths, seed, N_CENTROIDS)
        norms = norms[:, 0]
    n_centroids = N_CENTROIDS - has_zeros
    pieces, codes = [], []
    for first in range(0, matrix.shape[1], width):
        piece = np.ascontiguousarray(matrix[:, first : first + width])
        centroids, code = _learned(piece, seed, n_centroids)
        pieces.append(centroids)
        codes.append(code)
    return QuantizedMatrix(
        np.stack(codes, axis=1), np.hstack(pieces), width, norm_codes, norms
    )


def _learned(points, seed, n_centroids):
    """Return 256 centroids, so many of them learned, and the nearest of each point.

    Zeros take the place of those that are not.
    """
    # Here, since most never quantise.
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    order = np.random.default_rng(seed).permutation(len(points))[:MOST_ROWS]
    found = np.unique(points[order], axis=0)
    if len(found) > n_centroids:
        # Several threads would add up in another order every time.
        with threadpool_limits(1):
            found = (
                KMeans(n_centroids, n_init=1, max_iter=ROUNDS, tol=0, random_state=seed)
                .fit(points[order])
                .cluster_centers_
            )
    centroids = np.zeros((N_CENTROIDS, points.shape[1]), np.float32)
    centroids[: len(found)] = found
    return centroids, cKDTree(centroids).query(points)[1].astype(np.uint8)
