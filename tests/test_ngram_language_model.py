"""Kneser-Ney: against the slow twin, sums to 1, files of ARPA and of our own."""

# SPDX-License-Identifier: BSD-3-Clause

import gzip
import io
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from reference_ngrams import KneserNey
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_embed import NGramCounts, NGramLanguageModel, TokenizedDocuments
from sklearn_embed.io import VectorFileError

WORDS = ["a", "b", "c", "d"]
TEXTS = ["the cat sat", "the dog sat down", "", "a cat and a dog", "a cat sat"] * 3
documents = st.lists(
    st.lists(st.sampled_from([*WORDS, *"aab", "x"]), max_size=9),
    min_size=1,
    max_size=25,
)


def known(texts):
    return [[w if w in WORDS else "<unk>" for w in text] for text in texts]


def fitted(texts, order, **options):
    counts = NGramCounts.from_documents(texts, order=order, vocabulary=WORDS)
    return NGramLanguageModel(order, tokenizer=str.split, **options).fit_counts(counts)


@pytest.mark.filterwarnings("ignore:.*are unknown")
@given(documents, documents, st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_probabilities_are_those_of_the_twin(texts, others, order):
    model, twin = fitted(texts, order), KneserNey(known(texts), order, WORDS)
    assert_allclose(model.discounts_, [twin.discounts[n + 1] for n in range(order)])
    found = model.log_proba(others)
    for values, text in zip(found, known(others), strict=True):
        words = ["<s>", *text, "</s>"]
        expected = [twin.proba(words[n], words[:n]) for n in range(1, len(words))]
        assert_allclose(np.exp(values), expected, rtol=2e-5)


@given(
    documents, st.lists(st.sampled_from([*WORDS, "x"]), max_size=6), st.integers(1, 5)
)
@settings(max_examples=50, deadline=None)
def test_after_any_words_probabilities_sum_to_one(texts, prefix, order):
    model, twin = fitted(texts, order), KneserNey(known(texts), order, WORDS)
    found = dict(model.predict_next(prefix, topn=None))
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    words = ["<s>", *known([prefix])[0]]
    for word in twin.outcomes:
        assert found[word] == pytest.approx(twin.proba(word, words), rel=2e-5)


def test_discounts_of_real_counts_follow_the_paper():
    rng = np.random.default_rng(0)
    texts = [list(np.array(WORDS)[rng.zipf(1.6, 9) % 4]) for _ in range(60)]
    model, twin = fitted(texts, 4), KneserNey(texts, 4, WORDS)
    assert_allclose(model.discounts_[3], twin.discounts[4])
    assert tuple(model.discounts_[3]) != (0.5, 1.0, 1.5)
    assert model.n_ngrams_ == [len(twin.numbers[n]) for n in (1, 2, 3, 4)]


def test_fit_is_counting_and_estimating():
    cut = TokenizedDocuments.from_documents(TEXTS)
    model = NGramLanguageModel(3).fit(TEXTS)
    counts = NGramCounts.from_documents(cut, order=4, min_count=2)
    for other in (
        NGramLanguageModel(3).fit(cut),
        NGramLanguageModel(3, n_jobs=3, max_memory=1).fit(TEXTS),
        NGramLanguageModel(3).fit_counts(counts),
        NGramLanguageModel(3).fit_counts(
            sum(
                NGramCounts.from_documents(cut[i::3], order=3, vocabulary=model.words_)
                for i in range(3)
            )
        ),
    ):
        assert other.words_ == model.words_
        assert_array_equal(other.counts_, model.counts_)
        assert_array_equal(other._model.log_probas, model._model.log_probas)
        assert_array_equal(other._model.log_backoffs, model._model.log_backoffs)
        assert other.n_ngrams_ == model.n_ngrams_


def test_documents_do_not_know_each_other():
    model = NGramLanguageModel(3, min_count=1).fit(TEXTS)
    together = model.log_proba(TEXTS)
    for n_jobs in (1, 2, 3):
        model.set_params(n_jobs=n_jobs)
        alone = [model.log_proba([text])[0] for text in TEXTS]
        assert all(map(np.array_equal, alone, together))
        many = model.log_proba(TEXTS * 20)
        assert all(map(np.array_equal, many, together * 20))


@pytest.mark.parametrize(
    "texts", [[""], ["", ""], ["cat"], ["cat cat cat"], ["?!", "cat dog", ""]]
)
@pytest.mark.parametrize("order", [1, 2, 20])
def test_short_documents(texts, order):
    vocabulary = ["cat", "fish"]
    if not any("cat" in text for text in texts):
        with pytest.raises(ValueError, match="Empty vocabulary"):
            NGramLanguageModel(order, vocabulary=vocabulary).fit(texts)
        return
    model = NGramLanguageModel(order, min_count=1, vocabulary=vocabulary).fit(texts)
    for text in ["", "cat", "zebra", "zebra cat fish cat"]:
        assert np.isfinite(model.score([text]))
        assert sum(p for _, p in model.predict_next(text, None)) == pytest.approx(1)


def test_samples_follow_the_probabilities():
    model = NGramLanguageModel(2, min_count=1).fit(TEXTS)
    rng = np.random.RandomState(0)
    texts = [model.sample("the", 1, random_state=rng) for _ in range(3000)]
    drawn = [(text or ["</s>"])[0] for text in texts]
    expected = dict(model.predict_next("the", topn=None))
    total = 1 - expected.pop("<unk>")
    for word, p in expected.items():
        p /= total
        error = np.sqrt(p * (1 - p) / 3000)
        assert abs(drawn.count(word) / 3000 - p) < 4 * error, word


def test_copies_give_the_same_bits(tmp_path):
    model = NGramLanguageModel(3).fit(TEXTS)
    expected = model.score_samples(TEXTS)
    model.save(tmp_path / "model")
    for twin in (
        pickle.loads(pickle.dumps(model)),
        NGramLanguageModel.load(tmp_path / "model"),
        NGramLanguageModel.load(tmp_path / "model", mmap=True),
        clone(model).fit(TEXTS),
    ):
        assert_array_equal(twin.score_samples(TEXTS), expected)
        assert twin.sample("the", random_state=3) == model.sample("the", random_state=3)
        assert twin.n_ngrams_ == model.n_ngrams_


def test_damaged_models_are_refused(tmp_path):
    model = NGramLanguageModel(3).fit(TEXTS)
    parts = ("words", "children", "log_probas", "log_backoffs")
    rng = np.random.default_rng(0)
    for n in range(40):
        twin = pickle.loads(pickle.dumps(model))
        name = parts[n % 2]
        array = getattr(twin._model, name).copy()
        array[rng.integers(len(array))] = rng.choice([-1, 10**9, 0, 7])
        setattr(twin._model, name, array)
        twin.save(tmp_path / "model")
        try:
            loaded = NGramLanguageModel.load(tmp_path / "model")
        except VectorFileError:
            continue
        loaded.score(TEXTS)  # by chance a model, too
        loaded.predict_next("the cat")
    for name in parts:
        for change in (lambda a: a[:-1], lambda a: a[:, None], lambda a: a * np.nan):
            twin = pickle.loads(pickle.dumps(model))
            setattr(twin._model, name, change(getattr(model._model, name)))
            twin.save(tmp_path / "model")
            with pytest.raises(VectorFileError, match="its parts disagree"):
                NGramLanguageModel.load(tmp_path / "model")


def test_counts_that_are_none_are_named():
    counts = NGramCounts.from_documents(["cat dog"], order=2)
    with pytest.raises(ValueError, match="order=3"):
        NGramLanguageModel(3).fit_counts(counts)
    with pytest.raises(TypeError, match="NGramCounts"):
        NGramLanguageModel(2).fit_counts(5)
    with pytest.raises(ValueError, match="no n-grams"):
        NGramLanguageModel(2).fit_counts(counted_nothing())
    # "b" after "a", but "a" never occurred.
    rows = np.array([[1, 0, 3]], np.int32)
    alone = NGramCounts(["a", "b"], rows, np.array([1]))
    with pytest.raises(ValueError, match="whole documents"):
        NGramLanguageModel(3).fit_counts(alone)
    with pytest.raises(AttributeError, match="partial_fit") as caught:
        NGramLanguageModel().partial_fit(["a"])
    assert "fit_counts" in str(caught.value.__cause__)
    assert not hasattr(NGramLanguageModel(), "partial_fit")
    with pytest.raises(NotFittedError):
        NGramLanguageModel().score(["a"])


def counted_nothing():
    return NGramCounts.from_documents([], order=2, vocabulary=["cat"])


def read_arpa(path):
    """Read an ARPA file as its authors describe it: {n-gram: (log10 p, log10 bow)}."""
    entries = {}
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            proba, _, rest = line.rstrip("\n").partition("\t")
            if rest:
                words, _, factor = rest.partition("\t")
                ngram = tuple(words.split(" "))
                entries[ngram] = float(proba), float(factor or 0)
    return entries


def arpa_log10(entries, word, context):
    """Return log10 p(word | context), backing off."""
    ngram = (*context, word)
    if ngram in entries:
        return entries[ngram][0]
    assert context
    factor = entries.get(tuple(context), (0, 0))[1]
    return factor + arpa_log10(entries, word, context[1:])


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_arpa_files_say_the_same(order, name, tmp_path):
    model = NGramLanguageModel(order).fit(TEXTS)
    model.to_arpa(tmp_path / name)
    entries = read_arpa(tmp_path / name)
    texts = [*TEXTS[:5], "the dog and a zebra cat", "sat sat the"]
    for values, text in zip(model.log_proba(texts), texts, strict=True):
        cut = model.build_analyzer()(text)
        cut = [w if w in model.words_ else "<unk>" for w in cut]
        words = ["<s>", *cut, "</s>"]
        for n, value in enumerate(values, 1):
            context = words[max(0, n - order + 1) : n]
            expected = arpa_log10(entries, words[n], context)
            assert value == pytest.approx(expected * math.log(10), abs=1e-5)
    twin = NGramLanguageModel.from_arpa(tmp_path / name, token_pattern=r"\w\w+")
    assert twin.words_ == model.words_
    assert twin.n_ngrams_[1:] == model.n_ngrams_[1:]
    assert not hasattr(twin, "discounts_")
    assert all(map(np.array_equal, twin.log_proba(texts), model.log_proba(texts)))
    twin.to_arpa(tmp_path / "again.arpa")
    assert read_arpa(tmp_path / "again.arpa") == entries
    twin.save(tmp_path / "model")
    loaded = NGramLanguageModel.load(tmp_path / "model")
    assert_array_equal(loaded.score_samples(texts), model.score_samples(texts))


PRUNED = """
some remark

\\data\\
ngram 1=5
ngram 2=2
ngram 3=1

\\1-grams:
-1.0\ta\t-0.5
-0.7 b
-99\t<s>\t-0.2
-0.6\t</s>
-0.9\tc\t-0.3

\\2-grams:
-0.3\t<s> a\t-0.1
-0.4\ta b\t-0.25

\\3-grams:
-0.2\ta c b

\\end\\
"""


def test_parameters_beside_a_file_are_checked():
    for params, name in (({"order": 2}, "order"), ({"n_jobs": 0.5}, "n_jobs")):
        with pytest.raises(ValueError, match=name):
            NGramLanguageModel.from_arpa(io.BytesIO(PRUNED.encode()), **params)


def test_pruned_arpa_files_back_off():
    """The trigram's ending and its context are no n-grams of the file."""
    model = NGramLanguageModel.from_arpa(io.BytesIO(PRUNED.encode()))
    assert model.order == 3
    assert model.words_ == ["a", "b", "c"]
    (values,) = model.log_proba([["a", "c", "b", "b"]])
    # p(c | <s> a) = bow(<s> a) bow(a) p(c), and so on.
    expected = [-0.3, -0.1 - 0.5 - 0.9, -0.2, -0.7, -0.6]
    assert_allclose(values, np.array(expected) * math.log(10), rtol=1e-6)
    (values,) = model.log_proba([["c", "b", "zebra"]])
    assert_allclose(values[:2], np.array([-0.2 - 0.9, -0.3 - 0.7]) * math.log(10))
    assert values[2] < -200
    assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("\\data\\", "", "no line"),
        ("ngram 1=5", "ngram 1=4", "promised"),
        ("ngram 3=1", "ngram 3=999999999999", "promised"),
        ("ngram 2=2", "ngram 7=2", "is not 'ngram 2"),
        ("ngram 1=5\nngram 2=2\nngram 3=1\n", "", "up to 0 words"),
        ("\\2-grams:", "\\3-grams:", "missing"),
        ("\\end\\", "", "missing"),
        ("-0.4\ta b", "-0.4\ta zebra", "not among the words"),
        ("-0.4\ta b", "nan\ta b", "out of range"),
        ("-0.4\ta b", "0.4\ta b", "out of range"),
        ("-0.4\ta b", "x\ta b", "no number"),
        ("-0.4\ta b\t-0.25", "-0.4\ta b\tinf", "out of range"),
        ("-0.4\ta b\t-0.25", "-0.4\ta b\t1\t2", "no n-gram of 2"),
        ("-0.4\ta b", "-0.4\t<s> a", "twice"),
        ("-0.4\ta b", "-0.4\t</s> a", "wrong place"),
        ("-0.4\ta b", "-0.4\ta <s>", "wrong place"),
        ("-0.7 b", "-0.7 a", "twice"),
        ("some remark", "x" * 2**21, "longer than"),
    ],
)
def test_damaged_arpa_files_are_refused(old, new, problem):
    assert old in PRUNED
    file = io.BytesIO(PRUNED.replace(old, new, 1).encode())
    with pytest.raises(VectorFileError, match=problem):
        NGramLanguageModel.from_arpa(file)


def test_arpa_files_of_any_bytes_are_read_or_refused(tmp_path):
    model = NGramLanguageModel(2).fit(TEXTS)
    model.to_arpa(tmp_path / "model.arpa")
    data = (tmp_path / "model.arpa").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(200):
        wrong = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            wrong[place] = rng.choice(np.frombuffer(b"\n\t \\x-9.\xff\0", np.uint8))
        try:
            found = NGramLanguageModel.from_arpa(io.BytesIO(bytes(wrong)))
        except VectorFileError:
            continue
        assert np.isfinite(found.score(TEXTS[:3]))


def test_words_that_lines_cannot_hold_are_not_written(tmp_path):
    (tmp_path / "model.arpa").write_text("old")
    model = NGramLanguageModel(2, min_count=1).fit([["new york", "city"]])
    with pytest.raises(ValueError, match="'new york'"):
        model.to_arpa(tmp_path / "model.arpa")
    assert (tmp_path / "model.arpa").read_text() == "old"
    with pytest.raises(NotFittedError):
        NGramLanguageModel().to_arpa(tmp_path / "model.arpa")


def test_characters_make_a_model_too():
    model = NGramLanguageModel(4, analyzer="char", ngram_range=(1, 1)).fit(TEXTS)
    assert "".join(model.sample("the c", 2, temperature=0)) == "at"
