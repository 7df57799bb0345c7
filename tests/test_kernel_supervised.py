"""The text classifier's kernels against their slow twins."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import reference_fasttext as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from reference_word2vec import hash64

from sklearn_embed._core.arrays import aligned_zeros, padded_width, readonly
from sklearn_embed._models.classifier import FeatureSpace, Labelled, Ngrams
from sklearn_embed._models.kernels.classifier import make_epoch, score_documents
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
    tokens = [token for token in tokens if token != "stop"]
    place = {bucket: row for bucket, row in enumerate(space.bucket_rows) if row >= 0}
    rows = []

    def row_of(bucket):
        return len(WORDS) + 1 + place[bucket] if bucket in place else None

    for token in tokens:
        rows += [WORDS.index(token)] if token in WORDS else []
        for gram in reference.ngrams(token, ngrams.min_n, ngrams.max_n):
            rows.append(row_of(reference.fnv(gram) % N_BUCKETS))
    rows.append(len(WORDS))
    codes = [reference.fnv(token) for token in [*tokens, "</s>"]]
    for bucket in reference.word_ngram_buckets(codes, ngrams.word_ngrams, N_BUCKETS):
        rows.append(row_of(bucket))
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


def make_guide(loss):
    counts = np.array([9, 1, 5, 5, 30])
    if loss == "hierarchical_softmax":
        return Tree(*map(readonly, huffman_tree(counts)))
    if loss == "negative_sampling":
        return readonly(draw_pool(counts, 0.5, np.random.default_rng(0)))
    return None


def train(loss, labelled, space, matrices, order, cuts=None, learn=True):
    inputs, outputs = (aligned_zeros(matrix.shape) for matrix in matrices)
    inputs[:], outputs[:] = matrices
    n = len(labelled)
    plan = space.plan(
        learn=learn, seed=np.uint64(7), rate=0.3, min_rate=0.0, planned=float(n + 5)
    )
    arrays, total, terms = space.arrays(labelled.documents), 0.0, 0
    for first, last in pairwise([0, n] if cuts is None else cuts):
        one, more = make_epoch(loss, 3)(
            arrays, labelled.targets, plan, readonly(order), first, last, inputs,
            outputs, make_guide(loss),
        )  # fmt: skip
        total, terms = total + one, terms + more
    return inputs, outputs, total, terms


@every_loss
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    "ngrams", [Ngrams(1, 0, 0, N_BUCKETS), Ngrams(3, 2, 3, N_BUCKETS)]
)
def test_an_epoch_equals_its_twin(loss, several, ngrams):
    texts = make_documents()
    space, documents = make_space(texts[:20], ngrams)
    documents = TokenizedDocuments.from_documents(texts)
    n = len(texts)
    offsets, flat, labels = make_labels(n, several)
    weights = np.random.default_rng(1).uniform(0, 2, n)
    weights[3] = 0
    labelled = Labelled(documents, offsets, flat, weights)
    n_outputs = N_CLASSES - (loss == "hierarchical_softmax")
    matrices = make_matrices(space.n_rows, n_outputs)
    order = np.random.default_rng(2).permutation(n)
    inputs, outputs, total, terms = train(loss, labelled, space, matrices, order)
    slow_in, slow_out = (matrix.astype(float) for matrix in matrices)
    slow_total, slow_terms, guide = 0.0, 0, make_guide(loss)
    for at, s in enumerate(order):
        if labelled.targets.weights[s] == 0:
            continue
        if len(labels[s]) == 0 and loss != "one_vs_all":
            continue
        bits = hash64(7, at)
        chosen, drawn = labels[s], ()
        if loss != "one_vs_all":
            chosen = [labels[s][(bits >> 32) * len(labels[s]) >> 32]]
        if loss == "negative_sampling":
            drawn = [guide[hash64(bits, o) & (len(guide) - 1)] for o in range(3)]
        rows = slow_features(texts[s], ngrams, space)
        there = [row for row in rows if row is not None]
        hidden = slow_in[there].sum(axis=0) / len(rows)
        # Output rows that come more than once are trained one after the other.
        rate = 0.3 * (1 - at // 16 * 16 / (n + 5)) * labelled.targets.weights[s]
        cost, change = slow_step(loss, hidden, slow_out, chosen, drawn, guide, rate)
        np.add.at(slow_in, there, change / len(rows))
        slow_total += cost * labelled.targets.weights[s]
        slow_terms += 1
    assert terms == slow_terms
    assert_allclose(total, slow_total, rtol=1e-4)
    assert_allclose(inputs, slow_in, atol=2e-5)
    assert_allclose(outputs, slow_out, atol=2e-5)


def slow_step(loss, hidden, outputs, labels, drawn, tree, rate):
    """Descend; a class drawn twice meets the row that it has moved already."""
    if loss != "negative_sampling":
        cost, change, slopes = reference.document_loss(
            loss, hidden, outputs, labels, tree=tree
        )
        outputs -= rate * slopes
        return cost, -rate * change
    total, moved = 0.0, 0.0
    for c in [labels[0], *drawn]:
        if total and c == labels[0]:
            continue
        truth = not total
        f = outputs[c] @ hidden
        slope = reference.sigmoid(f) - truth
        total -= np.log(reference.sigmoid(f if truth else -f))
        moved = moved - rate * slope * outputs[c]
        outputs[c] -= rate * slope * hidden
    return total, moved


@every_loss
def test_slopes_of_the_twin_are_finite_differences(loss):
    rng = np.random.default_rng(0)
    hidden, outputs = rng.normal(size=4), rng.normal(size=(N_CLASSES, 4))
    guide = make_guide(loss)
    arguments = ([2, 4] if loss == "one_vs_all" else [2], [0, 3, 2, 3], guide)
    _, change, slopes = reference.document_loss(loss, hidden, outputs, *arguments)

    def cost(vector, matrix):
        return reference.document_loss(loss, vector, matrix, *arguments)[0]

    step = 1e-6
    for d in range(4):
        more, less = hidden.copy(), hidden.copy()
        more[d], less[d] = more[d] + step, less[d] - step
        difference = (cost(more, outputs) - cost(less, outputs)) / (2 * step)
        assert_allclose(change[d], difference, atol=1e-7)
    for place in np.ndindex(outputs.shape):
        more, less = outputs.copy(), outputs.copy()
        more[place], less[place] = more[place] + step, less[place] - step
        difference = (cost(hidden, more) - cost(hidden, less)) / (2 * step)
        assert_allclose(slopes[place], difference, atol=1e-7)


@every_loss
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_any_cut_trains_the_same_bits_and_measuring_changes_nothing(loss, data):
    n = data.draw(st.integers(1, 40))
    ngrams = Ngrams(2, 3, 4, N_BUCKETS)
    space, documents = make_space(make_documents(n, n), ngrams)
    offsets, flat, _ = make_labels(n, loss == "one_vs_all")
    labelled = Labelled(documents, offsets, flat, np.ones(n))
    matrices = make_matrices(
        space.n_rows, N_CLASSES - (loss == "hierarchical_softmax"), 3
    )
    places = sorted(data.draw(st.lists(st.integers(0, n), max_size=5)))
    whole = train(loss, labelled, space, matrices, np.arange(n))
    parts = train(loss, labelled, space, matrices, np.arange(n), [0, *places, n])
    assert_array_equal(whole[0], parts[0])
    assert_array_equal(whole[1], parts[1])
    assert_allclose(whole[2:], parts[2:], rtol=1e-12)
    still = train(loss, labelled, space, matrices, np.arange(n), learn=False)
    assert_array_equal(still[0], matrices[0])
    assert_array_equal(still[1], matrices[1])
    assert np.isfinite(still[2])
    assert not whole[0][:, 3:].any()  # the padding stays zero


def test_scores_are_products_with_the_mean():
    texts = [*make_documents(), ["cat"] * 700]  # longer than the kernel's first room
    ngrams = Ngrams(2, 2, 3, N_BUCKETS)
    space, _ = make_space(texts[:10], ngrams)
    documents = TokenizedDocuments.from_documents(texts)
    inputs, outputs = make_matrices(space.n_rows, N_CLASSES, 20)
    found = np.empty((len(texts), N_CLASSES), np.float32)
    score_documents(
        space.arrays(documents), space.plan(), 0, len(texts), readonly(inputs),
        readonly(outputs), found,
    )  # fmt: skip
    for tokens, scores in zip(texts, found, strict=True):
        rows = slow_features(tokens, ngrams, space)
        there = [row for row in rows if row is not None]
        hidden = inputs[there].astype(float).sum(axis=0) / len(rows)
        assert_allclose(scores, outputs @ hidden, atol=2e-5)


def test_words_that_touch_the_buckets_alone_have_rows():
    texts = [["cat", "dog"], ["dog", "stop", "мир"]]
    ngrams = Ngrams(2, 0, 0, N_BUCKETS)
    space, documents = make_space(texts, ngrams)
    spelled = [("cat", "dog"), ("dog", "</s>"), ("dog", "мир"), ("мир", "</s>")]
    buckets = {
        reference.word_ngram_buckets(
            [reference.fnv(a), reference.fnv(b)], 2, N_BUCKETS
        )[0]
        for a, b in spelled
    }
    assert set(np.flatnonzero(space.bucket_rows >= 0)) == buckets
    more = FeatureSpace.learn(
        Vocabulary(WORDS), ngrams, None, documents[:1], space.bucket_rows
    )
    assert_array_equal(more.bucket_rows >= 0, space.bucket_rows >= 0)


@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_the_listed_ngrams_are_those_of_each_document(data):
    texts = make_documents(data.draw(st.integers(0, 9)), 12)
    longest = data.draw(st.integers(1, 5))
    space, documents = make_space(texts[:6], Ngrams(longest, 0, 0, N_BUCKETS))
    documents = TokenizedDocuments.from_documents(texts)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=12, max_size=12)))
    arrays = space.arrays(documents[mask])
    chosen = [text for text, is_in in zip(texts, mask, strict=True) if is_in]
    for tokens, (start, stop) in zip(
        chosen, pairwise(arrays.ngram_offsets), strict=True
    ):
        expected = slow_features(tokens, space.ngrams, space)
        n_singles = sum(token in WORDS for token in tokens) + 1
        expected = [-1 if row is None else row for row in expected[n_singles:]]
        assert arrays.ngram_rows[start:stop].tolist() == expected
