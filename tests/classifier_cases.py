"""Documents, features, matrices and passes for tests of the classifier's kernels."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import reference_fasttext as reference

from sklearn_embed._core.arrays import aligned_zeros, padded_width, readonly
from sklearn_embed._models.features import FeatureSpace
from sklearn_embed._models.kernels.classifier import (
    ClassifierPass,
    flat_matrices,
    new_buffers,
    train_documents,
)
from sklearn_embed._models.kernels.classifier_loss import make_loss
from sklearn_embed._models.kernels.sampling import Tree, draw_pool, huffman_tree
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.vocabulary import Vocabulary

LOSSES = ["softmax", "hierarchical_softmax", "negative_sampling", "one_vs_all"]
every_loss = pytest.mark.parametrize("loss", LOSSES)
WORDS = ["cat", "dog", "мир", "sat", "the"]
N_CLASSES, N_BUCKETS = 5, 97


def make_documents(seed=0, n=30):
    rng = np.random.default_rng(seed)
    words = [*WORDS, "unknown", "stop"]
    return [rng.choice(words, rng.integers(0, 9)).tolist() for _ in range(n)]


def make_space(texts, ngrams):
    documents = TokenizedDocuments.from_documents(texts)
    space = FeatureSpace.learn(Vocabulary(WORDS), ngrams, ["stop"], documents)
    return space, documents


def slow_features(tokens, ngrams, space):
    """Rows of words, mark and word n-grams; None for what has no row."""
    return [row for row, _ in slow_kinds(tokens, ngrams, space)]


def slow_kinds(tokens, ngrams, space):
    """The same, each with whether it is an n-gram of characters."""
    tokens = [token for token in tokens if token != "stop"]
    place = {bucket: row for bucket, row in enumerate(space.bucket_rows) if row >= 0}
    rows = []

    def row_of(bucket):
        return len(WORDS) + 1 + place[bucket] if bucket in place else None

    for token in tokens:
        rows += [(WORDS.index(token), False)] if token in WORDS else []
        for gram in reference.ngrams(token, ngrams.min_n, ngrams.max_n):
            rows.append((row_of(reference.fnv(gram) % N_BUCKETS), True))
    rows.append((len(WORDS), False))
    codes = [reference.fnv(token) for token in [*tokens, "</s>"]]
    for bucket in reference.word_ngram_buckets(codes, ngrams.word_ngrams, N_BUCKETS):
        rows.append((row_of(bucket), False))
    return rows


def make_matrices(n_inputs, n_outputs, width=20, seed=0):
    rng = np.random.default_rng(seed)
    matrices = []
    for n in (n_inputs, n_outputs):
        matrix = aligned_zeros((n, padded_width(width)))
        matrix[:, :width] = rng.normal(size=(n, width))
        matrices.append(matrix)
    return matrices


def make_labels(n, several, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 4, n) if several else np.ones(n, int)
    labels = [rng.choice(N_CLASSES, size, replace=False) for size in sizes]
    return np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(labels), labels


def make_tree(counts=(9, 1, 5, 5, 30)):
    return Tree(*map(readonly, huffman_tree(np.array(counts))))


def make_pool():
    counts = np.array([9, 1, 5, 5, 30])
    return readonly(draw_pool(counts, 0.5, np.random.default_rng(0)))


def make_pass(order, n_planned, learn=True, alpha=0.0):
    rates = 0.3 * (1 - np.arange(0, len(order), 16) / n_planned)
    before = np.cumsum(np.concatenate([[0.0], alpha * 16 * rates]))[:-1]
    return ClassifierPass(
        readonly(order), np.uint64(7), learn, 0.3, 0.0, 0.0, float(n_planned),
        readonly(np.exp(-before), np.float32), np.float32(1),
    )  # fmt: skip


def train(loss, labelled, space, matrices, order, cuts=None, learn=True, negative=3):
    inputs, outputs = (aligned_zeros(matrix.shape) for matrix in matrices)
    inputs[:], outputs[:] = matrices
    n = len(labelled)
    run = make_pass(order, n + 5, learn)
    batch = space.arrays(labelled.documents)
    targets = labelled.targets._replace(unlabelled=loss == "one_vs_all")
    judged = make_loss(loss, negative, make_pool(), make_tree())
    fixed = batch, targets, run, judged, flat_matrices(inputs, outputs, True)
    total, terms = 0.0, 0
    for first, last in pairwise([0, n] if cuts is None else cuts):
        buffers = new_buffers(batch, outputs, judged)
        one, more = train_documents(*fixed, buffers, first, last)
        total, terms = total + one, terms + more
    return inputs, outputs, total, terms
