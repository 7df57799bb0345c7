"""The text classifier's kernels against their slow twins in float64."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
import pytest
import reference_fasttext as reference
from classifier_cases import (
    N_BUCKETS,
    N_CLASSES,
    WORDS,
    every_loss,
    make_documents,
    make_labels,
    make_matrices,
    make_pass,
    make_pool,
    make_space,
    make_tree,
    slow_features,
    slow_kinds,
    train,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from reference_word2vec import hash64

from sklearn_embed._core.arrays import aligned_zeros, readonly
from sklearn_embed._core.compile import kernel
from sklearn_embed._models.features import FeatureSpace, Labelled, Ngrams
from sklearn_embed._models.kernels.classifier import (
    flat_matrices,
    new_buffers,
    score_documents,
    train_documents,
)
from sklearn_embed._models.kernels.classifier_loss import make_loss, sum_in_order
from sklearn_embed._models.kernels.feature_weights import Weights
from sklearn_embed._models.weighting import Weighting, list_features
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.vocabulary import Vocabulary


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
    slow_total, slow_terms, pool = 0.0, 0, make_pool()
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
            drawn = [pool[hash64(bits, o) & (len(pool) - 1)] for o in range(3)]
        rows = slow_features(texts[s], ngrams, space)
        there = [row for row in rows if row is not None]
        hidden = slow_in[there].sum(axis=0) / len(rows)
        # Output rows that come more than once are trained one after the other.
        rate = 0.3 * (1 - at // 16 * 16 / (n + 5)) * labelled.targets.weights[s]
        cost, change = slow_step(loss, hidden, slow_out, chosen, drawn, rate)
        np.add.at(slow_in, there, change / len(rows))
        slow_total += cost * labelled.targets.weights[s]
        slow_terms += 1
    assert terms == slow_terms
    assert_allclose(total, slow_total, rtol=1e-4)
    assert_allclose(inputs, slow_in, atol=2e-5)
    assert_allclose(outputs, slow_out, atol=2e-5)


def weigh(batch, n_rows, normalization, outside=None):
    """A batch, and the weights of its features by the number of its documents."""
    documents = np.zeros(n_rows, np.int64)
    lists = list_features(batch, n_rows, None, documents)
    how = Weighting(normalization, documents, len(batch.starts))
    return lists.weighted(how.for_kernels(), outside), documents


@every_loss
@pytest.mark.parametrize("normalization", ["l1", "l2"])
@pytest.mark.parametrize("held", [None, 0, 1])
def test_weighted_documents_with_a_penalty_equal_their_twin(loss, normalization, held):
    texts, ngrams, alpha = make_documents(), Ngrams(3, 2, 3, N_BUCKETS), 0.02
    space, documents = make_space(texts, ngrams)
    n, n_rows = len(texts), space.n_rows
    labels = np.random.default_rng(3).integers(0, N_CLASSES, n)
    labelled = Labelled(documents, np.arange(n + 1), labels, np.ones(n))
    outside = None if held is None else np.arange(n_rows) % 3 == 0
    batch, _ = weigh(space.arrays(documents), n_rows, normalization, outside)
    matrices = make_matrices(n_rows, N_CLASSES - (loss == "hierarchical_softmax"))
    inputs, outputs = (aligned_zeros(matrix.shape) for matrix in matrices)
    inputs[:], outputs[:] = matrices
    order = np.random.default_rng(2).permutation(n)
    run = make_pass(order, n + 5, alpha=alpha)._replace(held=np.float32(held or 0))
    judged = make_loss(loss, 3, make_pool(), make_tree())
    fixed = batch, labelled.targets, run, judged, flat_matrices(inputs, outputs, True)
    total, terms = train_documents(*fixed, new_buffers(batch, outputs, judged), 0, n)
    slow_in, slow_out = (matrix.astype(float) for matrix in matrices)
    slow_total, pool, free = 0.0, make_pool(), np.ones(n_rows, bool)
    free[outside if held is not None else []] = False
    features = [slow_kinds(tokens, ngrams, space) for tokens in texts]
    counts = np.zeros(n_rows)
    for some in features:
        for row, _ in set(some):
            counts[row] += 1
    idf = np.maximum(np.log((1 + n) / (1 + counts)) + 1, 1)
    for at, s in enumerate(order):
        rate = 0.3 * (1 - at // 16 * 16 / (n + 5))
        if at and at % 16 == 0:
            shrunk = np.exp(-alpha * 16 * 0.3 * (1 - (at - 16) / (n + 5)))
            slow_in[free] *= shrunk
            slow_out *= shrunk
        pairs = reference.feature_weights(features[s], idf, normalization == "l2")
        assert_allclose(sum(w**2 if normalization == "l2" else w for _, w in pairs), 1)
        hidden = sum(weight * slow_in[row] for row, weight in pairs)
        bits, drawn = hash64(7, at), ()
        if loss == "negative_sampling":
            drawn = [pool[hash64(bits, o) & (len(pool) - 1)] for o in range(3)]
        cost, change = slow_step(loss, hidden, slow_out, [labels[s]], drawn, rate)
        for row, weight in pairs:
            slow_in[row] += weight * change * (free[row] or held)
        slow_total += cost
    scale = run.scales[-1]
    inputs[free] *= scale
    outputs *= scale
    assert terms == n
    assert_allclose(total, slow_total, rtol=1e-4)
    assert_allclose(inputs, slow_in, atol=5e-5)
    assert_allclose(outputs, slow_out, atol=5e-5)


@pytest.mark.parametrize("unit", [False, True])
def test_slopes_of_weighted_rows_are_finite_differences(unit):
    rng = np.random.default_rng(0)
    features = [(0, False), (1, True), (0, False), (2, False), (1, True), (3, True)]
    pairs = reference.feature_weights(features, rng.uniform(1, 3, 4), unit)
    inputs, outputs = rng.normal(size=(4, 3)), rng.normal(size=(N_CLASSES, 3))

    def cost(matrix):
        hidden = sum(weight * matrix[row] for row, weight in pairs)
        return reference.document_loss("softmax", hidden, outputs, [2])

    _, change, _ = cost(inputs)
    for row, weight in pairs:
        for d in range(3):
            more, less = inputs.copy(), inputs.copy()
            more[row, d], less[row, d] = more[row, d] + 1e-6, less[row, d] - 1e-6
            difference = (cost(more)[0] - cost(less)[0]) / 2e-6
            assert_allclose(weight * change[d], difference, atol=1e-7)


@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_features_are_listed_once_whatever_the_cut(data):
    texts = make_documents(data.draw(st.integers(0, 9)), 12)
    ngrams = Ngrams(data.draw(st.integers(1, 3)), 2, data.draw(st.integers(0, 3)), 97)
    if ngrams.max_n < 2:
        ngrams = ngrams._replace(min_n=0, max_n=0)
    space, _ = make_space(texts[:6], ngrams)
    documents = TokenizedDocuments.from_documents(texts)
    first = data.draw(st.integers(0, 12))
    last = data.draw(st.integers(first, 12))
    batch, n_rows = space.arrays(documents), space.n_rows
    counts = np.zeros(n_rows, np.int64)
    lists = list_features(batch, n_rows, (first, last), counts)
    seen = np.arange(n_rows, 0, -1) // 3
    how = Weights(readonly(seen), 50.0, False, 1.0)
    per_row = np.log(51 / (1 + seen)) + 1
    expected_counts = np.zeros(n_rows, np.int64)
    missing = lists.missing.tolist()
    found = lists.weighted(how)
    for s in range(first, last):
        features = slow_kinds(texts[s], ngrams, space)
        for row, _ in set(features) - {(None, True), (None, False)}:
            expected_counts[row] += 1
        assert missing[s - first] == sum(row is None for row, _ in features)
        pairs = reference.feature_weights(features, per_row, False, 1.0)
        part = slice(*found.offsets[s - first : s - first + 2])
        assert_array_equal(found.rows[part], [row for row, _ in pairs])
        assert_allclose(found.weights[part], [w for _, w in pairs], rtol=1e-6)
    assert_array_equal(counts, expected_counts)


def slow_step(loss, hidden, outputs, labels, drawn, rate):
    """Descend; a class drawn twice meets the row that it has moved already."""
    if loss != "negative_sampling":
        cost, change, slopes = reference.document_loss(
            loss, hidden, outputs, labels, tree=make_tree()
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
    arguments = ([2, 4] if loss == "one_vs_all" else [2], [0, 3, 2, 3], make_tree())
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
    texts = [*make_documents(), ["cat"] * 700]  # as long as all others together
    ngrams = Ngrams(2, 2, 3, N_BUCKETS)
    space, _ = make_space(texts[:10], ngrams)
    documents = TokenizedDocuments.from_documents(texts)
    inputs, outputs = make_matrices(space.n_rows, N_CLASSES, 20)
    found = np.empty((len(texts), N_CLASSES), np.float32)
    batch, views = space.arrays(documents), flat_matrices(inputs, outputs, False)
    buffers = new_buffers(batch, outputs)
    for first, last in pairwise([0, 7, len(texts)]):
        score_documents(batch, views, buffers, first, last, found[first:last])
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


@pytest.mark.parametrize("loss", ["softmax", "one_vs_all"])
def test_the_number_of_classes_may_be_any(loss):
    """Sums of many shares, in the same order whatever compiled them."""
    texts = make_documents(3, 40)
    space, documents = make_space(texts, Ngrams(1, 0, 0, N_BUCKETS))
    rng = np.random.default_rng(4)
    for n_classes in (2, 15, 16, 17, 100):
        labels = rng.integers(0, n_classes, 40)
        labelled = Labelled(documents, np.arange(41), labels, np.ones(40))
        matrices = make_matrices(space.n_rows, n_classes)
        inputs, outputs, total, _ = train(
            loss, labelled, space, matrices, np.arange(40)
        )
        slow_in, slow_out = (matrix.astype(float) for matrix in matrices)
        slow_total = 0.0
        for at, label in enumerate(labels):
            rows = slow_features(texts[at], space.ngrams, space)
            hidden = slow_in[rows].sum(axis=0) / len(rows)
            rate = 0.3 * (1 - at // 16 * 16 / 45)
            cost, change = slow_step(loss, hidden, slow_out, [label], (), rate)
            np.add.at(slow_in, rows, change / len(rows))
            slow_total += cost
        assert_allclose(total, slow_total, rtol=1e-4)
        assert_allclose(inputs, slow_in, atol=5e-5)
        assert_allclose(outputs, slow_out, atol=5e-5)


def test_the_number_of_drawn_classes_compiles_nothing():
    space, documents = make_space(make_documents(), Ngrams(1, 0, 0, N_BUCKETS))
    offsets, flat, _ = make_labels(30, False)
    labelled = Labelled(documents, offsets, flat, np.ones(30))
    arguments = labelled, space, make_matrices(space.n_rows, N_CLASSES), np.arange(30)
    train("negative_sampling", *arguments)
    before = len(train_documents.signatures)
    losses = [train("negative_sampling", *arguments, negative=k)[2] for k in (1, 5, 9)]
    train("one_vs_all", *arguments)
    assert len(train_documents.signatures) == before
    assert losses == sorted(losses)  # more classes are judged


@kernel
def add_up(numbers):
    return sum_in_order(numbers)


@given(st.lists(st.integers(0, 50), max_size=70))
@settings(deadline=None)
def test_numbers_are_added_sixteen_at_a_time(values):
    numbers = np.array(values, np.float32) / np.float32(7)
    expected = np.float32(0)
    for first in range(0, len(numbers), 16):
        part = np.float32(0)
        for number in numbers[first : first + 16]:
            part += number
        expected += part
    assert add_up(numbers) == expected
